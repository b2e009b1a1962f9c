import { describe, expect, it } from "vitest";
import {
  exponentOf,
  octaveRows,
  otherShares,
  shareBound,
  sharesBySize,
  ZERO_BIN,
  type HistogramColumns,
} from "../../src/math/gradient_histogram.ts";
import { logRatios, mergedRows, nearestIndex, normsOf, updateRatio } from "../../src/math/gradient_norms.ts";
import { exponentTicks, logRange, powerText, symmetricLogRange } from "../../src/math/powers_of_two.ts";

describe("norms of layers", () => {
  const columns = {
    steps: [0, 1],
    variables: 3,
    norm: [3, 9, 4, NaN, 0, 0],
    update: [0.3, 1, 0.4, 0, 0, 0],
    weight: [6, 1, 8, 0, 1, 0],
  };

  it("are the root of the sum of squares of their variables", () => {
    expect(normsOf(columns, [0, 2], "gradient")[0]).toBe(5);
    expect(normsOf(columns, [1], "gradient")).toEqual(Float64Array.of(9, 0));
    expect(normsOf(columns, [0, 2], "gradient")[1]).toBeNaN();
    expect(normsOf(columns, [0, 2], "ratio")[0]).toBeCloseTo(0.05, 12);
  });

  it("take no update for 0, also of weights that are zero", () => {
    expect(updateRatio(0, 0)).toBe(0);
    expect(updateRatio(1, 0)).toBe(Infinity);
    expect(updateRatio(0, NaN)).toBeNaN();
  });

  it("are compared where both runs logged", () => {
    const { steps, values } = logRatios(
      { steps: [0, 2, 4, 5], values: [8, 0, 0, NaN] },
      { steps: [0, 1, 2, 4, 5], values: [2, 1, 0, 1, 1] },
    );
    expect(Array.from(steps)).toEqual([0, 2, 4, 5]);
    expect(Array.from(values)).toEqual([2, 0, -Infinity, NaN]);
  });

  it("of every step have a record's own where there is one", () => {
    const every = { steps: [0, 1, 2, 4], norm: [1, 10, 2, 20, 3, 30, 5, 50] };
    const own = { steps: [1, 3, 4], norm: [NaN, 0, 7, 70, 8, 80] };
    const { steps, norm } = mergedRows(every, own, 2);
    expect(Array.from(steps)).toEqual([0, 1, 2, 3, 4]);
    expect(Array.from(norm)).toEqual([1, 10, NaN, 0, 3, 30, 7, 70, 8, 80]);
    expect(Array.from(mergedRows({ steps: [], norm: [] }, own, 2).steps)).toEqual([1, 3, 4]);
    expect(Array.from(mergedRows(every, { steps: [], norm: [] }, 2).norm)).toEqual(every.norm);
  });

  it("are found at the nearest step", () => {
    expect([-5, 1, 2, 3, 99].map((step) => nearestIndex([0, 2, 4], step))).toEqual([0, 0, 1, 1, 2]);
    expect(nearestIndex([], 1)).toBe(-1);
  });
});

describe("scales of powers of two", () => {
  it("end at whole exponents around what is finite", () => {
    expect(
      logRange([
        [-3.2, NaN],
        [1.5, -Infinity, Infinity],
      ]),
    ).toEqual({ lo: -4, hi: 2 });
    expect(logRange([[2, 2]])).toEqual({ lo: 2, hi: 3 });
    expect(logRange([[NaN]])).toEqual({ lo: -1, hi: 0 });
    expect(symmetricLogRange([[-3.2, 1]])).toEqual({ lo: -4, hi: 4 });
  });

  it("carry a few numbers that do not crowd each other", () => {
    expect(exponentTicks({ lo: -11, hi: 4 })).toEqual([-11, -8, -4, 0, 4]);
    expect(exponentTicks({ lo: 0, hi: 1 })).toEqual([0, 1]);
    for (let hi = -20; hi < 60; hi++) {
      const ticks = exponentTicks({ lo: -20, hi: hi + 1 }, 5);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.every((tick, i) => i === 0 || tick > ticks[i - 1]!)).toBe(true);
    }
    expect([-8, 0, 4, 11].map(powerText)).toEqual(["2⁻⁸", "1", "16", "2¹¹"]);
  });
});

describe("histograms over steps", () => {
  /** Bins by their exponent, as tb_cnnviz/records/histogram.py counts them: 1.5 has exponent 0. */
  const bin = (exponent: number, sign = 1): number => ZERO_BIN + sign * (exponent + 127);
  const start = bin(1, -1);
  const bins = bin(1) - start + 1;

  /** Counts at each step, by bin. */
  const histogram = (
    steps: Record<number, number>[],
    size: number,
    other: Partial<HistogramColumns> = {},
  ): HistogramColumns => {
    const counts = new Uint32Array(steps.length * bins);
    steps.forEach((of, step) => {
      for (const [at, count] of Object.entries(of)) counts[step * bins + Number(at) - start] = count;
    });
    return { steps: steps.map((_, i) => i), counts, start, bins, size, nan: [], inf: [], ...other };
  };

  it("share one scale of sizes, and lose no value", () => {
    const one = histogram([{ [bin(0)]: 4, [bin(-5, -1)]: 3, [ZERO_BIN]: 3 }], 10);
    const two = histogram([{ [bin(1)]: 10 }], 10);
    expect(octaveRows([one, two], 20)).toEqual({ lo: -5, hi: 1, octaves: 1, rows: 7, clipped: false });
    expect(octaveRows([one, two], 4)).toEqual({ lo: -6, hi: 1, octaves: 2, rows: 4, clipped: false });
    const scale = octaveRows([one, two], 4);
    expect(sharesBySize(one, scale, 1).map(([share]) => share)).toEqual([0.4, 0, 0, 0]);
    expect(sharesBySize(one, scale, -1).map(([share]) => share)).toEqual([0, 0, 0, 0.3]);
    expect(otherShares(one).zero[0]).toBe(0.3);
  });

  it("keep the few that are much smaller in the last row", () => {
    const one = histogram([{ [bin(0)]: 999, [bin(-100)]: 1 }], 1000);
    const scale = octaveRows([one], 20);
    expect(scale).toEqual({ lo: 0, hi: 0, octaves: 1, rows: 1, clipped: true });
    expect(sharesBySize(one, scale, 1)[0]![0]).toBe(1);
  });

  it("count NaN and infinite values beside the others", () => {
    const shares = otherShares(histogram([{ [bin(0)]: 5 }], 10, { nan: [3], inf: [2] }));
    expect([shares.zero[0], shares.nan[0], shares.inf[0]]).toEqual([0, 0.3, 0.2]);
  });

  it("know nothing of sizes where all is zero", () => {
    const one = histogram([{ [ZERO_BIN]: 10 }], 10);
    expect(octaveRows([one], 20).rows).toBe(1);
    expect(shareBound(sharesBySize(one, octaveRows([one], 20), 1))).toEqual({ bound: 1, clipped: false });
  });

  it("name bins by their exponent", () => {
    expect([ZERO_BIN + 127, ZERO_BIN - 127, ZERO_BIN + 1].map(exponentOf)).toEqual([0, 0, -126]);
  });

  it("end their colours at the 99th percentile", () => {
    const row = Float64Array.from({ length: 200 }, (_, i) => (i + 1) / 200);
    expect(shareBound([row])).toEqual({ bound: 198 / 200, clipped: true });
    expect(shareBound([Float64Array.of(0, 0.5)])).toEqual({ bound: 0.5, clipped: false });
  });
});
