/** How keys move the window over the output cells. No effects. */
import type { Place } from "./window_numbers.ts";

const STEPS: Readonly<Record<string, readonly [down: number, across: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
const FAR = 5;

/** Where an arrow key leads, with `far` five cells on; inside the output. Null for other keys. */
export function walked(place: Place, key: string, far: boolean, rows: number, columns: number): Place | null {
  const step = Object.hasOwn(STEPS, key) ? STEPS[key] : undefined;
  if (!step) return null;
  const by = far ? FAR : 1;
  return inside({ row: place.row + step[0] * by, column: place.column + step[1] * by }, rows, columns);
}

export function inside({ row, column }: Place, rows: number, columns: number): Place {
  return { row: Math.max(0, Math.min(rows - 1, row)), column: Math.max(0, Math.min(columns - 1, column)) };
}

/** The next cell, row by row; null behind the last. */
export function next({ row, column }: Place, rows: number, columns: number): Place | null {
  if (column + 1 < columns) return { row, column: column + 1 };
  return row + 1 < rows ? { row: row + 1, column: 0 } : null;
}
