/** Feature maps as scenes for the grid. */

import type { GridScene, Spacing, TileRanges } from "../../canvas/grid_scene.ts";
import { paletteOf } from "../../math/colour.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { mapValues, type MapStack } from "../../math/map_values.ts";

/** Where the cells of a map lie on its tile: one slice of a volume; a line of cells as a band that can be seen. */
export interface TileShape {
  readonly width: number;
  readonly height: number;
  /** Cells of the map that one tile shows, from this index on. */
  readonly start: number;
  readonly cells: number;
  /** A map of one row is drawn this many rows high. */
  readonly repeat: number;
}

const BAND = 8;

export function tileShape(stack: MapStack, slice: number): TileShape {
  const [depth, rows, columns] = stack.spatial;
  const shown = Math.min(Math.max(0, slice), Math.max(0, depth - 1));
  const repeat = stack.axes === 1 ? Math.max(1, Math.round(columns / BAND)) : 1;
  return { width: columns, height: rows * repeat, start: shown * rows * columns, cells: rows * columns, repeat };
}

/** Cell of the map, [slice, row, column], at (x, y) of its tile, and back to the first of its rows. */
export function cellOfTile(shape: TileShape, slice: number, x: number, y: number): [number, number, number] {
  return [slice, shape.repeat > 1 ? 0 : y, x];
}

/** Values of these maps, tile after tile. `pick` gives image and slot; null leaves the tile empty (NaN). */
export function tileValues(shape: TileShape, tiles: readonly (Float32Array | null)[]): Float32Array {
  const size = shape.width * shape.height;
  const values = new Float32Array(tiles.length * size).fill(NaN);
  for (const [tile, map] of tiles.entries()) {
    if (!map) continue;
    const part = map.subarray(shape.start, shape.start + shape.cells);
    for (let i = 0; i < shape.repeat; i++) values.set(part, tile * size + i * shape.cells);
  }
  return values;
}

export function imageTiles(stack: MapStack, image: number): Float32Array[] {
  return Array.from({ length: stack.kept }, (_, slot) => mapValues(stack, image, slot));
}

export function mapScene(
  shape: TileShape,
  values: Float32Array,
  tiles: Int32Array,
  map: ColourMap,
  range: TileRanges,
  spacing: Spacing,
  dead?: Uint8Array,
): GridScene {
  return {
    dead,
    values,
    tileWidth: shape.width,
    tileHeight: shape.height,
    columns: tiles.length,
    rows: 1,
    tiles,
    colouring: { kind: "palette", palette: paletteOf(map), range },
    spacing,
  };
}

/** A single map. */
export function oneMapScene(
  shape: TileShape,
  values: Float32Array,
  map: ColourMap,
  range: TileRanges,
  dead = false,
): GridScene {
  const spacing = { gap: 0, wholeCells: false };
  return mapScene(
    shape,
    tileValues(shape, [values]),
    Int32Array.of(0),
    map,
    range,
    spacing,
    dead ? Uint8Array.of(1) : undefined,
  );
}
