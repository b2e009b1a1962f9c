import { describe, expect, it } from "vitest";
import {
  bestColumns,
  cellRect,
  clampPose,
  contentSize,
  distanceToSight,
  fitPose,
  hitTest,
  innerSize,
  layoutGrid,
  placeRect,
  visibleTiles,
  zoomAround,
} from "../../src/canvas/grid_layout.ts";
import type { GridScene } from "../../src/canvas/grid_scene.ts";
import { RandomValues } from "../math/random_values.ts";
import { randomScene, randomViewport } from "./scenes.ts";

/** Scenes fitted and then, in half of the rounds, zoomed somewhere. */
function* layouts(seed: number, rounds: number) {
  const random = new RandomValues(seed);
  for (let round = 0; round < rounds; round++) {
    const scene = randomScene(random, round % 5 === 4);
    const viewport = randomViewport(random);
    let layout = layoutGrid(scene, viewport, fitPose(scene, viewport));
    if (round % 2) {
      const cell = Math.min(90, layout.pose.cell * (1 + 6 * random.uniform()));
      const point = [random.uniform() * viewport.width, random.uniform() * viewport.height] as const;
      layout = layoutGrid(scene, viewport, zoomAround(layout, cell, ...point));
    }
    yield { random, scene, viewport, layout };
  }
}

describe("fitPose", () => {
  it("shows everything, and in whole device pixels", () => {
    const random = new RandomValues(11);
    for (let round = 0; round < 150; round++) {
      const scene = randomScene(random, round % 5 === 4);
      const viewport = randomViewport(random);
      const pose = fitPose(scene, viewport);
      const size = contentSize(layoutGrid(scene, viewport, pose));
      const room = innerSize(viewport);
      if (pose.cell * viewport.density >= 2) {
        expect((pose.cell * viewport.density) % 1).toBeCloseTo(0, 6);
        expect(size.width).toBeLessThanOrEqual(room.width + 1e-6);
        expect(size.height).toBeLessThanOrEqual(room.height + 1e-6);
      }
    }
  });

  it("wastes less than a device pixel a cell in one direction", () => {
    const random = new RandomValues(12);
    for (let round = 0; round < 100; round++) {
      const scene = { ...randomScene(random), spacing: { gap: 0 } };
      const viewport = randomViewport(random);
      const pose = fitPose(scene, viewport);
      if (pose.cell >= 90 || pose.cell * viewport.density < 3) continue;
      const larger = layoutGrid(scene, viewport, { ...pose, cell: pose.cell + 1 / viewport.density });
      const [size, room] = [contentSize(larger), innerSize(viewport)];
      expect(size.width > room.width || size.height > room.height).toBe(true);
    }
  });
});

describe("hitTest", () => {
  it("finds the cell whose rectangle holds the point, and only that", () => {
    for (const { random, scene, viewport, layout } of layouts(13, 200)) {
      const place = random.integer(0, scene.columns * scene.rows - 1);
      const [x, y] = [random.integer(0, scene.tileWidth - 1), random.integer(0, scene.tileHeight - 1)];
      const rect = cellRect(layout, place, x, y);
      const [px, py] = [rect.x + rect.width / 2, rect.y + rect.height / 2];
      const { insets, width, height } = viewport;
      const inside = px >= insets.left && py >= insets.top && px < width - insets.right && py < height - insets.bottom;
      const found = hitTest(layout, px, py);
      if (!inside) expect(found).toBeUndefined();
      else if (layout.pose.cell >= 2) expect(found).toMatchObject({ place, x, y });
    }
  });

  it("is empty in gaps and footers", () => {
    for (const { scene, layout } of layouts(14, 60)) {
      if (layout.dense) continue;
      const tile = placeRect(layout, 0);
      const below = tile.y + tile.height + (layout.down.pitch - tile.height) / 2;
      if (scene.rows > 1 && layout.down.pitch > tile.height + 2) {
        expect(hitTest(layout, tile.x + 1, below)).toBeUndefined();
      }
    }
  });
});

describe("zoomAround", () => {
  it("keeps the point under the pointer where it is", () => {
    for (const { random, scene, viewport, layout } of layouts(15, 200)) {
      const place = random.integer(0, scene.columns * scene.rows - 1);
      const before = cellRect(layout, place, 0, 0);
      const { insets } = viewport;
      const point = { x: before.x + before.width * 0.5, y: before.y + before.height * 0.5 };
      if (distanceToSight(layout, before).dx || distanceToSight(layout, before).dy) continue;
      const cell = Math.min(96, layout.pose.cell * 3);
      const next = layoutGrid(scene, viewport, zoomAround(layout, cell, point.x, point.y));
      const after = cellRect(next, place, 0, 0);
      const clamped =
        next.pose.x === 0 ||
        next.pose.y === 0 ||
        next.pose.x + innerSize(viewport).width >= contentSize(next).width - 1 ||
        next.pose.y + innerSize(viewport).height >= contentSize(next).height - 1;
      if (clamped) continue;
      // Snapping to device pixels moves a tile by up to half of one, each time.
      expect(Math.abs(after.x + after.width / 2 - point.x)).toBeLessThanOrEqual(2.1);
      expect(Math.abs(after.y + after.height / 2 - point.y)).toBeLessThanOrEqual(2.1);
      expect(insets.left).toBe(next.viewport.insets.left);
    }
  });
});

describe("clampPose", () => {
  it("never leaves emptiness that panning could fill", () => {
    for (const { random, scene, viewport, layout } of layouts(16, 150)) {
      const wild = { ...layout.pose, x: (random.uniform() - 0.5) * 1e4, y: (random.uniform() - 0.5) * 1e4 };
      const pose = clampPose(scene, viewport, wild);
      const [size, room] = [contentSize(layoutGrid(scene, viewport, pose)), innerSize(viewport)];
      for (const [offset, length, space] of [
        [pose.x, size.width, room.width],
        [pose.y, size.height, room.height],
      ]) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset!).toBeLessThanOrEqual(Math.max(0, length! - space!));
      }
    }
  });
});

describe("visibleTiles", () => {
  it("are those whose rectangle meets the viewport", () => {
    for (const { scene, viewport, layout } of layouts(17, 60)) {
      const seen = visibleTiles(layout)!;
      const { insets, width } = viewport;
      for (let column = 0; column < scene.columns; column++) {
        const rect = placeRect(layout, column);
        const shown = rect.x + rect.width > insets.left + 1 && rect.x < width - insets.right - 1;
        if (shown) expect(column >= seen.columns.first && column <= seen.columns.last).toBe(true);
      }
    }
  });
});

describe("bestColumns", () => {
  it("lets tiles be as large as any other number of columns does", () => {
    const random = new RandomValues(18);
    for (let round = 0; round < 60; round++) {
      const count = random.integer(1, 70);
      const scene = { ...randomScene(random), spacing: { gap: 1, footer: 16 } };
      const viewport = randomViewport(random);
      const whole = (columns: number): number => {
        const shape: GridScene = { ...scene, columns, rows: Math.ceil(count / columns) };
        return fitPose(shape, viewport).cell;
      };
      const best = Math.max(...Array.from({ length: count }, (_, i) => whole(i + 1)));
      expect(whole(bestColumns(count, scene, viewport))).toBeGreaterThanOrEqual(Math.min(best, 96) - 1e-6);
    }
  });
});
