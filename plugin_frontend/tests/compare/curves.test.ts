import { describe, expect, it } from "vitest";
import { piecewiseLinearOf, valueAt } from "../../src/math/piecewise_linear.ts";
import { labelPlaces } from "../../src/math/label_places.ts";
import { bestIndex, betterOf, firstMeeting, middleTarget } from "../../src/math/line_facts.ts";
import { ema } from "../../src/math/ema.ts";
import { roundValues, valueAxis, valueRange } from "../../src/math/value_axis.ts";
import { seeded } from "../support.ts";

const random = seeded(11);
const numbers = (count: number, scale = 1): number[] => Array.from({ length: count }, () => (random() - 0.5) * scale);

describe("smoothing", () => {
  it("is the weighted mean with weights wⁿ⁻ⁱ, written out", () => {
    const values = numbers(40, 10);
    for (const weight of [0, 0.3, 0.9, 0.99]) {
      const got = ema(values, weight);
      for (const n of [0, 1, 7, 39]) {
        const weights = values.slice(0, n + 1).map((_, i) => weight ** (n - i));
        const mean = weights.reduce((sum, w, i) => sum + w * values[i]!, 0) / weights.reduce((sum, w) => sum + w, 0);
        expect(got[n]).toBeCloseTo(mean, 10);
      }
    }
  });

  it("keeps a constant, and passes over what is not finite", () => {
    expect([...ema([2, 2, 2], 0.9)].map((v) => Number(v.toFixed(12)))).toEqual([2, 2, 2]);
    const got = ema([1, Number.NaN, Infinity, 3], 0.5);
    expect(got[1]).toBeNaN();
    expect(got[2]).toBe(Infinity);
    expect(got[3]).toBeCloseTo((0.5 * 1 + 1 * 3) / 1.5, 12);
  });
});

describe("facts of a curve", () => {
  it("best and first meeting are those of a plain search", () => {
    for (let round = 0; round < 200; round++) {
      const values = numbers(1 + Math.floor(random() * 12)).map((v) =>
        random() < 0.15 ? Number.NaN : Math.round(v * 10) / 10,
      );
      const target = Math.round((random() - 0.5) * 10) / 10;
      for (const better of ["lower", "higher"] as const) {
        const finite = values.filter(Number.isFinite);
        const best = better === "lower" ? Math.min(...finite) : Math.max(...finite);
        expect(bestIndex(values, better)).toBe(finite.length ? values.indexOf(best) : -1);
        expect(firstMeeting(values, target, better)).toBe(
          values.findIndex((v) => (better === "lower" ? v <= target : v >= target)),
        );
      }
    }
    expect(firstMeeting([Infinity, -Infinity, 1], 0, "lower")).toBe(-1);
  });

  it("takes accuracies as better when higher, and losses and errors when lower", () => {
    for (const name of ["accuracy", "val_sparse_categorical_accuracy", "acc", "auc_1", "mean_io_u iou", "F1"]) {
      expect(betterOf(name), name).toBe("higher");
    }
    for (const name of [
      "loss",
      "mse",
      "mean_absolute_error",
      "face_loss",
      "false_positives",
      "cosine_similarity_loss",
      "learning_rate",
    ]) {
      expect(betterOf(name), name).toBe("lower");
    }
  });

  it("proposes a target that half of the curves reach", () => {
    for (let round = 0; round < 100; round++) {
      const bests = Array.from({ length: 1 + Math.floor(random() * 9) }, () => random() * 3 + 0.001);
      for (const better of ["lower", "higher"] as const) {
        const target = middleTarget(bests, better) as number;
        const reached = bests.filter((best) => (better === "lower" ? best <= target : best >= target)).length;
        expect(reached).toBeGreaterThanOrEqual(Math.floor(bests.length / 2) + 1);
        expect(Number(target.toPrecision(2))).toBe(target);
      }
    }
    expect(middleTarget([], "lower")).toBeNull();
    expect(middleTarget([Number.NaN], "lower")).toBeNull();
  });
});

