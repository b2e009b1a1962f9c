import { describe, expect, it } from "vitest";
import { kernelsOf } from "../../src/views/filters/kernels.ts";
import { settledFrom, storyOf, thinSteps } from "../../src/views/filters/story.ts";
import { columnAt, columnCentre, pictured, storyLayout } from "../../src/views/filters/story_layout.ts";
import { channelOf, inputName, inputSource } from "../../src/views/filters/input_names.ts";
import type { LayerRecord } from "../../src/data/schema.ts";
import { RandomValues } from "../math/random_values.ts";
import { caseOf } from "./cases.ts";

describe("storyOf", () => {
  it("holds norms and cosines of the filter at each step", () => {
    const random = new RandomValues(51);
    const cases = [0, 3, 10, 40].map((step) => caseOf(random, [3, 2, 3, 3], "float32", step));
    const story = storyOf(
      cases.map(({ record }) => kernelsOf(record)),
      1,
      2,
    );
    const vectors = cases.map(({ truth }) => Array.from(truth.subarray(18, 36)));
    const cos = (u: number[], v: number[]): number =>
      u.reduce((sum, x, i) => sum + x * v[i]!, 0) / (Math.hypot(...u) * Math.hypot(...v));
    expect(story.steps).toEqual([0, 3, 10, 40]);
    vectors.forEach((vector, i) => {
      expect(story.norms[i]).toBeCloseTo(Math.hypot(...vector), 6);
      expect(story.toFirst[i]).toBeCloseTo(cos(vector, vectors[0]!), 6);
      expect(story.toShown[i]).toBeCloseTo(cos(vector, vectors[2]!), 6);
    });
  });
});

describe("settledFrom", () => {
  it("is the first step from which all later ones stay near, by trying each", () => {
    const random = new RandomValues(52);
    for (let round = 0; round < 300; round++) {
      const steps = Array.from({ length: random.integer(1, 9) }, (_, i) => 10 * i);
      const cosines = steps.map(() => (random.uniform() < 0.7 ? 0.96 + 0.04 * random.uniform() : random.uniform()));
      const last = steps.length - 1;
      const expected = steps.find((_, i) => i < last && cosines.slice(i).every((c) => c > 0.95));
      expect(settledFrom(steps, cosines)).toBe(expected ?? null);
    }
    expect(settledFrom([0, 1], [NaN, 1])).toBeNull();
  });
});

describe("thinSteps", () => {
  it("keeps the ends and the shown step, within the room", () => {
    const random = new RandomValues(53);
    for (let round = 0; round < 200; round++) {
      const steps = Array.from({ length: random.integer(1, 80) }, (_, i) => i * 3);
      const shown = steps[random.integer(0, steps.length - 1)]!;
      const room = random.integer(4, 40);
      const kept = thinSteps(steps, shown, room);
      expect(kept.length).toBeLessThanOrEqual(Math.max(room, 3));
      if (steps.length <= room) expect(kept).toEqual(steps);
      for (const step of [steps[0]!, shown, steps.at(-1)!]) expect(kept).toContain(step);
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
      for (const step of kept) expect(steps).toContain(step);
    }
  });
});

describe("storyLayout", () => {
  it("keeps pictures apart and columns inside", () => {
    const random = new RandomValues(54);
    for (let round = 0; round < 200; round++) {
      const steps = random.integer(1, 400);
      const size = {
        width: random.integer(300, 1200),
        height: random.integer(200, 500),
        density: 1,
        steps,
        rows: 4,
        charts: 3,
        tileWidth: random.integer(1, 11),
        tileHeight: random.integer(1, 11),
      };
      const layout = storyLayout(size);
      const index = random.integer(0, steps - 1);
      expect(columnAt(layout, columnCentre(layout, index), steps)).toBe(index);
      expect(columnCentre(layout, steps - 1)).toBeLessThanOrEqual(size.width);
      expect(columnAt(layout, 10, steps)).toBeNull();
      const shown = random.integer(0, steps - 1);
      const drawn = Array.from({ length: steps }, (_, i) => i).filter((i) => pictured(layout, i, shown));
      expect(drawn).toContain(shown);
      for (let i = 1; i < drawn.length; i++) {
        const distance = (drawn[i]! - drawn[i - 1]!) * layout.pitch;
        expect(distance).toBeGreaterThanOrEqual(size.tileWidth * layout.cell);
      }
    }
  });
});

describe("inputSource", () => {
  const layer = (path: string, role: string, inbound: string[]): LayerRecord =>
    ({ path, name: path, role, inbound, type: "", groups: null }) as unknown as LayerRecord;
  const layers = [
    layer("in", "input", []),
    layer("c1", "convolution", ["in"]),
    layer("p", "pooling", ["c1"]),
    layer("bn", "normalization", ["p"]),
    layer("c2", "convolution", ["bn"]),
    layer("add", "merge", ["c2", "bn"]),
    layer("c3", "convolution", ["add"]),
    layer("loop", "pooling", ["loop"]),
    layer("flat", "reshape", ["c1"]),
  ];
  const of = (path: string) =>
    inputSource(
      layers,
      layers.find((each) => each.path === path)!,
    );

  it("goes back to where channels were made, and no further", () => {
    expect(of("c1")).toEqual({ kind: "image" });
    expect(of("c2")).toMatchObject({ kind: "layer", layer: { path: "c1" } });
    expect([of("c3"), of("in"), of("loop")]).toEqual(Array.from({ length: 3 }, () => ({ kind: "unknown" })));
    expect(inputName(of("c1"), 3, 1)).toBe("green");
    expect(inputName(of("c2"), 3, 1)).toBe("1");
    expect([0, 1, 2].map((input) => inputName(of("c1"), 3, input, "bgr"))).toEqual(["blue", "green", "red"]);
  });

  it("counts a grouped layer's channels", () => {
    expect(channelOf(1, 8, 4, 7, 3)).toBe(3);
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((filter) => channelOf(4, 8, 3, filter, 1))).toEqual([1, 1, 4, 4, 7, 7, 10, 10]);
  });
});
