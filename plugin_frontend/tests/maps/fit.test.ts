import { expect, test } from "vitest";
import { bestColumns, fitPose, layoutGrid, NO_INSETS, placeRect } from "../../src/canvas/grid_layout.ts";
import { paletteOf } from "../../src/math/colour.ts";
import { viridis } from "../../src/math/colour_maps.ts";
import { SPACING } from "../../src/views/maps/spacing.ts";
import { below, seeded } from "./cases.ts";

test("maps fill the room better in whole tiles than in whole cells, and stay inside it", () => {
  const random = seeded(81);
  let better = 0;
  for (let round = 0; round < 200; round++) {
    const count = 1 + below(random, 64);
    const density = [1, 1.5, 2][below(random, 3)]!;
    const viewport = { width: 300 + below(random, 600), height: 200 + below(random, 500), insets: NO_INSETS, density };
    const fitted = [true, false].map((wholeCells) => {
      const bare = {
        values: new Float32Array(0),
        tileWidth: 4 + below(seeded(round), 40),
        tileHeight: 4 + below(seeded(round + 9), 40),
        colouring: { kind: "palette", palette: paletteOf(viridis), range: { lo: 0, hi: 1 } } as const,
        spacing: { ...SPACING, wholeCells },
      };
      const columns = bestColumns(count, bare, viewport);
      const scene = { ...bare, columns, rows: Math.ceil(count / columns) };
      const pose = fitPose(scene, viewport);
      const layout = layoutGrid(scene, viewport, pose);
      const last = placeRect(layout, count - 1);
      expect(last.y + last.height + layout.footer).toBeLessThanOrEqual(viewport.height + 1);
      const right = placeRect(layout, columns - 1);
      expect(right.x + right.width).toBeLessThanOrEqual(viewport.width + 1);
      return { cell: pose.cell * density, width: right.width * density };
    });
    const [cells, tiles] = fitted as [{ cell: number; width: number }, { cell: number; width: number }];
    expect(tiles.cell).toBeGreaterThanOrEqual(cells.cell - 1e-9);
    if (tiles.cell >= 2) expect(Math.abs(tiles.width - Math.round(tiles.width))).toBeLessThan(1e-6);
    if (tiles.cell > cells.cell + 0.1) better++;
  }
  expect(better).toBeGreaterThan(50);
});
