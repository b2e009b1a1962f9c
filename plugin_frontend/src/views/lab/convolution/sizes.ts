/** How the room of the convolution's picture is shared: whole pixels a cell wherever a cell has one. No effects. */

export interface Extent {
  readonly width: number;
  readonly height: number;
}

export interface Sizes {
  readonly input: Extent;
  readonly output: Extent;
  /** Pixels a weight in the list of products. */
  readonly cell: number;
  /** Whether cells carry their numbers. */
  readonly numbered: boolean;
  /** The list of products stands below the maps, as wide as both. */
  readonly stacked: boolean;
  /** CSS pixels that the list may be high. */
  readonly list: number;
  readonly small: Extent;
}

export const GAP = 24;
/** What stands beside the three pictures of a row: name, signs, sum. */
export const ROW_EXTRA = 166;
/** From this on a cell has room for "−.08". */
export const NUMBERED_FROM = 24;
export const NUMBERED_SIDE = 5;
const LARGEST_CELL = 64;
const FLAT_HEIGHT = 28;
const STACKED_BELOW = 760;
/** Width of the column of arithmetic. */
export const ARITHMETIC = 232;
const NARROWEST_LIST = ROW_EXTRA + 3 * 66;

/** A map's extent in the room, in whole pixels a cell where there is one; a single row is drawn higher. */
export function fitMap(rows: number, columns: number, room: Extent): Extent {
  const fit = Math.min(room.width / columns, rows === 1 ? Infinity : room.height / rows);
  const cell = fit >= 1 ? Math.min(LARGEST_CELL, Math.floor(fit)) : fit;
  return { width: columns * cell, height: rows === 1 ? Math.max(FLAT_HEIGHT, cell) : rows * cell };
}

export function sizesFor(room: Extent, it: { input: Extent; output: Extent; kernel: Extent; channels: number }): Sizes {
  const stacked = room.width < STACKED_BELOW || it.input.height === 1;
  const height = Math.max(150, Math.min(420, room.height * 0.44));
  const side = Math.max(it.kernel.width, it.kernel.height);
  const wanted = Math.min(room.width * 0.6, ROW_EXTRA + 3 * (side <= NUMBERED_SIDE ? side * NUMBERED_FROM : 76));
  const maps = stacked ? (room.width - GAP) / 2 : (room.width - 2 * GAP - Math.max(NARROWEST_LIST, wanted)) / 2;
  const box = { width: Math.max(96, maps), height };
  const input = fitMap(it.input.height, it.input.width, box);
  const output = fitMap(it.output.height, it.output.width, box);
  const width = stacked ? room.width : room.width - input.width - output.width - 2 * GAP;
  const cell = cellOf(width, height, it.kernel, it.channels);
  // Arithmetic, the logged map and five variants stand in one row where there is room.
  const small = Math.max(
    64,
    Math.min(220, room.height - height - 166, (room.width - ARITHMETIC - 2 * GAP - 48) / 6 - 2),
  );
  return {
    input,
    output,
    stacked,
    cell,
    numbered: side <= NUMBERED_SIDE && cell >= NUMBERED_FROM,
    list: height,
    small: { width: small, height: small },
  };
}

/** As large as the width allows; few channels share the height, many are scrolled. */
function cellOf(width: number, height: number, kernel: Extent, channels: number): number {
  const across = (width - ROW_EXTRA) / 3 / kernel.width;
  const side = Math.max(kernel.width, kernel.height);
  const down = channels <= 4 ? (height - channels * 8) / channels / kernel.height : 84 / kernel.height;
  const readable = side <= NUMBERED_SIDE ? NUMBERED_FROM : 0;
  const cell = Math.min(across, Math.max(down, readable), 40);
  return cell >= 1 ? Math.floor(cell) : Math.max(cell, 0.25);
}
