/** How tall the parts of the picture are, in CSS pixels. */
import { rowHeightFor } from "../../canvas/heat_rows.ts";

/** Caption and the space below a figure. */
const AROUND = 32;
const BANDS_AROUND = 6;
const LEAST_SIDE = 45;

export interface Sizes {
  /** Pixels a row of the norms' heatmaps. */
  readonly rowHeight: number;
  /** Pixels of each sign of a histogram, and of a band between them. */
  readonly side: number;
  readonly band: number;
}

/**
 * The heatmaps take up to half of the room; the histograms what is left, and never so little that they cannot be read:
 * then the picture scrolls.
 */
export function sizesFor(available: number, rows: readonly number[], histograms: number, bands: number): Sizes {
  const total = rows.reduce((sum, count) => sum + count, 0);
  const forRows = (histograms ? 0.48 : 1) * available - rows.length * AROUND;
  const rowHeight = rowHeightFor(total, forRows);
  const rest = available - total * rowHeight - rows.length * AROUND;
  const band = histograms > 1 ? 16 : 22;
  const around = histograms * (AROUND + BANDS_AROUND) + bands * (band + BANDS_AROUND);
  const side = histograms ? Math.floor((rest - around) / (2 * histograms)) : 0;
  return { rowHeight, side: Math.max(LEAST_SIDE, side), band };
}

const LEAST_HISTOGRAM_ROW = 3;
const MOST_HISTOGRAM_ROW = 7;
/** More rows say no more. */
const MOST_ROWS = 32;

/** Rows of one sign that have room. */
export function mostHistogramRows(side: number): number {
  return Math.max(8, Math.min(MOST_ROWS, Math.floor(side / LEAST_HISTOGRAM_ROW)));
}

/** Below 8 pixels rows have no hairline between them. */
export function histogramRowHeight(side: number, rows: number): number {
  return Math.max(LEAST_HISTOGRAM_ROW, Math.min(MOST_HISTOGRAM_ROW, Math.floor(side / Math.max(1, rows))));
}
