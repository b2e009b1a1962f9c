/** Curves of logarithms, of a few pixels, along the page's time axis. */

import { AxisMean } from "../../math/axis_mean.ts";
import type { TimeAxis } from "../../state/time_axis.ts";

/** A curve of few pixels takes a longer mean than the scrubber's, or it would hide what was logged. */
const HALF_LIFE = 0.05;

export interface SparkScale {
  readonly lo: number;
  readonly hi: number;
}

export interface Spark {
  /** As logged. */
  readonly raw: string;
  /** The exponential mean. */
  readonly smooth: string;
  /** x of zeros, whose logarithm has no place on the scale. */
  readonly zeros: readonly number[];
  /** x of NaN and infinity. */
  readonly broken: readonly number[];
}

/** One scale for all layers' curves, so that they can be compared; the outermost half per cent at each end is held there. */
export function sparkScale(curves: readonly ArrayLike<number>[], always: readonly number[] = []): SparkScale {
  const values = curves
    .flatMap((curve) => Array.from(curve))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const at = (share: number): number => values[Math.round(share * (values.length - 1))] ?? 0;
  const [lo, hi] = [Math.min(at(0.005), ...always), Math.max(at(0.995), ...always)];
  return hi > lo ? { lo, hi } : { lo: lo - 1, hi: lo + 1 };
}

/** Height from the top, in a box of `height`. */
export function sparkHeight(value: number, { lo, hi }: SparkScale, height: number): number {
  return round((1 - Math.min(1, Math.max(0, (value - lo) / (hi - lo)))) * height);
}

export function sparkOf(
  steps: ArrayLike<number>,
  values: ArrayLike<number>,
  scale: SparkScale,
  axis: TimeAxis,
  width: number,
  height: number,
): Spark {
  const mean = new AxisMean(HALF_LIFE);
  const zeros: number[] = [];
  const broken: number[] = [];
  let [raw, smooth] = ["", ""];
  let open = false;
  for (let i = 0; i < steps.length; i++) {
    const share = axis.toShare(steps[i] as number);
    const value = values[i] as number;
    const x = round(share * width);
    if (!Number.isFinite(value)) {
      (value === -Infinity ? zeros : broken).push(x);
      open = false;
      continue;
    }
    raw += `${open ? "L" : "M"}${x} ${sparkHeight(value, scale, height)}`;
    smooth += `${open ? "L" : "M"}${x} ${sparkHeight(mean.add(share, value), scale, height)}`;
    open = true;
  }
  return { raw, smooth, zeros, broken };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
