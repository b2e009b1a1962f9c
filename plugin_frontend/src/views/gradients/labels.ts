/** What a quantity is called, and what it is. */
import { formatCount } from "../../math/format.ts";
import type { Shown } from "./fields.ts";
import type { Unusual } from "./norm_panels.ts";

export interface QuantityWords {
  readonly title: string;
  readonly subtitle: string;
  readonly badges: readonly string[];
  /** Instead of the view's. */
  readonly howToRead?: string;
}

export const QUANTITY_WORDS: Readonly<Record<Shown, QuantityWords>> = {
  gradient: { title: "Gradient norm", subtitle: "as received", badges: ["training batch", "exact", "before clipping"] },
  update: {
    title: "Update norm",
    subtitle: "what was added to the weights",
    badges: ["training batch", "exact", "applied"],
  },
  ratio: {
    title: "Update / weight",
    subtitle: "norm of the update over that of the weights",
    badges: ["training batch", "exact", "applied"],
  },
  error: {
    title: "Backpropagated error",
    subtitle: "norm of ∂loss/∂z before the activation",
    badges: ["labelled probe", "exact"],
    howToRead:
      "Rows of one brightness: the error comes back through all layers with the same size. Rows that grow darker towards the " +
      "first layer: slopes and weights shrink it on the way, before any weight’s own gradient is made of it.",
  },
  zeros: {
    title: "Zeros after activation",
    subtitle: "share of exact zeros",
    badges: ["training batch", "exact"],
    howToRead:
      "A ReLU that gives zero lets no gradient back there. A row that turns bright and stays so: units of that layer die.",
  },
  saturated: {
    title: "Saturated",
    subtitle: "slope below 0.05",
    badges: ["training batch", "exact"],
    howToRead:
      "Where an activation is saturated its slope is below 0.05, and hardly any gradient comes back. A bright row is a layer that " +
      "holds back those before it.",
  },
  slope: {
    title: "Slope of the activation",
    subtitle: "root mean square of f′",
    badges: ["training batch", "exact"],
    howToRead:
      "On its way back an error is multiplied by each activation’s slope. A sigmoid passes at most ¼, so eight in a row leave " +
      "0.00002 or less; a ReLU passes all or nothing. A row that turns dark: that layer begins to hold the error back.",
  },
};

/** Why a picture has no rows. */
export const NO_ROWS: Readonly<Partial<Record<Shown, string>>> = {
  saturated:
    "No layer of this network has a bound below which it is called saturated. A ReLU’s zeros stand under Zeros.",
  slope:
    "No layer of this log has an activation whose slope is recorded: logs of older versions have none, nor have softmax, " +
    "gates, and functions of your own.",
};

/** "134 steps", or how many of them are here. */
export function stepsText(steps: number, thinned: { points: number; of: number } | null): string {
  return thinned
    ? `${formatCount(thinned.points)} of ${formatCount(thinned.of)} steps, extremes kept`
    : `${formatCount(steps)} ${steps === 1 ? "step" : "steps"}`;
}

/** "Of 804 norms 3 are zero (black) and 2 NaN (magenta)."; empty where all are plain numbers. */
export function unusualText({ count, zero, nan, inf }: Unusual, quantity: Shown, difference: boolean): string {
  const why = difference
    ? ": one of the two is zero or infinite"
    : quantity === "ratio"
      ? ": weights that are zero before the update"
      : "";
  const parts = [
    zero ? `${formatCount(zero)} zero (black)` : "",
    nan ? `${formatCount(nan)} NaN (magenta)` : "",
    inf ? `${formatCount(inf)} infinite (violet${why})` : "",
  ].filter(Boolean);
  return parts.length ? `Of ${formatCount(count)} ${difference ? "ratios" : "norms"}: ${parts.join(", ")}.` : "";
}
