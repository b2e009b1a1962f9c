import type { LayerRecord } from "../../data/schema.ts";
import { blocksOf, joinSmall, type Tile } from "../../state/blocks.ts";

/** One tile of the strip. */
export interface StripItem extends Tile {
  /** The layer that a click chooses and whose picture it shows. */
  readonly face: LayerRecord;
  /** Whether it stands for several tiles that are folded away, rather than for a layer with its small followers. */
  readonly folded: boolean;
}

/** More tiles than this are folded by blocks. */
export const MOST_TILES = 16;

/**
 * The strip of a network. Small layers join the layer that they follow. Where more than `most` tiles are left, layers
 * of one output size form a block, and every block but that of the current layer folds to one tile; a block still too
 * long keeps the neighbours of the current layer. Every layer is in exactly one tile, in order.
 */
export function foldStrip(layers: readonly LayerRecord[], current: string | null, most = MOST_TILES): StripItem[] {
  const tiles = joinSmall(layers, current).map((tile): StripItem => ({ ...tile, folded: false }));
  if (tiles.length <= most) return tiles;
  const blocks = blocksOf(tiles, (tile) => tile.face);
  const here = Math.max(
    0,
    blocks.findIndex((block) => block.some((tile) => holds(tile, current))),
  );
  const open = blocks[here] ?? [];
  const before = blocks.slice(0, here).map(foldTiles);
  const after = blocks.slice(here + 1).map(foldTiles);
  const inside = windowAround(open, current, Math.max(5, most - before.length - after.length));
  const room = Math.max(2, most - inside.length);
  return [...mergeFar(before, room, after.length, true), ...inside, ...mergeFar(after, room, before.length, false)];
}

function holds(tile: StripItem, path: string | null): boolean {
  return tile.layers.some((layer) => layer.path === path);
}

/** One tile for several; its face is the last that has a picture, for that is what the block hands on. */
function foldTiles(tiles: readonly StripItem[]): StripItem {
  const only = tiles[0];
  if (tiles.length === 1 && only) return only;
  const layers = tiles.flatMap((tile) => tile.layers);
  const pictured = layers.findLast((layer) => layer.role === "convolution" || layer.role === "pooling");
  return { layers, face: (pictured ?? layers.at(-1)) as LayerRecord, folded: true };
}

/** `room` tiles of a block: those nearest to the current layer, and a fold at each side for the others. */
function windowAround(block: readonly StripItem[], current: string | null, room: number): StripItem[] {
  if (block.length <= room) return [...block];
  const at = Math.max(
    0,
    block.findIndex((tile) => holds(tile, current)),
  );
  const shown = Math.max(1, room - 2);
  const start = Math.min(Math.max(0, at - (shown >> 1)), block.length - shown);
  const parts = [block.slice(0, start), block.slice(start + shown)].map((part) =>
    part.length ? [foldTiles(part)] : [],
  );
  return [...(parts[0] ?? []), ...block.slice(start, start + shown), ...(parts[1] ?? [])];
}

/** Folds of folds, farthest from the current block, where even the blocks are too many for both sides' room. */
function mergeFar(side: StripItem[], room: number, other: number, leading: boolean): StripItem[] {
  const share = Math.max(1, Math.floor((room * side.length) / Math.max(1, side.length + other)));
  if (side.length <= share) return side;
  const far = side.length - share + 1;
  return leading
    ? [foldTiles(side.slice(0, far)), ...side.slice(far)]
    : [...side.slice(0, share - 1), foldTiles(side.slice(share - 1))];
}
