import { describe, expect, it } from "vitest";
import { magnitudePercentile } from "../../src/math/percentile.ts";
import { census, largestMagnitude, magnitudeRange, magnitudesByBlock, union } from "../../src/math/ranges.ts";
import { histogram } from "../../src/math/histogram.ts";
import { RandomValues } from "./random_values.ts";

describe("ranges", () => {
  it("come from finite values only", () => {
    const random = new RandomValues(2);
    for (let round = 0; round < 200; round++) {
      const values = random.weights(random.integer(1, 60), 0.3);
      const finite = [...values].filter(Number.isFinite);
      const found = census(values);
      expect(found.nan).toBe([...values].filter(Number.isNaN).length);
      expect(found.inf).toBe([...values].filter((v) => Math.abs(v) === Infinity).length);
      if (finite.length) {
        expect(found.min).toBe(finite.reduce((a, b) => (b < a ? b : a)));
        expect(found.max).toBe(finite.reduce((a, b) => (b > a ? b : a)));
        expect(largestMagnitude(values)).toBe(Math.max(...finite.map(Math.abs)));
        expect(magnitudeRange(values).hi).toBe(Math.max(0, ...finite));
      } else expect([found.min, largestMagnitude(values)]).toEqual([NaN, 0]);
    }
  });

  it("by block are those of the blocks alone", () => {
    const values = new RandomValues(3).weights(7 * 9, 0.1);
    const expected = Array.from({ length: 7 }, (_, i) => largestMagnitude(values.slice(9 * i, 9 * i + 9)));
    expect([...magnitudesByBlock(values, 9)]).toEqual(expected);
  });

  it("unite", () => {
    expect(union([])).toBeUndefined();
    expect(
      union([
        { lo: 0, hi: 1 },
        { lo: -2, hi: 0.5 },
      ]),
    ).toEqual({ lo: -2, hi: 1 });
  });
});

describe("magnitudePercentile", () => {
  it("equals sorting, by nearest rank", () => {
    const random = new RandomValues(4);
    for (let round = 0; round < 60; round++) {
      const values = random.weights(random.integer(1, 900), random.uniform() * 0.3);
      const share = [0, 0.5, 0.9, 0.995, 1][random.integer(0, 4)]!;
      const sorted = [...values]
        .filter(Number.isFinite)
        .map(Math.abs)
        .sort((a, b) => a - b);
      const expected = sorted.length ? sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]! : 0;
      expect(magnitudePercentile([values], share)).toBe(expected);
      const cut = random.integer(0, values.length);
      expect(magnitudePercentile([values.subarray(0, cut), values.subarray(cut)], share)).toBe(expected);
    }
  });

  it("is zero where nothing is finite", () => {
    expect(magnitudePercentile([new Float32Array([NaN, Infinity])], 0.5)).toBe(0);
    expect(magnitudePercentile([new Float32Array(0)], 0.5)).toBe(0);
  });
});

describe("histogram", () => {
  it("counts every value once", () => {
    const random = new RandomValues(5);
    for (let round = 0; round < 100; round++) {
      const values = random.weights(random.integer(0, 300), 0.1);
      const bound = largestMagnitude(values) * random.uniform();
      const bins = random.integer(1, 40);
      const found = histogram([values], { lo: -bound, hi: bound }, bins);
      const expected = Array.from({ length: bins }, () => 0);
      for (const v of values) {
        if (!Number.isFinite(v) || Math.abs(v) > bound) continue;
        if (bound === 0) expected[bins >> 1]!++;
        else expected[Math.min(bins - 1, Math.floor((v + bound) * (bins / (2 * bound))))]!++;
      }
      expect([...found.counts]).toEqual(expected);
      const all = found.counts.reduce((a, b) => a + b, 0) + found.below + found.above + found.nan + found.inf;
      expect(all).toBe(values.length);
      expect(found.above).toBe([...values].filter((v) => Number.isFinite(v) && v > bound).length);
    }
  });
});
