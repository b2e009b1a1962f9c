import { describe, expect, it } from "vitest";
import { byIndex, byLargest } from "../../src/math/order.ts";
import { cosine, difference, nearestBlock, norm, normsByBlock } from "../../src/math/vectors.ts";
import { RandomValues } from "./random_values.ts";

describe("norm and cosine", () => {
  it("equal the naive sums", () => {
    const random = new RandomValues(8);
    for (let round = 0; round < 200; round++) {
      const size = random.integer(1, 40);
      const a = random.weights(size);
      const b = random.weights(size);
      const dot = [...a].reduce((sum, x, i) => sum + x * b[i]!, 0);
      expect(norm(a)).toBeCloseTo(Math.hypot(...a), 10);
      expect(cosine(a, b)).toBeCloseTo(dot / (Math.hypot(...a) * Math.hypot(...b)), 10);
      expect(cosine(a, a)).toBeCloseTo(1, 12);
      expect(difference(a, b)[0]).toBe(Math.fround(a[0]! - b[0]!));
    }
  });

  it("have no direction where a vector is zero, and stay within one", () => {
    expect(cosine([0, 0], [1, 2])).toBeNaN();
    expect(cosine([0.1, 0.7, 0.3], [0.1, 0.7, 0.3])).toBeLessThanOrEqual(1);
  });

  it("of blocks are those of the blocks alone", () => {
    const values = new RandomValues(9).weights(60);
    const expected = Array.from({ length: 6 }, (_, i) => norm(values.slice(10 * i, 10 * i + 10)));
    expect([...normsByBlock(values, 10)]).toEqual(expected);
    const best = nearestBlock(values, 10, 2)!;
    const cosines = [0, 1, 3, 4, 5].map((i) => cosine(values.slice(20, 30), values.slice(10 * i, 10 * i + 10)));
    expect(best.cosine).toBeCloseTo(Math.max(...cosines), 12);
    expect(nearestBlock(values, 60, 0)).toBeUndefined();
  });
});

describe("orders", () => {
  it("put NaN first, then the largest, ties by index", () => {
    expect([...byLargest([1, NaN, 3, 3, -Infinity, NaN])]).toEqual([1, 5, 2, 3, 0, 4]);
    expect([...byIndex(3)]).toEqual([0, 1, 2]);
  });
});
