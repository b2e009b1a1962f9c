/**
 * What a grid renderer draws: equal tiles of cells in columns and rows, with gaps.
 *
 * The values of all tiles lie in one array, tile after tile, row after row; `tiles` says which of them stands at which
 * place, so that sorting copies nothing. Kernels, feature maps, matrices and heatmaps are all such scenes.
 */
import type { ChannelOrder, Palette } from "../math/colour.ts";

/** Places that hold no tile. */
export const EMPTY = -1;
/** Places whose tile was not logged: hatched. */
export const NOT_LOGGED = -2;

export interface GridScene {
  /** Tile t begins at t · planes · tileWidth · tileHeight. */
  readonly values: Float32Array;
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly columns: number;
  readonly rows: number;
  /** The tile at place row · columns + column, EMPTY or NOT_LOGGED; default: tile p at place p. */
  readonly tiles?: Int32Array;
  /** 1 for each tile (by tile, not by place) that is practically dead: crossed out instead of coloured. Default: none. */
  readonly dead?: Uint8Array | undefined;
  readonly colouring: Colouring;
  readonly spacing?: Spacing;
}

/** How values become colours: through a palette, or three planes a tile as the three colours around mid grey. */
export type Colouring = PaletteColouring | FoldedColouring;

export interface PaletteColouring {
  readonly kind: "palette";
  readonly palette: Palette;
  readonly range: TileRanges;
}

export interface FoldedColouring {
  readonly kind: "folded";
  /** ±bound are the ends of each channel, for all tiles or by tile. */
  readonly bound: Float64Array | number;
  /** Which colour each plane is; default: rgb. */
  readonly order?: ChannelOrder;
}

/** One range for all tiles, or one a tile (by tile, not by place). */
export type TileRanges =
  { readonly lo: number; readonly hi: number } | { readonly lo: Float64Array; readonly hi: Float64Array };

/** Distances in CSS pixels, except `gap`, which is in cells so that it grows with the zoom. */
export interface Spacing {
  /** Between tiles, in cells; default 1. */
  readonly gap?: number;
  /** The gap in CSS pixels is kept between these; default 1 and 12. */
  readonly smallestGap?: number;
  readonly largestGap?: number;
  /** Room for a label below each tile; default 0. */
  readonly footer?: number;
  /** After so many columns the gap is `groupGap` times as wide; default: never. */
  readonly groupColumns?: number;
  readonly groupGap?: number;
  /**
   * Fit to whole device pixels a cell; default true. Without, a tile is whole pixels and its cells may differ by one: for
   * maps of many cells, where the next whole size down leaves a third of the room empty.
   */
  readonly wholeCells?: boolean;
}

export interface Cell {
  /** Place on the grid, from the top left, row by row. */
  readonly place: number;
  readonly column: number;
  readonly row: number;
  /** Inside the tile. */
  readonly x: number;
  readonly y: number;
}

export function planesOf(scene: GridScene): number {
  return scene.colouring.kind === "folded" ? 3 : 1;
}

export function tileAt(scene: GridScene, place: number): number {
  if (place < 0 || place >= scene.columns * scene.rows) return EMPTY;
  if (scene.tiles) return scene.tiles[place] ?? EMPTY;
  return place < tileCount(scene) ? place : EMPTY;
}

function tileCount(scene: GridScene): number {
  const size = planesOf(scene) * scene.tileWidth * scene.tileHeight;
  return size > 0 ? Math.floor(scene.values.length / size) : 0;
}

/** The value of a cell, of its first plane where there are three; undefined where no tile stands. */
export function valueAt(scene: GridScene, cell: Cell, plane = 0): number | undefined {
  const tile = tileAt(scene, cell.place);
  if (tile < 0) return undefined;
  const area = scene.tileWidth * scene.tileHeight;
  return scene.values[(tile * planesOf(scene) + plane) * area + cell.y * scene.tileWidth + cell.x];
}

export function rangeOfTile(range: TileRanges, tile: number): { lo: number; hi: number } {
  if (typeof range.lo === "number") return range as { lo: number; hi: number };
  return { lo: range.lo[tile]!, hi: (range.hi as Float64Array)[tile]! };
}
