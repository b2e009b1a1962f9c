import * as fields from "../../../state/fields.ts";

/** Settings of pooling, changed by hand; what is left alone is the layer's own. */
export const POOLING_FIELDS = {
  /** Cells of the window on each axis. */
  window: fields.optionalInteger(1, 9),
  stride: fields.optionalInteger(1, 9),
  padding: fields.choice("own", "valid", "same"),
} as const;
