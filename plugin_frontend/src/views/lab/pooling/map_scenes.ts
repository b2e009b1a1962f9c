/** Maps of the picture as scenes for grids. No effects. */
import type { GridScene } from "../../../canvas/grid_scene.ts";
import { paletteOf } from "../../../math/colour.ts";
import type { Grid, Planes } from "../../../math/planes.ts";
import { signedRoot, type Scale } from "./scales.ts";
import type { WindowNumbers } from "./window_numbers.ts";

/** A map of one row is drawn as a band so many times as wide as high. */
const BAND = 8;

export function bandRows(axes: number, columns: number): number {
  return axes === 1 ? Math.max(1, Math.round(columns / BAND)) : 1;
}

/** One map; `band`: times that each row is drawn. */
export function sceneOf(
  values: Float32Array,
  rows: number,
  columns: number,
  { range, map }: Scale,
  band = 1,
): GridScene {
  const repeated = band === 1 ? values : new Float32Array(values.length * band);
  if (band > 1) {
    for (let row = 0; row < rows * band; row++) {
      const from = Math.floor(row / band) * columns;
      repeated.set(values.subarray(from, from + columns), row * columns);
    }
  }
  return {
    values: repeated,
    tileWidth: columns,
    tileHeight: rows * band,
    columns: 1,
    rows: 1,
    colouring: { kind: "palette", palette: paletteOf(map), range },
    spacing: { gap: 0, wholeCells: false },
  };
}

/** Cells of padding hold 0 and are painted over. */
export function inputScene({ values, rows, columns }: Planes, grid: Grid, scale: Scale, band: number): GridScene {
  const [height, width] = [
    rows + grid.rows.before + grid.rows.after,
    columns + grid.columns.before + grid.columns.after,
  ];
  if (height === rows && width === columns) return sceneOf(values, rows, columns, scale, band);
  const padded = new Float32Array(height * width);
  for (let row = 0; row < rows; row++) {
    padded.set(
      values.subarray(row * columns, (row + 1) * columns),
      (row + grid.rows.before) * width + grid.columns.before,
    );
  }
  return sceneOf(padded, height, width, scale, band);
}

export function gradientScene(
  gradient: Float32Array,
  { rows, columns }: Planes,
  scale: Scale,
  band: number,
): GridScene {
  return sceneOf(gradient.map(signedRoot), rows, columns, scale, band);
}

export function windowScene({ values, rows, columns }: WindowNumbers, scale: Scale): GridScene {
  return sceneOf(values, rows, columns, scale);
}
