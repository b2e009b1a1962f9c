/** What is drawn of a variable's histograms over steps, for one run or two on one scale. */
import { paletteOf } from "../../math/colour.ts";
import { cividis } from "../../math/colour_maps.ts";
import { formatCount, superscript } from "../../math/format.ts";
import {
  octaveRows,
  otherShares,
  shareBound,
  sharesBySize,
  type OctaveRows,
  type OtherShares,
  type Sign,
} from "../../math/gradient_histogram.ts";
import { nearestIndex } from "../../math/gradient_norms.ts";
import type { HeatRow, HeatScale } from "../../math/heat_cells.ts";
import { percent, type Band } from "./bands.ts";
import type { RunHistogram } from "./run_norms.ts";

/** A histogram's parts from top to bottom: positive values, zeros and what is no number, negative values. */
export interface HistogramFigure {
  readonly id: "A" | "B";
  readonly histogram: RunHistogram;
  readonly positive: readonly HeatRow[];
  readonly negative: readonly HeatRow[];
  readonly others: OtherShares;
}

export interface HistogramPicture {
  readonly figures: readonly HistogramFigure[];
  readonly octaves: OctaveRows;
  readonly scale: HeatScale;
  /** Whether shares above the scale's end occur. */
  readonly clipped: boolean;
}

export function histogramPicture(
  a: RunHistogram | null,
  b: RunHistogram | null,
  mostRows: number,
): HistogramPicture | null {
  const histograms = [a, b].filter((histogram) => histogram !== null);
  if (!histograms.length) return null;
  const octaves = octaveRows(histograms, mostRows);
  const figures = histograms.map((histogram): HistogramFigure => ({
    id: histogram === a ? "A" : "B",
    histogram,
    positive: heatRows(histogram, octaves, 1),
    negative: heatRows(histogram, octaves, -1).reverse(),
    others: otherShares(histogram),
  }));
  const shares = figures.flatMap(({ positive, negative }) =>
    [...positive, ...negative].map(({ values }) => values as Float64Array),
  );
  const { bound, clipped } = shareBound(shares);
  return { figures, octaves, clipped, scale: { lo: 0, hi: bound, palette: paletteOf(cividis), shares: true } };
}

function heatRows(histogram: RunHistogram, octaves: OctaveRows, sign: Sign): HeatRow[] {
  return sharesBySize(histogram, octaves, sign).map((values, row) => ({
    name: sizeText(octaves.hi - (row + 1) * octaves.octaves + 1, sign),
    steps: histogram.steps,
    values,
  }));
}

/** "+2⁻⁴": the smallest size in a row. */
function sizeText(exponent: number, sign: Sign): string {
  return `${sign > 0 ? "+" : "−"}${exponent === 0 ? "1" : `2${superscript(exponent)}`}`;
}

/** Rows that carry their size: every so many that `gap` pixels are between two, from the largest on. */
export function namedRows(rows: number, rowHeight: number, gap: number, sign: Sign): number[] {
  const stride = Math.max(1, Math.ceil(gap / rowHeight));
  const named = Array.from({ length: Math.ceil(rows / stride) }, (_, i) => i * stride);
  return sign > 0 ? named : named.map((row) => rows - 1 - row);
}

/** Zeros always, NaN and Inf where there are any. */
export function bandsOf({ histogram, others }: HistogramFigure, step: number, height: number): Band[] {
  const { steps, size, nan, inf } = histogram;
  const at = nearestIndex(steps, step);
  const count = (values: ArrayLike<number>, word: string): string => `${formatCount(values[at] ?? 0)} ${word}`;
  const any = (shares: Float64Array): boolean => shares.some((share) => share > 0);
  const zero = others.zero[at] ?? NaN;
  const bands: Band[] = [
    { kind: "zero", name: "zero", steps, shares: others.zero, height, value: `${percent(zero)} zero` },
  ];
  if (any(others.nan))
    bands.push({ kind: "nan", name: "NaN", steps, shares: others.nan, height, value: count(nan, "NaN") });
  if (any(others.inf))
    bands.push({ kind: "inf", name: "Inf", steps, shares: others.inf, height, value: count(inf, "Inf") });
  return size > 0 ? bands : [];
}
