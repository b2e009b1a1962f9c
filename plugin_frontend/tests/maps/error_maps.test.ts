import { describe, expect, it } from "vitest";
import type { DataRecord, Values } from "../../src/data/binary.ts";
import { mapValues, valueError } from "../../src/math/map_values.ts";
import { errorStack, errorStatistics } from "../../src/views/maps/error_maps.ts";
import { layerMaps } from "../../src/views/maps/layer_maps.ts";

const LEVELS = [-127, 0, 64, 10, 0, 0, 0, 0];
const SCALES = [0.5, 0.25];

function record(arrays: Record<string, Values>, of: unknown = 5): DataRecord {
  const shapes: Record<string, number[]> = { maps: [1, 2, 2, 2], scale: [1, 2], channels: [2] };
  return {
    kind: "error_maps",
    layer: "m/c",
    step: 3,
    wallTime: 0,
    bytes: 0,
    attributes: { of, place: "pre_activation", loss: "mse" },
    arrays: Object.fromEntries(
      Object.entries(arrays).map(([name, values]) => [name, { shape: shapes[name]!, dtype: "int8" as const, values }]),
    ),
  };
}

const eight = record({ maps: Int8Array.from(LEVELS), scale: Float32Array.from(SCALES), channels: Int32Array.of(0, 3) });

describe("error maps", () => {
  it("are levels times their map's scale, off by half a level", () => {
    const stack = errorStack(eight, 5);
    expect(Array.from(mapValues(stack, 0, 0))).toEqual([-63.5, 0, 32, 5]);
    expect(Array.from(mapValues(stack, 0, 1))).toEqual([0, 0, 0, 0]);
    expect([valueError(stack, 0, 0), valueError(stack, 0, 1)]).toEqual([0.25, 0.125]);
  });

  it("have statistics of what was kept, and are signed", () => {
    const statistics = errorStatistics(errorStack(eight, 5));
    expect(statistics.of).toBe(5);
    expect([statistics.mean[0], statistics.min[0], statistics.max[0], statistics.zeros[0]]).toEqual([
      (63.5 + 32 + 5) / 4,
      -63.5,
      32,
      0.25,
    ]);
    expect([statistics.mean[3], statistics.zeros[3], statistics.mean[1]]).toEqual([0, 1, NaN]);
    expect(layerMaps(eight)).toMatchObject({ isError: true, signed: true });
  });

  it.each([
    ["a channel that the layer has not", record({ maps: Int8Array.from(LEVELS), channels: Int32Array.of(0, 7) })],
    [
      "scales of another number",
      record({ maps: Int8Array.from(LEVELS), scale: Float32Array.of(1), channels: Int32Array.of(0, 1) }),
    ],
    ["no channels", record({ maps: Int8Array.from(LEVELS) })],
  ])("are refused with %s", (_, bad) => expect(layerMaps(bad)).toBeInstanceOf(Error));
});
