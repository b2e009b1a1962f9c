/** The cells of a heatmap of rows × steps, as pixels: one row of pixels a row. */
import { colourPixel, type Palette } from "./colour.ts";
import { peakIndex, stepColumns, type Rank, type StepColumns } from "./step_columns.ts";

/** What one row shows: a value for each of its own logged steps. Rows of one run share `steps`. */
export interface HeatRow {
  readonly name: string;
  /** What stands in the gutter, where the name is longer than it need be there. */
  readonly short?: string;
  /** Ascending. */
  readonly steps: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export interface HeatScale {
  readonly lo: number;
  readonly hi: number;
  readonly palette: Palette;
  /** Values are logarithms: −∞ is a zero, not an infinity, and has a colour and a word of its own. */
  readonly logarithms?: boolean;
  /** Values are shares: 0 is nothing, and has no colour. */
  readonly shares?: boolean;
}

/** Black: below every colour of a magnitude's map, and in none of them. 0xaabbggrr. */
export const ZERO_PIXEL = 0xff000000;

export interface HeatCells {
  readonly width: number;
  /** [rows, width] as 0xaabbggrr; transparent where no step was logged, or nothing is. */
  readonly pixels: Uint32Array;
  /** [rows, width]: the index of the step whose value is shown; −1 where none was logged. */
  readonly shown: Int32Array;
}

/**
 * Each pixel column keeps the largest value of its steps, or, in a diverging map, the one of largest magnitude; NaN and
 * Inf win over both.
 */
export function heatCells(
  rows: readonly HeatRow[],
  width: number,
  toShare: (step: number) => number,
  scale: HeatScale,
): HeatCells {
  const pixels = new Uint32Array(rows.length * width);
  const shown = new Int32Array(rows.length * width).fill(-1);
  const known = new Map<ArrayLike<number>, StepColumns>();
  const rank = rankOf(scale);
  rows.forEach(({ steps, values }, row) => {
    let columns = known.get(steps);
    if (!columns) known.set(steps, (columns = stepColumns(steps, width, toShare)));
    for (let x = 0; x < columns.width; x++) {
      const first = columns.first[x]!;
      if (first < 0) continue;
      const index = peakIndex(values, first, columns.last[x]!, rank);
      shown[row * width + x] = index;
      pixels[row * width + x] = heatPixel(values[index] ?? NaN, scale);
    }
  });
  return { width, pixels, shown };
}

function heatPixel(value: number, scale: HeatScale): number {
  if (scale.shares && value === 0) return 0;
  if (scale.logarithms && value === -Infinity) return ZERO_PIXEL;
  return colourPixel(value, scale.lo, scale.hi, scale.palette);
}

function rankOf({ palette, logarithms = false }: HeatScale): Rank {
  if (palette.map.diverging) return Math.abs;
  return (value) => (value === -Infinity && !logarithms ? Infinity : value);
}

/** A stretch of a row that is one colour: pixel columns `from` to `to` − 1. */
export interface Stretch {
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

/** Stretches of one pixel's colour that are at least so many columns wide. */
export function stretchesOf({ pixels, width }: HeatCells, pixel: number, least: number): Stretch[] {
  const found: Stretch[] = [];
  let from = 0;
  for (let at = 0; at < pixels.length; at++) {
    const x = at % width;
    if (pixels[at] !== pixel) continue;
    if (x === 0 || pixels[at - 1] !== pixel) from = x;
    const ends = x + 1 === width || pixels[at + 1] !== pixel;
    if (ends && x + 1 - from >= least) found.push({ row: (at - x) / width, from, to: x + 1 });
  }
  return found;
}
