import { expect, test } from "vitest";
import { cellAxes, mapStack } from "../../src/math/map_values.ts";
import { largestPatches } from "../../src/math/patches.ts";
import { below, mapsCase, recordOf, seeded } from "./cases.ts";

test("patches are the largest values over all images, few of each image, and none overlap", () => {
  const random = seeded(31);
  for (let round = 0; round < 200; round++) {
    const axes = below(random, 4);
    const one = mapsCase(random, "rectified", axes);
    const stack = mapStack(recordOf(one, "float32"), one.of);
    const stride = 1 + below(random, 3);
    const size = 1 + below(random, 6);
    const field = {
      size: Array<number>(axes).fill(size),
      stride: Array<number>(axes).fill(stride),
      offset: Array<number>(axes).fill(0),
    };
    const slot = below(random, one.channels.length);
    const count = 1 + below(random, 5);
    const found = largestPatches(stack, slot, field, count, 0);

    // By sorting everything and striking out what shares a position on every axis.
    const all = one.truth.flatMap((maps, image) =>
      [...maps[one.channels[slot]!]!].map((value, index) => {
        const cell: number[] = [];
        for (let axis = axes - 1, rest = index; axis >= 0; axis--) {
          cell.unshift(rest % one.spatial[axis]!);
          rest = Math.floor(rest / one.spatial[axis]!);
        }
        return { image, index, cell, value };
      }),
    );
    all.sort((a, b) => b.value - a.value || a.image - b.image || a.index - b.index);
    const wanted: typeof all = [];
    for (const next of all) {
      if (next.value <= 0 || wanted.length === count) break;
      const positions = (cell: number[]) => cell.map((c) => Array.from({ length: size }, (_, i) => c * stride + i));
      const own = wanted.filter((other) => other.image === next.image);
      const apart = own.every((other) =>
        positions(next.cell).some((mine, axis) => !mine.some((p) => positions(other.cell)[axis]!.includes(p))),
      );
      if (apart && own.length < Math.ceil(count / one.images)) wanted.push(next);
    }
    expect(found.map((p) => [p.image, p.value, cellAxes(stack, p.cell)])).toEqual(
      wanted.map((p) => [p.image, p.value, p.cell]),
    );
  }
});

test("a channel that never exceeds the floor has no patches, and NaN is none", () => {
  const arrays: Record<string, { shape: number[]; data: ArrayLike<number> }> = {
    maps: { shape: [1, 1, 2, 2], data: Float32Array.of(NaN, 0, 0, 0) },
    channels: { shape: [1], data: [5] },
  };
  const stack = mapStack((name) => arrays[name], 8);
  expect(largestPatches(stack, 0, null, 4, 0)).toEqual([]);
});
