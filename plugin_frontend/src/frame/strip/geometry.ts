import { channelCount, spatialSide } from "../../state/shapes.ts";
import type { LayerRecord } from "../../data/schema.ts";

/** Tiles are not narrower than this; a longer strip scrolls. */
const LEAST_CELL = 66;
const MOST_CELL = 124;
const LEAST_SIDE = 13;

/** Width of each tile's cell when `count` of them share `width`. */
export function cellWidth(count: number, width: number): number {
  return count ? Math.min(MOST_CELL, Math.max(LEAST_CELL, width / count)) : MOST_CELL;
}

/** Side of a tile's picture: by the root of its spatial size, so that a factor of 16 still shows as one of 4. */
export function tileSide(layer: LayerRecord, largest: number, room: number): number {
  const side = spatialSide(layer) ?? largest;
  return Math.round(Math.max(LEAST_SIDE, room * Math.sqrt(Math.min(1, side / Math.max(1, largest)))));
}

/** Sheets behind a tile: with the logarithm of the channels; 0 for a picture, 4 for 64 channels and more. */
export function sheetCount(layer: LayerRecord): number {
  const channels = channelCount(layer) ?? 1;
  if (spatialSide(layer) === null) return 0;
  return Math.max(0, Math.min(4, Math.round(Math.log2(Math.max(1, channels))) - 2));
}
