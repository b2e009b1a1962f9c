/** Seeded scenes and viewports. */
import { rdbu } from "../../src/math/colour_maps.ts";
import { paletteOf } from "../../src/math/colour.ts";
import { EMPTY, NOT_LOGGED, type GridScene } from "../../src/canvas/grid_scene.ts";
import type { Viewport } from "../../src/canvas/grid_layout.ts";
import type { RandomValues } from "../math/random_values.ts";

export function randomScene(random: RandomValues, dense = false): GridScene {
  const folded = random.uniform() < 0.3;
  const [tileWidth, tileHeight] = [random.integer(1, 7), random.integer(1, 7)];
  const columns = dense ? random.integer(70, 120) : random.integer(1, 12);
  const rows = dense ? random.integer(70, 90) : random.integer(1, 12);
  const count = random.integer(1, columns * rows);
  const tiles = Int32Array.from({ length: columns * rows }, () => {
    const dice = random.uniform();
    return dice < 0.05 ? EMPTY : dice < 0.1 ? NOT_LOGGED : random.integer(0, count - 1);
  });
  const values = random.weights(count * tileWidth * tileHeight * (folded ? 3 : 1), 0.05);
  const bound = Float64Array.from({ length: count }, () => random.uniform() * 3);
  return {
    values,
    tileWidth,
    tileHeight,
    columns,
    rows,
    tiles,
    colouring: folded
      ? { kind: "folded", bound, ...(count % 2 ? { order: "bgr" } : {}) }
      : { kind: "palette", palette: paletteOf(rdbu), range: { lo: bound.map((b) => -b), hi: bound } },
    spacing: {
      gap: [0, 0.6, 1][random.integer(0, 2)]!,
      footer: random.integer(0, 1) * 18,
      groupColumns: random.integer(0, 3),
    },
  };
}

export function randomViewport(random: RandomValues): Viewport {
  const inset = (): number => random.integer(0, 40);
  return {
    width: random.integer(200, 1400),
    height: random.integer(150, 900),
    density: [1, 1.5, 2][random.integer(0, 2)]!,
    insets: { left: inset(), top: inset(), right: inset(), bottom: inset() },
  };
}
