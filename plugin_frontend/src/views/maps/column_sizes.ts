/** How the image and the large maps below it share the height of their column. Pixels. */

export interface ColumnSizes {
  /** Screen pixels a picture's pixel. */
  readonly scale: number;
  /** Screen pixels a cell of the large maps. */
  readonly cell: number;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

const FIXED = 22 + 32 + 72;
export const FACTS_WIDTH = 72;
/** Four facts, one of them of three lines, beside a map. */
const FACTS_BESIDE = 146;
export const FACTS_HEIGHT = 48;
export const PAIR_GAP = 12;
const IMAGE_SHARE = 0.6;
const LEAST_IMAGE = 84;
const LEAST_MAP = 64;
const LARGEST_CELL = 96;

/** Whole multiples where there is room for one. */
function multiple(room: number, cells: number): number {
  const exact = room / Math.max(1, cells);
  return exact >= 1 ? Math.floor(exact) : Math.max(exact, 1 / 64);
}

/** Whole pixels for the whole map: two maps beside each other have too little room for whole cells. */
function share(room: number, cells: number): number {
  return Math.max(Math.floor(room), 1) / Math.max(1, cells);
}

/** `pair`: two maps side by side, with the facts below them instead of beside one. */
export function columnSizes(room: Extent, picture: Extent | null, map: Extent, pair: boolean): ColumnSizes {
  const rest = room.height - FIXED - (pair ? FACTS_HEIGHT : 0);
  let scale = 1;
  let used = 0;
  if (picture) {
    const beside = pair ? 0 : FACTS_BESIDE;
    const height = Math.max(LEAST_IMAGE, Math.min(rest * IMAGE_SHARE, rest - beside));
    scale = Math.min(multiple(height, picture.height), multiple(room.width, picture.width));
    used = scale * picture.height;
  }
  const width = pair ? (room.width - PAIR_GAP) / 2 : room.width - FACTS_WIDTH;
  const height = Math.max(LEAST_MAP, rest - used);
  const cells = pair ? share : multiple;
  return { scale, cell: Math.min(LARGEST_CELL, cells(height, map.height), cells(width, map.width)) };
}