describe("labels beside a chart", () => {
  /** Least squares under the same bounds by brute force: every place on a lattice, by dynamic programming. */
  function latticeCost(wished: number[], gap: number, lo: number, hi: number, step: number): number {
    const places = Array.from({ length: Math.round((hi - lo) / step) + 1 }, (_, i) => lo + i * step);
    let costs = places.map((place) => (place - wished[0]!) ** 2);
    for (let i = 1; i < wished.length; i++) {
      const least = costs.map((_, k) => Math.min(...costs.slice(0, k + 1)));
      costs = places.map((place, k) => {
        const before = k - Math.round(gap / step);
        return before < 0 ? Infinity : least[before]! + (place - wished[i]!) ** 2;
      });
    }
    return Math.min(...costs);
  }

  it("never cover each other, stay inside, and lie as near as they can", () => {
    for (let round = 0; round < 60; round++) {
      const count = 1 + Math.floor(random() * 7);
      const wished = Array.from({ length: count }, () => Math.round(random() * 100)).sort((a, b) => a - b);
      const got = labelPlaces(wished, 12, 0, 100);
      got.forEach((place, i) => {
        expect(place).toBeGreaterThanOrEqual(-1e-9);
        expect(place).toBeLessThanOrEqual(100 + 1e-9);
        if (i) expect(place - got[i - 1]!).toBeGreaterThanOrEqual(12 - 1e-9);
      });
      const cost = got.reduce((sum, place, i) => sum + (place - wished[i]!) ** 2, 0);
      expect(cost).toBeLessThanOrEqual(latticeCost(wished, 12, 0, 100, 0.5) + 1e-6);
    }
  });

  it("leave a label alone that has room", () => {
    expect(labelPlaces([5, 50, 90], 12, 0, 100)).toEqual([5, 50, 90]);
    expect(labelPlaces([], 12, 0, 100)).toEqual([]);
  });
});

describe("knots", () => {
  it("are straight between, go straight on behind, and know nothing before", () => {
    const knots = piecewiseLinearOf([0, 10, 30], [0, 1, 2]);
    expect([0, 5, 10, 20, 30, 50].map((x) => valueAt(knots, x))).toEqual([0, 0.5, 1, 1.5, 2, 3]);
    expect(valueAt(knots, -1)).toBeNaN();
    expect(valueAt(piecewiseLinearOf([], []), 1)).toBeNaN();
    expect(valueAt(piecewiseLinearOf([4], [7]), 4)).toBe(7);
    expect(valueAt(piecewiseLinearOf([4], [7]), 5)).toBeNaN();
  });

  it("leave out what a hostile log puts in disorder", () => {
    const knots = piecewiseLinearOf([0, Number.NaN, 5, 5, 4, 10, 20], [0, 1, 1, 2, 3, Infinity, 0.5]);
    expect([...knots.from]).toEqual([0, 5]);
    expect([...knots.to]).toEqual([0, 1]);
  });
});

describe("the axis of values", () => {
  it("goes there and back, and has no place for what is not above zero on a logarithmic one", () => {
    for (const kind of ["linear", "log"] as const) {
      const axis = valueAxis(kind, 0.01, 20);
      for (const value of [0.01, 0.5, 3, 20]) expect(axis.toValue(axis.toShare(value))).toBeCloseTo(value, 10);
      expect([axis.toShare(0.01), axis.toShare(20)]).toEqual([0, 1]);
    }
    expect(valueAxis("log", 0.1, 10).toShare(1)).toBeCloseTo(0.5, 12);
    for (const value of [0, -1, Number.NaN]) expect(valueAxis("log", 0.1, 1).toShare(value)).toBeNaN();
  });

  it("labels round values inside, not too many", () => {
    for (const [lo, hi] of [
      [0, 2.4],
      [0.93, 0.99],
      [-3, 5],
      [0, 1e6],
      [1e-7, 3e-7],
    ] as const) {
      for (const kind of ["linear", "log"] as const) {
        if (kind === "log" && lo <= 0) continue;
        const ticks = valueAxis(kind, lo, hi).ticks(6);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThan(12);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(lo - 1e-12);
          expect(tick).toBeLessThanOrEqual(hi * (1 + 1e-9));
        }
      }
    }
    expect(roundValues(0, 2.4, 5)).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(valueAxis("log", 0.01, 1000).ticks(8)).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
  });

  it("holds every value, but for a few that lie far above the others", () => {
    expect(valueRange([Number.NaN, Infinity], "linear")).toBeNull();
    expect(valueRange([0.2, 2.3], "linear")?.[0]).toBe(0);
    const [lo, hi] = valueRange([0.91, 0.97], "linear") as [number, number];
    expect(lo).toBeGreaterThan(0.85);
    expect(lo).toBeLessThan(0.91);
    expect(hi).toBeGreaterThan(0.97);
    const tame = Array.from({ length: 60 }, (_, i) => 0.3 + i / 60);
    expect(valueRange([...tame, 1e12], "linear")?.[1]).toBeLessThan(10);
    expect(valueRange([...tame, 1e12], "log")?.[1]).toBeGreaterThanOrEqual(1e12);
    const [below, above] = valueRange([3, 3], "linear") as [number, number];
    expect([below < 3, above > 3]).toEqual([true, true]);
  });
});
