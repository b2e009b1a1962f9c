import { expect, test } from "vitest";
import { tileLayout, wholeMultiple } from "../../src/math/tile_layout";
import { below, seeded } from "./cases";

test("cells are whole device pixels wherever there is a pixel for each", () => {
  const random = seeded(61);
  for (let round = 0; round < 500; round++) {
    const [wanted, cells, ratio] = [1 + random() * 300, 1 + below(random, 120), [1, 1.25, 2][below(random, 3)]!];
    const width = wholeMultiple(wanted, cells, ratio);
    expect(width).toBeLessThanOrEqual(wanted + 1e-9);
    const pixels = (width * ratio) / cells;
    if (pixels >= 1 - 1e-9) {
      expect(pixels).toBeCloseTo(Math.round(pixels), 9);
      expect((width * ratio) / cells + 1).toBeGreaterThan((wanted * ratio) / cells - 1e-9);
    }
  }
});

test("tiles fit the width always, the height where that is possible at all, and no larger tile would", () => {
  const random = seeded(62);
  let fitted = 0;
  for (let round = 0; round < 500; round++) {
    const space = {
      width: 120 + below(random, 900), height: 60 + below(random, 700), gap: 12, label: 16,
      smallest: 24 + below(random, 20), largest: 96 + below(random, 60),
    };
    const count = 1 + below(random, 200);
    const cells = [1 + below(random, 60), 1 + below(random, 60)] as const;
    const layout = tileLayout(count, cells, space, 1);
    expect(layout.columns * layout.width + (layout.columns - 1) * space.gap).toBeLessThanOrEqual(space.width + 1e-6);
    expect(layout.columns * layout.rows).toBeGreaterThanOrEqual(count);
    expect(layout.columns * (layout.rows - 1)).toBeLessThan(count);
    expect(layout.width).toBeLessThanOrEqual(space.largest);

    // Every integer width: does the whole of it fit, at whole cells?
    let best = 0;
    for (let width = 1; width <= space.largest; width++) {
      if (width > cells[1] && width % cells[1] !== 0) continue;
      const columns = Math.floor((space.width + space.gap) / (width + space.gap));
      if (columns < 1) continue;
      const height = Math.max(8, (width * cells[0]) / cells[1]);
      const rows = Math.ceil(count / columns);
      if (rows * (height + space.label + space.gap) - space.gap <= space.height) best = width;
    }
    const rows = layout.rows * (layout.height + space.label + space.gap) - space.gap;
    if (rows <= space.height) {
      fitted++;
      expect(Math.abs(layout.width - best)).toBeLessThan(1);
    } else expect(best).toBeLessThanOrEqual(space.smallest);
  }
  expect(fitted).toBeGreaterThan(50);
});
