/** How the room of the picture is shared: whole pixels a cell where a cell has two or more, else a map. No effects. */

export interface Extent {
  readonly width: number;
  readonly height: number;
}

export interface Sizes {
  /** Pixels of the left part, and of each column of the right one. */
  readonly left: number;
  readonly column: number;
  /** Pixels a cell. */
  readonly input: number;
  readonly output: number;
  readonly gradient: number;
  readonly window: number;
}

export const GAP = 10;
export const BETWEEN = 24;
export const LABELS = 58;
const HEADS = 24;
const TABLE = 124;
const ROW_GAP = 16;
const INPUT_SHARE = 0.54;
const WINDOW_SIDE = 132;
const LARGEST_CELL = 48;

function cellFor(room: Extent, tile: Extent): number {
  const exact = Math.min(room.width / Math.max(1, tile.width), room.height / Math.max(1, tile.height));
  if (exact >= 2) return Math.min(LARGEST_CELL, Math.floor(exact));
  return Math.max(1, Math.floor(exact * tile.width)) / Math.max(1, tile.width);
}

/** `input` with its padding, `plain` without; `window` in cells. */
export function sizesFor(
  room: Extent,
  tiles: { input: Extent; plain: Extent; output: Extent; window: Extent },
  columns: number,
): Sizes {
  const left = Math.max(150, Math.min(460, Math.round(room.width * 0.29)));
  const right = room.width - left - BETWEEN;
  const column = Math.max(24, Math.floor((right - LABELS) / columns) - GAP);
  const height = Math.max(40, Math.floor((room.height - HEADS - TABLE) / 3) - ROW_GAP);
  const small = { width: column, height };
  return {
    left,
    column,
    input: cellFor({ width: left - 8, height: Math.max(80, (room.height - HEADS) * INPUT_SHARE) }, tiles.input),
    output: cellFor(small, tiles.output),
    gradient: cellFor(small, tiles.plain),
    window: cellFor({ width: Math.min(WINDOW_SIDE, left * 0.46), height: WINDOW_SIDE }, tiles.window),
  };
}
