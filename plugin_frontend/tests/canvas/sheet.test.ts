import { describe, expect, it } from "vitest";
import { halve } from "../../src/canvas/reduce.ts";
import { paintPatch, sheetGeometry } from "../../src/canvas/sheet.ts";
import { NOT_LOGGED, tileAt, valueAt, type GridScene } from "../../src/canvas/grid_scene.ts";
import { INF_PIXEL, NAN_PIXEL, colourPixel, foldedPixel } from "../../src/math/colour.ts";
import { RandomValues } from "../math/random_values.ts";
import { randomScene } from "./scenes.ts";

const HATCH = 0xff123456;

/** The sheet's pixel by the definition: which tile, which cell, which colour. */
function naivePixel(scene: GridScene, x: number, y: number): number {
  const { pitchX, pitchY } = sheetGeometry(scene);
  const [column, row] = [Math.floor(x / pitchX), Math.floor(y / pitchY)];
  const cell = { place: row * scene.columns + column, column, row, x: x - column * pitchX, y: y - row * pitchY };
  if (column >= scene.columns || row >= scene.rows) return 0;
  if (cell.x >= scene.tileWidth || cell.y >= scene.tileHeight) return 0;
  const tile = tileAt(scene, cell.place);
  if (tile === NOT_LOGGED) return (cell.x + cell.y) % 3 === 0 ? HATCH : 0;
  if (tile < 0) return 0;
  if (scene.colouring.kind === "folded") {
    const planes = scene.colouring.order === "bgr" ? [2, 1, 0] : [0, 1, 2];
    const [r, g, b] = planes.map((plane) => valueAt(scene, cell, plane)!) as [number, number, number];
    return foldedPixel(r, g, b, (scene.colouring.bound as Float64Array)[tile]!);
  }
  const { lo, hi } = scene.colouring.range as { lo: Float64Array; hi: Float64Array };
  return colourPixel(valueAt(scene, cell)!, lo[tile]!, hi[tile]!, scene.colouring.palette);
}

describe("paintPatch", () => {
  it("paints each pixel by its tile, cell and range, whatever part is asked for", () => {
    const random = new RandomValues(21);
    for (let round = 0; round < 60; round++) {
      const scene = randomScene(random, round % 6 === 5);
      const sheet = sheetGeometry(scene);
      const [x, y] = [random.integer(0, sheet.width - 1), random.integer(0, sheet.height - 1)];
      const patch = {
        x,
        y,
        width: random.integer(1, Math.min(50, sheet.width - x)),
        height: random.integer(1, Math.min(50, sheet.height - y)),
      };
      const pixels = new Uint32Array(patch.width * patch.height).fill(7);
      paintPatch(scene, patch, pixels, HATCH);
      const expected = Uint32Array.from(pixels, (_, i) =>
        naivePixel(scene, x + (i % patch.width), y + Math.floor(i / patch.width)),
      );
      expect(pixels).toEqual(expected);
    }
  });
});

describe("halve", () => {
  it("takes the mean of four, weighted by alpha", () => {
    const random = new RandomValues(22);
    for (let round = 0; round < 60; round++) {
      const [width, height] = [random.integer(1, 9), random.integer(1, 9)];
      const pixels = Uint32Array.from({ length: width * height }, () =>
        random.uniform() < 0.3 ? 0 : (0xff000000 | random.integer(0, 0xffffff)) >>> 0,
      );
      const result = halve(pixels, width, height);
      const across = Math.ceil(width / 2);
      result.forEach((pixel, i) => {
        const [x, y] = [(i % across) * 2, Math.floor(i / across) * 2];
        const block = [
          [x, y],
          [x + 1, y],
          [x, y + 1],
          [x + 1, y + 1],
        ]
          .filter(([u, v]) => u! < width && v! < height)
          .map(([u, v]) => pixels[v! * width + u!]!);
        const solid = block.filter((p) => p >>> 24);
        expect(pixel >>> 24).toBe(Math.round((255 * solid.length) / block.length));
        for (const shift of solid.length ? [0, 8, 16] : []) {
          const mean = solid.reduce((sum, p) => sum + ((p >>> shift) & 255), 0) / solid.length;
          expect(Math.abs(((pixel >>> shift) & 255) - mean)).toBeLessThanOrEqual(0.5001);
        }
      });
    }
  });

  it("never loses a NaN or an Inf", () => {
    const white = 0xffffffff;
    let pixels = new Uint32Array(64 * 64).fill(white);
    pixels[5 * 64 + 9] = NAN_PIXEL;
    pixels[40 * 64 + 50] = INF_PIXEL;
    for (let size = 64; size > 2; size /= 2) pixels = halve(pixels, size, size) as typeof pixels;
    expect([...pixels]).toEqual([NAN_PIXEL, white, white, INF_PIXEL]);
  });
});
