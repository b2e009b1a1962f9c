import * as fields from "../../state/fields.ts";
import type { ValuesOf } from "../../state/fields.ts";

/** What the Gradients view keeps in the URL. */
export const GRADIENT_FIELDS = {
  quantity: fields.choice("gradient", "update", "ratio", "error", "zeros", "saturated", "slope"),
  rows: fields.choice("layer", "variable"),
  /** Where a run B is chosen. */
  show: fields.choice("both", "a", "difference"),
  /** The variable of the layer whose histogram is shown, by the end of its path, such as "kernel"; empty: the first. */
  variable: fields.text(),
} as const;

/** What the heatmap shows of a layer: of its variables, or of what goes through it. */
export type Shown = "gradient" | "update" | "ratio" | PlaceQuantity;
export type PlaceQuantity = "error" | "zeros" | "saturated" | "slope";

export type GradientOptions = ValuesOf<typeof GRADIENT_FIELDS>;
