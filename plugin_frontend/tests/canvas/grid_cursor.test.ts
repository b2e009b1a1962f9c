import { describe, expect, it } from "vitest";
import { stepCursor } from "../../src/canvas/grid_cursor.ts";
import type { Cell, GridScene } from "../../src/canvas/grid_scene.ts";
import { paletteOf } from "../../src/math/colour.ts";
import { viridis } from "../../src/math/colour_maps.ts";

const scene: GridScene = {
  values: new Float32Array(5 * 6),
  tileWidth: 3,
  tileHeight: 2,
  columns: 3,
  rows: 2,
  colouring: { kind: "palette", palette: paletteOf(viridis), range: { lo: 0, hi: 1 } },
};

function walk(keys: string, byTile = false): Cell | null {
  const names: Record<string, string> = { L: "ArrowLeft", R: "ArrowRight", U: "ArrowUp", D: "ArrowDown" };
  let cell: Cell | null = null;
  for (const key of keys) cell = stepCursor(scene, cell, names[key]!, byTile);
  return cell;
}

describe("stepCursor", () => {
  it("begins at the first cell and goes from tile to tile", () => {
    expect(walk("R")).toMatchObject({ place: 0, x: 0, y: 0 });
    expect(walk("RRRR")).toMatchObject({ place: 1, x: 0, y: 0 });
    expect(walk("RDD")).toMatchObject({ place: 3, row: 1, x: 0, y: 0 });
    expect(walk("RR", true)).toMatchObject({ place: 1, x: 0 });
    expect(walk("RRL", true)).toMatchObject({ place: 0, x: 0 });
  });

  it("stops where the grid ends, and where a place is empty", () => {
    expect(walk("RLU")).toMatchObject({ place: 0, x: 0, y: 0 });
    expect(walk("R" + "R".repeat(20))).toMatchObject({ place: 2, x: 2 });
    expect(walk("R" + "R".repeat(8) + "DD")).toMatchObject({ place: 2, y: 1 });
  });

  it("leaves other keys alone", () => {
    expect(stepCursor(scene, null, "x", false)).toBeNull();
  });
});
