/** Where the rows of a step heatmap lie, in CSS pixels, and which of them have room for their names. */

const LEAST_ROW = 6;
const MOST_ROW = 22;
/** Of a line of words. */
export const LINE = 12;

/** Whole pixels a row: what is there for all of them, within limits. */
export function rowHeightFor(rows: number, available: number): number {
  return Math.max(LEAST_ROW, Math.min(MOST_ROW, Math.floor(available / Math.max(1, rows))));
}

/** A hairline between rows, as far as they are tall enough to spare it. */
export function cellHeight(rowHeight: number): number {
  return rowHeight >= 8 ? rowHeight - 1 : rowHeight;
}

/** The rows that are named: as many as have room, and always the current one. */
export function labelledRows(count: number, rowHeight: number, current: number): number[] {
  const every = Math.ceil(LINE / rowHeight);
  const rows = [];
  for (let row = 0; row < count; row++) {
    if (row === current) rows.push(row);
    else if (row % every === 0 && (current < 0 || Math.abs(row - current) >= every)) rows.push(row);
  }
  return rows;
}
