/** Where the panels stand, in CSS pixels from the picture's corner, and which values the upper one shows. */
import { valueAxis, type ValueAxis } from "../../../math/value_axis.ts";
import type { OptimizerShown, Path } from "./optimizer_view_model.ts";

export interface Panel {
  readonly top: number;
  readonly height: number;
}

export interface Layout {
  readonly left: number;
  readonly width: number;
  readonly right: number;
  readonly height: number;
  readonly paths: Panel;
  /** The gradient, then each number that the chosen optimizer keeps. */
  readonly below: readonly Panel[];
}

const HEAD = 16;
const TITLE = 18;
const LOWER = 36;
const FOOT = 28;

/** `states`: panels below that of the gradient. */
export function layoutOf(left: number, width: number, right: number, room: number, states: number): Layout {
  const lower = (states + 1) * (TITLE + LOWER) + FOOT;
  const height = Math.round(Math.min(330, Math.max(180, room - lower - HEAD)));
  const below = Array.from({ length: states + 1 }, (_, i) => ({
    top: HEAD + height + TITLE + i * (TITLE + LOWER),
    height: LOWER,
  }));
  return { left, width, right, height: HEAD + height + lower, paths: { top: HEAD, height }, below };
}

export function stepPanels({ optimizer, settings }: Path): Path["optimizer"]["state"] {
  return optimizer.state.filter(({ only }) => only === undefined || (settings[only] ?? 0) > 0);
}

/** So many times as far as most paths go counts as far. */
const FAR = 4;

/**
 * Of the run's path and the chosen one all values; of the others, of those that do not run far away.
 *
 * `fits`: up to where, the exact steps alone or all.
 */
export function valuesOf({ logged, paths, chosen, exact }: OptimizerShown, fits: "all" | "exact"): ValueAxis {
  const count = fits === "exact" && exact > 1 ? exact : logged.length;
  const start = logged[0]!;
  const own = logged.subarray(0, count);
  const others = paths.map((path) => ({ path, values: path.course.values.subarray(0, count) }));
  const reach = (values: Float64Array): number =>
    values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value - start)) : most), 0);
  const reaches = others.map(({ values }) => reach(values)).filter((each) => each > 0);
  const middle = reaches.toSorted((x, y) => x - y)[reaches.length >> 1] ?? 0;
  const limit = FAR * Math.max(middle, reach(own));
  const near = others.filter(({ path, values }) => path === chosen || reach(values) <= limit);
  return spanOf([own, ...near.map(({ values }) => values)]);
}

/** All finite values with a little air; around a single one, some. */
export function spanOf(all: readonly ArrayLike<number>[], withZero = false): ValueAxis {
  let [lo, hi] = withZero ? [0, 0] : [Infinity, -Infinity];
  for (const values of all)
    for (const value of Array.from(values))
      if (Number.isFinite(value)) [lo, hi] = [Math.min(lo, value), Math.max(hi, value)];
  if (lo > hi) [lo, hi] = [-1, 1];
  const air = 0.06 * (hi - lo) || Math.abs(hi) * 0.1 || 1;
  return valueAxis("linear", withZero && lo === 0 ? 0 : lo - air, withZero && hi === 0 ? 0 : hi + air);
}
