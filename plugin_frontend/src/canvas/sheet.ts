/**
 * A scene as one large picture, a pixel a cell, cut into square pages that are painted when they are first seen.
 *
 * In a dense scene the tiles stand on the sheet as they stand on the grid, a pixel apart. In a loose one each is drawn
 * by itself, and stands at a multiple of eight so that three halvings do not mix it with its neighbour.
 */
import { INF_PIXEL, NAN_PIXEL, colourIndex, foldedPixel } from "../math/colour.ts";
import {
  NOT_LOGGED,
  planesOf,
  tileAt,
  type FoldedColouring,
  type GridScene,
  type PaletteColouring,
} from "./grid_scene.ts";
import { gapRange, isDense } from "./grid_layout.ts";

export const PAGE = 1024;
export const LOOSE_HALVINGS = 3;

export interface SheetGeometry {
  readonly pitchX: number;
  readonly pitchY: number;
  readonly width: number;
  readonly height: number;
}

export function sheetGeometry(scene: GridScene): SheetGeometry {
  const { tileWidth, tileHeight, columns, rows } = scene;
  if (isDense(scene)) {
    const gap = gapRange(scene)[0];
    const [pitchX, pitchY] = [tileWidth + gap, tileHeight + gap];
    return { pitchX, pitchY, width: columns * pitchX - gap, height: rows * pitchY - gap };
  }
  const unit = 1 << LOOSE_HALVINGS;
  const [pitchX, pitchY] = [Math.ceil(tileWidth / unit) * unit, Math.ceil(tileHeight / unit) * unit];
  return { pitchX, pitchY, width: columns * pitchX, height: rows * pitchY };
}

/** A part of the sheet, in pixels. */
export interface Patch {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Paint a part of the sheet into `pixels` (0xaabbggrr, row by row). Gaps stay transparent, and so do dead tiles of a loose
 * scene, which are crossed out on the screen; hatching, and dead tiles of a dense scene, take `hatch`.
 */
export function paintPatch(scene: GridScene, patch: Patch, pixels: Uint32Array, hatch: number): void {
  const { pitchX, pitchY } = sheetGeometry(scene);
  pixels.fill(0, 0, patch.width * patch.height);
  const firstColumn = Math.floor(patch.x / pitchX);
  const lastColumn = Math.min(scene.columns - 1, Math.floor((patch.x + patch.width - 1) / pitchX));
  const firstRow = Math.floor(patch.y / pitchY);
  const lastRow = Math.min(scene.rows - 1, Math.floor((patch.y + patch.height - 1) / pitchY));
  const target = new Int32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const deadPixel = isDense(scene) ? hatch : 0;
  const part: TilePart = { left: 0, top: 0, stride: patch.width, x0: 0, x1: 0, y0: 0, y1: 0 };
  // Column by column: a matrix' column is one filter, whose weights lie together in memory.
  for (let column = firstColumn; column <= lastColumn; column++) {
    part.left = column * pitchX - patch.x;
    part.x0 = Math.max(0, -part.left);
    part.x1 = Math.min(scene.tileWidth, patch.width - part.left);
    for (let row = firstRow; row <= lastRow; row++) {
      const tile = tileAt(scene, row * scene.columns + column);
      part.top = row * pitchY - patch.y;
      part.y0 = Math.max(0, -part.top);
      part.y1 = Math.min(scene.tileHeight, patch.height - part.top);
      if (tile === NOT_LOGGED) paintHatching(part, target, hatch);
      else if (tile < 0) continue;
      else if (scene.dead?.[tile]) paintEvenly(part, target, deadPixel);
      else if (scene.colouring.kind === "folded") paintFolded(scene, scene.colouring, tile, part, target);
      else paintPalette(scene, scene.colouring, tile, part, target);
    }
  }
}

/** Cells x0…x1, y0…y1 of a tile whose first cell falls on (left, top) of a picture `stride` pixels wide. */
interface TilePart {
  left: number;
  top: number;
  stride: number;
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

// Signed, which engines keep out of floating point.
const NAN = NAN_PIXEL | 0;
const INF = INF_PIXEL | 0;

/** Written without allocations, and colourPixel() written out: it runs for each of a large layer's kernels. */
function paintPalette(
  scene: GridScene,
  { palette, range }: PaletteColouring,
  tile: number,
  part: TilePart,
  target: Int32Array,
): void {
  const table = palette.signed;
  const lo = typeof range.lo === "number" ? range.lo : range.lo[tile]!;
  const hi = typeof range.hi === "number" ? range.hi : range.hi[tile]!;
  const { values, tileWidth, tileHeight } = scene;
  const { left, top, stride, x0, x1, y0, y1 } = part;
  const factor = 256 / (hi - lo);
  const usual = hi > lo;
  let from = (tile * tileHeight + y0) * tileWidth;
  for (let y = y0; y < y1; y++, from += tileWidth) {
    const to = (top + y) * stride + left;
    for (let x = x0; x < x1; x++) {
      const value = values[from + x]!;
      let pixel: number;
      if (value - value !== 0) pixel = value !== value ? NAN : INF;
      else if (usual) {
        const index = (value - lo) * factor;
        pixel = table[index < 0 ? 0 : index > 255 ? 255 : index | 0]!;
      } else pixel = table[colourIndex(value, lo, hi, palette.map.diverging)]!;
      target[to + x] = pixel;
    }
  }
}

function paintFolded(
  scene: GridScene,
  { bound, order }: FoldedColouring,
  tile: number,
  part: TilePart,
  target: Int32Array,
): void {
  const limit = typeof bound === "number" ? bound : bound[tile]!;
  const { values, tileWidth, tileHeight } = scene;
  const area = tileWidth * tileHeight;
  const start = tile * planesOf(scene) * area;
  const [red, blue] = order === "bgr" ? [2 * area, 0] : [0, 2 * area];
  for (let y = part.y0; y < part.y1; y++) {
    for (let x = part.x0; x < part.x1; x++) {
      const at = start + y * tileWidth + x;
      const pixel = foldedPixel(values[at + red]!, values[at + area]!, values[at + blue]!, limit);
      target[(part.top + y) * part.stride + part.left + x] = pixel;
    }
  }
}

function paintEvenly(part: TilePart, target: Int32Array, pixel: number): void {
  for (let y = part.y0; y < part.y1; y++) {
    const row = (part.top + y) * part.stride + part.left;
    target.fill(pixel, row + part.x0, row + part.x1);
  }
}

function paintHatching(part: TilePart, target: Int32Array, hatch: number): void {
  for (let y = part.y0; y < part.y1; y++) {
    for (let x = part.x0; x < part.x1; x++) {
      if ((x + y) % 3 === 0) target[(part.top + y) * part.stride + part.left + x] = hatch;
    }
  }
}
