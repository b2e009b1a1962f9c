import { describe, expect, it } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import { DecodeError } from "../../src/data/errors.ts";
import { kernelOf } from "../../src/data/restore.ts";
import { seeded } from "../support.ts";

function record(arrays: Record<string, DataArray>): DataRecord {
  return { kind: "filters", layer: "l", step: 0, wallTime: 0, attributes: {}, arrays, bytes: 0 };
}

describe("kernelOf", () => {
  it("gives float32 kernels as they are", () => {
    const values = Float32Array.of(1, Number.NaN, Infinity, -0);
    expect(kernelOf(record({ kernel: { dtype: "float32", shape: [2, 1, 2], values } }))).toEqual({
      shape: [2, 1, 2],
      values,
      exact: true,
    });
  });

  it("multiplies each level by its own filter's scale, within half a level of what was logged", () => {
    const random = seeded(71);
    for (let round = 0; round < 50; round++) {
      const [filters, each] = [1 + Math.floor(random() * 4), 1 + Math.floor(random() * 9)];
      const weights = Array.from({ length: filters }, () =>
        Array.from({ length: each }, () => (random() - 0.5) * 10 ** (random() * 6 - 3)),
      );
      const scale = weights.map((row) => Math.max(...row.map(Math.abs)) / 127);
      const levels = weights.flatMap((row, f) => row.map((w) => Math.round(w / (scale[f] ?? 1))));
      const restored = kernelOf(
        record({
          kernel: { dtype: "int8", shape: [filters, each], values: Int8Array.from(levels) },
          scale: { dtype: "float32", shape: [filters], values: Float32Array.from(scale) },
        }),
      );
      expect(restored.exact).toBe(false);
      for (const [i, weight] of weights.flat().entries()) {
        const bound = (scale[Math.floor(i / each)] ?? 0) * 0.501;
        expect(Math.abs((restored.values[i] ?? Number.NaN) - weight)).toBeLessThanOrEqual(bound);
      }
    }
  });

  it("refuses levels without a scale, or with one of another length", () => {
    const kernel: DataArray = { dtype: "int8", shape: [2, 1], values: Int8Array.of(1, 2) };
    const scale: DataArray = { dtype: "float32", shape: [1], values: Float32Array.of(1) };
    expect(() => kernelOf(record({ kernel }))).toThrow(DecodeError);
    expect(() => kernelOf(record({ kernel, scale }))).toThrow(DecodeError);
    expect(() => kernelOf(record({}))).toThrow(DecodeError);
  });
});
