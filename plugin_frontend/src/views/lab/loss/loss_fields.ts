import * as fields from "../../../state/fields.ts";

export const LOSS_FIELDS = {
  /** The class, or group of pixels, that is moved and whose derivatives are told; null: the true one. */
  lossRow: fields.optionalInteger(0, 1_000_000),
  /** What was moved by hand, as `image|row:logit;row:logit`. It holds for that image alone. */
  moved: fields.text(),
} as const;
