import { IDS } from "../../../math/optimizer_ids.ts";
import * as fields from "../../../state/fields.ts";

export const OPTIMIZER_FIELDS = {
  /** The one whose state and formula are shown; own: the run's. */
  optimizer: fields.choice("own", ...IDS),
  /** Path of the variable; of another layer the one of that name is taken, else the first. */
  optimizerVariable: fields.name(),
  /** Flat index of the weight in the variable; null: the one that moved most. */
  optimizerWeight: fields.optionalInteger(),
  /** What the axis of the weight's values fits: all steps, or those that are exact. */
  optimizerValues: fields.choice("all", "exact"),
  /** Settings by hand: "adam.rate=0.01;adam.beta_1=0.8". */
  optimizerHand: fields.text(),
} as const;
