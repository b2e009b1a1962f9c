import { roundValues } from "../../math/value_axis.ts";
import type { TimeAxis } from "../../state/time_axis.ts";

/** The horizontal axis of the chart: all of a time axis, or a part of it that is zoomed into. */
export interface Across {
  readonly lo: number;
  readonly hi: number;
  readonly zoomed: boolean;
  /** 0 at `lo`, 1 at `hi`. */
  toShare(x: number): number;
  toX(share: number): number;
  /** Places to label, at least `gap` (a share) apart. */
  ticks(gap: number): number[];
}

export function acrossOf(axis: TimeAxis, part: readonly [number, number] | null): Across {
  if (!part)
    return {
      lo: 0,
      hi: axis.last,
      zoomed: false,
      toShare: axis.toShare,
      toX: axis.toStep,
      ticks: (gap) => axis.ticks(gap),
    };
  const [lo, hi] = part;
  const [start, span] = [axis.toShare(lo), axis.toShare(hi) - axis.toShare(lo)];
  const toShare = (x: number): number => (axis.toShare(x) - start) / span;
  return {
    lo,
    hi,
    zoomed: true,
    toShare,
    toX: (share) => axis.toStep(start + share * span),
    ticks: (gap) => {
      const kept: number[] = [];
      for (const tick of roundValues(lo, hi, 2 / gap))
        if (!kept.length || toShare(tick) - toShare(kept.at(-1)!) >= gap) kept.push(tick);
      return kept;
    },
  };
}

/** The window half as wide (factor 0.5) or twice as wide (2) around a place, inside the axis; null where it would be all of it. */
export function zoomedBy(
  across: Across,
  axis: TimeAxis,
  factor: number,
  around: number,
): readonly [number, number] | null {
  const [left, right, centre] = [across.lo, across.hi, around].map((x) => axis.toShare(x)) as [number, number, number];
  const width = Math.max(1e-4, (right - left) * factor);
  if (width >= 1) return null;
  const from = Math.min(1 - width, Math.max(0, centre - ((centre - left) / (right - left)) * width));
  return [axis.toStep(from), axis.toStep(from + width)];
}

/** Index of the stop that is so many behind (or, below zero, before) a place; from no place, the first or the last one. */
export function stepped(stops: ArrayLike<number>, from: number | null, by: number): number {
  const last = stops.length - 1;
  if (from === null) return by === Infinity || (by < 0 && by !== -Infinity) ? last : 0;
  let at = 0;
  while (at <= last && stops[at]! < from) at++;
  const start = stops[at] === from || by < 0 ? at : at - 1;
  return Math.min(last, Math.max(0, start + by));
}
