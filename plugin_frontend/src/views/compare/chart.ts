import { ema } from "../../math/ema.ts";
import { valueAxis, valueRange, type ValueAxis } from "../../math/value_axis.ts";
import { runStyle, type RunStyle } from "../../state/run_style.ts";
import type { TimeAxis } from "../../state/time_axis.ts";
import type { Across } from "./across.ts";
import type { Line, Point } from "./lines.ts";

/** A line as it is drawn. */
export interface ChartLine extends Line {
  /** What is drawn strongly; `y` itself, or its mean with `y` pale behind. */
  readonly shown: Float64Array;
  readonly style: RunStyle;
  /** Pixels. */
  readonly weight: number;
  /** Of its full strength. */
  readonly alpha: number;
  /** It is none of those that are compared: the training curve that the gap of run A reaches down to. */
  readonly beside: boolean;
}

export interface ChartLabel {
  readonly text: string;
  readonly at: Point;
  readonly colour: string;
  readonly strong: boolean;
}

/** Everything that the chart draws, in the numbers of its axes. */
export interface Chart {
  /** In the order in which they are drawn. */
  readonly lines: readonly ChartLine[];
  readonly axis: TimeAxis;
  readonly across: Across;
  readonly values: ValueAxis;
  /** What the horizontal axis counts. */
  readonly unit: string;
  readonly gap: { readonly above: ChartLine; readonly below: ChartLine } | null;
  readonly target: number | null;
  readonly rings: readonly (Point & { readonly colour: string; readonly strong: boolean })[];
  /** Those first that are wanted most. */
  readonly labels: readonly ChartLabel[];
  /** The current step of run A on this axis. */
  readonly here: number | null;
  /** Where the arrow keys take the crosshair. */
  readonly stops: Float64Array;
  /** In words, for those who cannot see it. */
  readonly words: string;
}

/** How strongly values as logged are drawn behind their mean. */
export const PALE = 0.28;

const WEIGHT = { main: 1.6, second: 1, beside: 1, here: 2.6 } as const;

export function chartLine(line: Line, smooth: number, role: keyof typeof WEIGHT): ChartLine {
  return {
    ...line,
    shown: smooth > 0 ? ema(line.y, smooth / 100) : line.y,
    style: runStyle(line.run),
    weight: WEIGHT[role],
    alpha: role === "second" || role === "beside" ? 0.75 : 1,
    beside: role === "beside",
  };
}

/**
 * The axis of values for what lies in the window; a zoom's own where it has one. On a linear one, a line beside the
 * compared ones (training losses start high) leaves through the top rather than press those flat.
 */
export function valuesOf(
  lines: readonly ChartLine[],
  across: Across,
  kind: "linear" | "log",
  zoom: readonly [number, number] | null,
): ValueAxis {
  if (zoom && (kind === "linear" || zoom[0] > 0)) return valueAxis(kind, zoom[0], zoom[1]);
  const compared = lines.filter((line) => kind === "log" || !line.beside);
  const seen = compared.flatMap((line) => valuesIn(line, across));
  const top = seen.reduce((most, value) => (Number.isFinite(value) && value > most ? value : most), -Infinity);
  for (const line of lines) {
    if (!compared.includes(line))
      seen.push(...valuesIn(line, across).filter((value) => value <= top || compared.length === 0));
  }
  const [lo, hi] = valueRange(seen, kind) ?? (kind === "log" ? [0.1, 1] : [0, 1]);
  return valueAxis(kind, lo, hi);
}

function valuesIn({ x, y }: ChartLine, across: Across): number[] {
  return Array.from(y).filter((_, i) => x[i]! >= across.lo && x[i]! <= across.hi);
}

/** Points of a line that have no place on the axis of values. */
export interface Odd {
  readonly x: number;
  readonly what: "nan" | "inf" | "below";
  /** At the top edge, or at the bottom one. */
  readonly top: boolean;
}

/** NaN and infinite values, and on a logarithmic axis what is not above zero. */
export function oddPoints({ x, y }: Line, values: ValueAxis): Odd[] {
  const odd: Odd[] = [];
  for (let i = 0; i < x.length; i++) {
    const value = y[i]!;
    if (Number.isNaN(value)) odd.push({ x: x[i]!, what: "nan", top: true });
    else if (!Number.isFinite(value)) odd.push({ x: x[i]!, what: "inf", top: value > 0 });
    else if (values.kind === "log" && value <= 0) odd.push({ x: x[i]!, what: "below", top: false });
  }
  return odd;
}

/** The last point inside the window that has a place; where the line goes on behind the window, where it leaves it. */
export function endOf({ x, shown }: ChartLine, across: Across, values: ValueAxis): Point | null {
  let before: Point | null = null;
  for (let i = 0; i < x.length; i++) {
    const point = { x: x[i]!, y: shown[i]! };
    if (!Number.isFinite(values.toShare(point.y))) continue;
    if (point.x > across.hi) return before && edge(before, point, across.hi);
    before = point;
  }
  return before && before.x >= across.lo ? before : null;
}

function edge(a: Point, b: Point, x: number): Point {
  return { x, y: a.y + ((x - a.x) / (b.x - a.x)) * (b.y - a.y) };
}

/** How many of the runs go on behind the end of the axis. */
export function goingOn(lines: readonly ChartLine[], { last }: TimeAxis): number {
  return new Set(lines.filter(({ x }) => x.length > 0 && x.at(-1)! > last * 1.0001).map((line) => line.run)).size;
}

/** Where the longest line ends, if that is behind the axis; else null. */
export function longestBehind(lines: readonly ChartLine[], axis: TimeAxis): number | null {
  return goingOn(lines, axis) ? Math.max(...lines.map((line) => line.x.at(-1) ?? 0)) : null;
}
