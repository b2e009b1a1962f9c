/** What a quantity is called, and what it is. */
import { formatCount } from "../../math/format.ts";
import type { Quantity } from "../../math/gradient_norms.ts";
import type { Unusual } from "./norm_panels.ts";

export interface QuantityWords {
  readonly title: string;
  readonly subtitle: string;
  readonly badges: readonly string[];
}

export const QUANTITY_WORDS: Readonly<Record<Quantity, QuantityWords>> = {
  gradient: {
    title: "Gradient norm", subtitle: "received, before clipping", badges: ["training batch", "exact", "before clipping"],
  },
  update: { title: "Update norm", subtitle: "what was added to the weights", badges: ["training batch", "exact", "applied"] },
  ratio: {
    title: "Update / weight", subtitle: "norm of the update over that of the weights", badges: ["training batch", "exact", "applied"],
  },
};

/** "134 steps", or how many of them are here. */
export function stepsText(steps: number, thinned: { points: number; of: number } | null): string {
  return thinned ? `${formatCount(thinned.points)} of ${formatCount(thinned.of)} steps, extremes kept` : `${formatCount(steps)} ${steps === 1 ? "step" : "steps"}`;
}

/** "Of 804 norms 3 are zero (black) and 2 NaN (magenta)."; empty where all are plain numbers. */
export function unusualText({ count, zero, nan, inf }: Unusual, quantity: Quantity, difference: boolean): string {
  const why = difference ? ": one of the two is zero or infinite" : quantity === "ratio" ? ": weights that are zero before the update" : "";
  const parts = [
    zero ? `${formatCount(zero)} zero (black)` : "",
    nan ? `${formatCount(nan)} NaN (magenta)` : "",
    inf ? `${formatCount(inf)} infinite (violet${why})` : "",
  ].filter(Boolean);
  return parts.length ? `Of ${formatCount(count)} ${difference ? "ratios" : "norms"}: ${parts.join(", ")}.` : "";
}
