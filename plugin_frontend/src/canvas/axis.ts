/** One direction of a grid, in CSS pixels: tiles of equal size at equal distance, with a wider gap after each group. */
export interface Axis {
  readonly count: number;
  /** Cells of a tile, and pixels of a cell. */
  readonly cells: number;
  readonly cell: number;
  /** From one tile's start to the next one's. */
  readonly pitch: number;
  /** Tiles of a group, and the extra pixels between groups; a group of 0 is no group. */
  readonly group: number;
  readonly extra: number;
}

export function tileStart(axis: Axis, index: number): number {
  return index * axis.pitch + (axis.group ? Math.floor(index / axis.group) * axis.extra : 0);
}

export function tileLength(axis: Axis): number {
  return axis.cells * axis.cell;
}

/** From the first tile's start to the last one's end, and what stands below it: `tail` pixels. */
export function axisLength(axis: Axis, tail = 0): number {
  return axis.count ? tileStart(axis, axis.count - 1) + tileLength(axis) + tail : 0;
}

/** The tile at or before a position, kept inside the grid. */
function tileIndexAt(axis: Axis, position: number): number {
  let index = Math.floor(position / axis.pitch);
  if (axis.group) {
    const block = axis.group * axis.pitch + axis.extra;
    const groups = Math.floor(position / block);
    index = groups * axis.group + Math.min(axis.group - 1, Math.floor((position - groups * block) / axis.pitch));
  }
  return Math.max(0, Math.min(axis.count - 1, index));
}

/** The cell at a position; undefined in gaps and outside. */
export function cellIndexAt(axis: Axis, position: number): { tile: number; cell: number } | undefined {
  const tile = tileIndexAt(axis, position);
  const cell = Math.floor((position - tileStart(axis, tile)) / axis.cell);
  return axis.count && cell >= 0 && cell < axis.cells ? { tile, cell } : undefined;
}

/** Where the same point of the same tile, or of the gap after it, lies on the axis at another zoom. */
export function carryOver(from: Axis, to: Axis, position: number): number {
  const tile = tileIndexAt(from, position);
  const inside = position - tileStart(from, tile);
  const length = tileLength(from);
  if (inside <= length) return tileStart(to, tile) + (inside / from.cell) * to.cell;
  const gap = tileStart(from, tile + 1) - tileStart(from, tile) - length;
  const newGap = tileStart(to, tile + 1) - tileStart(to, tile) - tileLength(to);
  return tileStart(to, tile) + tileLength(to) + (gap > 0 ? ((inside - length) / gap) * newGap : 0);
}

/** First and last tile of which any part lies between two positions; undefined where there is none. */
export function tilesBetween(axis: Axis, start: number, end: number): { first: number; last: number } | undefined {
  if (!axis.count || end <= 0 || start >= axisLength(axis) || end <= start) return undefined;
  const first = tileIndexAt(axis, start);
  const last = tileIndexAt(axis, Math.max(start, end - 1e-6));
  return { first, last };
}
