/** What a curve of a metric says: its best point, where it first meets a target, its value at a place. */

export type Better = "lower" | "higher";

/** Metrics of which more is better, by a word of their name; of any other, less. */
const HIGHER = new Set([
  "acc",
  "accuracy",
  "auc",
  "precision",
  "recall",
  "f1",
  "fbeta",
  "iou",
  "miou",
  "dice",
  "r2",
  "similarity",
  "score",
  "psnr",
  "ssim",
  "positives",
  "negatives",
]);

export function betterOf(metric: string): Better {
  const words = metric.toLowerCase().split(/[^a-z0-9]+/);
  if (words.includes("false") || words.includes("loss") || words.includes("error")) return "lower";
  return words.some((word) => HIGHER.has(word)) ? "higher" : "lower";
}

/** Whether `a` is better than `b`; NaN is better than nothing and worse than all else. */
export function isBetter(a: number, b: number, better: Better): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return !Number.isNaN(a);
  return better === "lower" ? a < b : a > b;
}

/** Index of the best finite value, the first of equal ones; −1 where there is none. */
export function bestIndex(values: ArrayLike<number>, better: Better): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!) && (best < 0 || isBetter(values[i]!, values[best]!, better))) best = i;
  }
  return best;
}

/** Index of the first logged point that is at the target or better; −1 where it is not reached. Nothing is interpolated. */
export function firstMeeting(values: ArrayLike<number>, target: number, better: Better): number {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isFinite(value) && (better === "lower" ? value <= target : value >= target)) return i;
  }
  return -1;
}

/**
 * A target that about half of the curves reach: the middle one of their best values, rounded to two digits towards the
 * easier side. Null for no curve.
 */
export function middleTarget(bests: readonly number[], better: Better): number | null {
  const sorted = bests.filter(Number.isFinite).sort((a, b) => (better === "lower" ? a - b : b - a));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined || middle === 0) return middle ?? null;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(middle))) - 1);
  const steps = better === "lower" ? Math.ceil(middle / unit - 1e-9) : Math.floor(middle / unit + 1e-9);
  return Number((steps * unit).toPrecision(6));
}
