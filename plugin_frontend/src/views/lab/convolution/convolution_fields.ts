import * as fields from "../../../state/fields.ts";

/** Settings of the convolution, changed by hand; what is left alone is the layer's own. Their names must not be those of pooling's. */
export const CONVOLUTION_FIELDS = {
  /** Path of the layer for which size, stride, padding and dilation were chosen: on another one they do not hold. */
  chosenFor: fields.name(),
  /** Rings that the kernel is padded with, or, below zero, cropped by: 1 makes 3×3 into 5×5. */
  grow: fields.integer(0, -15, 15),
  convolutionStride: fields.optionalInteger(1, 8),
  convolutionPadding: fields.choice("own", "valid", "same"),
  dilation: fields.optionalInteger(1, 8),
  /** Weights changed by hand: see edits.ts. */
  edits: fields.text(),
  /** Order of the channels in the list of products. */
  order: fields.choice("share", "channel"),
  /** The input channel that is drawn large; null: the one of the largest weights. */
  inputChannel: fields.optionalInteger(0, 100_000),
} as const;
