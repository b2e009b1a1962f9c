/**
 * A scene as one large picture, a pixel a cell, cut into square pages that are painted when they are first seen.
 *
 * In a dense scene the tiles stand on the sheet as they stand on the grid, a pixel apart. In a loose one each is drawn
 * by itself, and stands at a multiple of eight so that three halvings do not mix it with its neighbour.
 */
import { INF_PIXEL, NAN_PIXEL, colourIndex, foldedPixel } from "../math/colour.ts";
import { NOT_LOGGED, planesOf, rangeOfTile, tileAt, type GridScene } from "./grid_scene.ts";
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

/** Paint a part of the sheet into `pixels` (0xaabbggrr, row by row); gaps stay transparent, hatching takes `hatch`. */
export function paintPatch(scene: GridScene, patch: Patch, pixels: Uint32Array, hatch: number): void {
  const { pitchX, pitchY } = sheetGeometry(scene);
  pixels.fill(0, 0, patch.width * patch.height);
  const firstColumn = Math.floor(patch.x / pitchX);
  const lastColumn = Math.min(scene.columns - 1, Math.floor((patch.x + patch.width - 1) / pitchX));
  const firstRow = Math.floor(patch.y / pitchY);
  const lastRow = Math.min(scene.rows - 1, Math.floor((patch.y + patch.height - 1) / pitchY));
  const paint = scene.colouring.kind === "folded" ? paintFolded : paintPalette;
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const tile = tileAt(scene, row * scene.columns + column);
      const left = column * pitchX - patch.x;
      const top = row * pitchY - patch.y;
      const part: TilePart = {
        left, top, stride: patch.width,
        x0: Math.max(0, -left), x1: Math.min(scene.tileWidth, patch.width - left),
        y0: Math.max(0, -top), y1: Math.min(scene.tileHeight, patch.height - top),
      };
      if (tile >= 0) paint(scene, tile, part, pixels);
      else if (tile === NOT_LOGGED) paintHatching(part, pixels, hatch);
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

function paintPalette(scene: GridScene, tile: number, part: TilePart, pixels: Uint32Array): void {
  if (scene.colouring.kind !== "palette") return;
  const { pixels: table, map } = scene.colouring.palette;
  const { lo, hi } = rangeOfTile(scene.colouring.range, tile);
  const { values, tileWidth, tileHeight } = scene;
  const start = tile * tileWidth * tileHeight;
  // The inner loop is colourPixel() written out: the one place where its cost shows.
  const factor = 256 / (hi - lo);
  const usual = hi > lo;
  for (let y = part.y0; y < part.y1; y++) {
    const from = start + y * tileWidth;
    const to = (part.top + y) * part.stride + part.left;
    for (let x = part.x0; x < part.x1; x++) {
      const value = values[from + x]!;
      let pixel: number;
      if (value - value !== 0) pixel = value !== value ? NAN_PIXEL : INF_PIXEL;
      else if (usual) {
        const index = Math.floor((value - lo) * factor);
        pixel = table[index < 0 ? 0 : index > 255 ? 255 : index]!;
      } else pixel = table[colourIndex(value, lo, hi, map.diverging)]!;
      pixels[to + x] = pixel;
    }
  }
}

function paintFolded(scene: GridScene, tile: number, part: TilePart, pixels: Uint32Array): void {
  if (scene.colouring.kind !== "folded") return;
  const { bound } = scene.colouring;
  const limit = typeof bound === "number" ? bound : bound[tile]!;
  const { values, tileWidth, tileHeight } = scene;
  const area = tileWidth * tileHeight;
  const start = tile * planesOf(scene) * area;
  for (let y = part.y0; y < part.y1; y++) {
    for (let x = part.x0; x < part.x1; x++) {
      const at = start + y * tileWidth + x;
      const pixel = foldedPixel(values[at]!, values[at + area]!, values[at + 2 * area]!, limit);
      pixels[(part.top + y) * part.stride + part.left + x] = pixel;
    }
  }
}

function paintHatching(part: TilePart, pixels: Uint32Array, hatch: number): void {
  for (let y = part.y0; y < part.y1; y++) {
    for (let x = part.x0; x < part.x1; x++) {
      if ((x + y) % 3 === 0) pixels[(part.top + y) * part.stride + part.left + x] = hatch;
    }
  }
}
