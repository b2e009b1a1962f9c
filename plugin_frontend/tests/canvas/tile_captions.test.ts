import { expect, it } from "vitest";
import { layoutGrid, NO_INSETS, placeRect } from "../../src/canvas/grid_layout.ts";
import { besideCaption, captionRoom } from "../../src/canvas/tile_captions.ts";
import { paletteOf } from "../../src/math/colour.ts";
import { rdbu } from "../../src/math/colour_maps.ts";
import type { GridScene } from "../../src/canvas/grid_scene.ts";

it("captions of neighbours stand at least eight pixels apart, however near the tiles are", () => {
  const scene: GridScene = {
    values: new Float32Array(64 * 9),
    tileWidth: 3,
    tileHeight: 3,
    columns: 8,
    rows: 8,
    spacing: { gap: 1, footer: 18 },
    colouring: { kind: "palette", palette: paletteOf(rdbu), range: { lo: -1, hi: 1 } },
  };
  const viewport = { width: 900, height: 700, insets: NO_INSETS, density: 1 };
  for (const cell of [6, 9, 14, 20, 30]) {
    for (const gap of [0, 0.1, 0.4, 1]) {
      const layout = layoutGrid(scene, viewport, { cell, gap, x: 0, y: 0 });
      const [one, next] = [placeRect(layout, 0), placeRect(layout, 1)];
      expect(one.x + captionRoom(layout, one.width)).toBeLessThanOrEqual(next.x - 8 + 1e-9);
    }
  }
});

it("the first text that fits beside what is taken", () => {
  const measure = (text: string): number => 6 * text.length;
  expect(besideCaption(["0.1234", "0.12"], 12, 60, measure)).toBe("0.1234");
  expect(besideCaption(["0.1234", "0.12"], 12, 48, measure)).toBe("0.12");
  expect(besideCaption(["0.1234", "0.12"], 12, 36, measure)).toBeNull();
});
