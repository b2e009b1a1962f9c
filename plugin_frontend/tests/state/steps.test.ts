import { describe, expect, it } from "vitest";
import { snapIndex, tickPath } from "../../src/frame/scrubber/snap.ts";
import { firstAtLeast, layersOf, layersWith, nearestStep, stepsOf } from "../../src/state/selectors.ts";
import { neighbours } from "../../src/state/prefetch.ts";
import { timeAxis } from "../../src/state/time_axis.ts";
import { detail, layer, seeded } from "../support.ts";

function generatedSteps(random: () => number): number[] {
  const steps = new Set(Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() ** 3 * 2000)));
  return [...steps].sort((a, b) => a - b);
}

describe("steps", () => {
  it("nearestStep is the nearest by trying all, the earlier of two as near", () => {
    const random = seeded(21);
    for (let round = 0; round < 500; round++) {
      const steps = generatedSteps(random);
      const wish = Math.floor(random() * 2200);
      const best = steps.reduce((a, b) => (Math.abs(b - wish) < Math.abs(a - wish) ? b : a));
      expect(nearestStep(steps, wish)).toBe(best);
      expect(firstAtLeast(steps, wish)).toBe(steps.filter((step) => step < wish).length);
      expect(nearestStep(steps, "last")).toBe(steps.at(-1));
    }
    expect(nearestStep([], 3)).toBeNull();
    expect(nearestStep([], "last")).toBeNull();
  });

  it("belong to a layer, or to the whole model", () => {
    const run = detail("r", [layer("b", "convolution", [], [1]), layer("a", "convolution", ["b"], [1])], {
      filters: [
        [["a"], [1, 2]],
        [["b"], [3]],
      ],
      losses: [[[], [5, 6]]],
    });
    expect(stepsOf(run, "filters", "a")).toEqual([1, 2]);
    expect(stepsOf(run, "filters", "b")).toEqual([3]);
    expect(stepsOf(run, "filters", "c")).toEqual([]);
    expect(stepsOf(run, "filters", null)).toEqual([]);
    expect(stepsOf(run, "losses", "a")).toEqual([5, 6]);
    expect(stepsOf(run, "feature_maps", "a")).toEqual([]);
    expect(layersWith(run, "filters")).toEqual(["b", "a"]);
    expect(layersOf({ ...run, model: null }).map((each) => each.path)).toEqual(["a", "b"]);
  });
});

describe("the time axis", () => {
  for (const kind of ["log", "linear"] as const) {
    it(`${kind}: 0 at the left, the last step at the right, and there and back again`, () => {
      for (const last of [1, 2, 7, 600, 1e6]) {
        const axis = timeAxis(kind, last);
        expect(axis.toShare(0)).toBe(0);
        expect(axis.toShare(last)).toBeCloseTo(1, 12);
        for (let i = 0; i <= 20; i++) {
          const step = (last * i) / 20;
          expect(axis.toStep(axis.toShare(step))).toBeCloseTo(step, 5);
          if (i) expect(axis.toShare(step)).toBeGreaterThan(axis.toShare((last * (i - 1)) / 20));
        }
      }
    });

    it(`${kind}: labels are whole steps from 0 to the last, and none touches another`, () => {
      for (const last of [1, 2, 3, 9, 40, 600, 12_345, 1e6]) {
        for (const gap of [0.02, 0.05, 0.2, 0.6]) {
          const ticks = timeAxis(kind, last).ticks(gap);
          const { toShare } = timeAxis(kind, last);
          expect(ticks[0]).toBe(0);
          expect(ticks.at(-1)).toBe(last);
          expect(ticks.every(Number.isInteger)).toBe(true);
          for (let i = 1; i < ticks.length; i++) {
            const distance = toShare(ticks[i] as number) - toShare(ticks[i - 1] as number);
            if (ticks.length > 2) expect(distance).toBeGreaterThanOrEqual(gap - 1e-9);
          }
        }
      }
    });
  }

  it("is log2(1 + step / 4) scaled, so that an early step is worth as much room as a late octave", () => {
    const axis = timeAxis("log", 1020);
    expect(axis.toShare(4)).toBeCloseTo(1 / 8, 12);
    expect(axis.toShare(12)).toBeCloseTo(2 / 8, 12);
    expect(axis.toShare(252)).toBeCloseTo(6 / 8, 12);
  });

  it("does not fail on a run without a step", () => {
    expect(timeAxis("log", 0).toShare(0)).toBe(0);
    expect(timeAxis("linear", 0).ticks(0.1)).toEqual([0, 1]);
  });

  it("snaps to the logged step that is nearest to the eye", () => {
    const random = seeded(22);
    for (let round = 0; round < 300; round++) {
      const steps = generatedSteps(random);
      const axis = timeAxis(random() < 0.5 ? "log" : "linear", 2000);
      const share = random();
      const distances = steps.map((step) => Math.abs(axis.toShare(step) - share));
      const index = snapIndex(steps, axis, share);
      expect(distances[index]).toBeCloseTo(Math.min(...distances), 12);
    }
  });

  it("draws ticks at least 1.5 px apart, and all of few", () => {
    const xs = (steps: number[], width: number): number[] =>
      [...tickPath(steps, timeAxis("linear", steps.at(-1) ?? 1), width, 5, 7).matchAll(/M([\d.]+) 5v7/g)].map((m) =>
        Number(m[1]),
      );
    expect(xs([0, 50, 100], 200)).toEqual([0, 100, 200]);
    const many = xs(
      Array.from({ length: 10_000 }, (_, i) => i),
      300,
    );
    expect(many.length).toBeLessThanOrEqual(201);
    for (let i = 1; i < many.length; i++)
      expect((many[i] as number) - (many[i - 1] as number)).toBeGreaterThanOrEqual(1.5);
  });
});

describe("neighbours", () => {
  it("are two ahead and one behind, of those there are", () => {
    const steps = [0, 10, 20, 30, 40];
    expect(neighbours(steps, 20, true)).toEqual([30, 40, 10]);
    expect(neighbours(steps, 20, false)).toEqual([10, 0, 30]);
    expect(neighbours(steps, 40, true)).toEqual([30]);
    expect(neighbours(steps, 0, false)).toEqual([10]);
    expect(neighbours([5], 5, true)).toEqual([]);
  });
});
