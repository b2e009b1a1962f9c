import type { DataRecord } from "../../data/binary.ts";
import { AxisMean } from "../../math/axis_mean.ts";
import type { TimeAxis } from "../../state/time_axis.ts";

/** The training loss by step, as it was logged. */
export interface LossSeries {
  readonly steps: ArrayLike<number>;
  readonly loss: ArrayLike<number>;
  readonly epochs: ArrayLike<number>;
  /** Whether rows were left out, so that a step's own loss may be missing. */
  readonly thinned: boolean;
}

export interface LossPath {
  readonly raw: string;
  readonly smooth: string;
  /** Whether the scale is logarithmic: after a divergence a linear one would flatten all that came before. */
  readonly isLog: boolean;
  /** Where the loss was NaN or infinite: x. */
  readonly broken: readonly number[];
}

/** The series of a record of kind losses; null where it holds none that fits together. */
export function lossSeries(record: DataRecord | null): LossSeries | null {
  const steps = record?.arrays["step"]?.values;
  const loss = record?.arrays["loss"]?.values;
  const epochs = record?.arrays["epoch"]?.values;
  if (!record || !steps || !loss || steps.length !== loss.length || steps.length === 0) return null;
  const { points, of } = record.attributes;
  const thinned = typeof points === "number" && typeof of === "number" && points < of;
  return { steps, loss, epochs: epochs?.length === steps.length ? epochs : [], thinned };
}

/** The last row at or before `step`, or the first one; null for an empty series. */
export function rowAt(series: LossSeries, step: number): number {
  let low = 0;
  let high = series.steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((series.steps[middle] as number) <= step) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** From this ratio of the largest loss to the middle one on, the scale is logarithmic. */
const DIVERGED = 50;

/** A row counts half so far behind on the axis. */
const HALF_LIFE = 0.012;

/**
 * The loss in a box of width × height: raw, and smoothed by an exponential mean whose half-life is a share of the axis,
 * so that it looks alike on both axes. The top is the 99th percentile; what is higher is held there.
 */
export function lossPath(series: LossSeries, axis: TimeAxis, width: number, height: number): LossPath {
  const finite = Array.from(series.loss)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const lo = finite[0] ?? 0;
  const hi = finite[Math.floor(0.99 * (finite.length - 1))] ?? 1;
  const middle = finite[finite.length >> 1] ?? 1;
  const isLog = lo > 0 && hi > DIVERGED * middle;
  const place = isLog ? Math.log : (value: number): number => value;
  const span = hi > lo ? place(hi) - place(lo) : 1;
  const y = (value: number): number => round((1 - Math.min(1, (place(value) - place(lo)) / span)) * height);
  const broken: number[] = [];
  let [raw, smooth] = ["", ""];
  const mean = new AxisMean(HALF_LIFE);
  let open = false;
  for (let i = 0; i < series.steps.length; i++) {
    const share = axis.toShare(series.steps[i] as number);
    const value = series.loss[i] as number;
    const x = round(share * width);
    if (!Number.isFinite(value)) {
      broken.push(x);
      open = false;
      continue;
    }
    raw += `${open ? "L" : "M"}${x} ${y(value)}`;
    smooth += `${open ? "L" : "M"}${x} ${y(mean.add(share, value))}`;
    open = true;
  }
  return { raw, smooth, isLog, broken };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
