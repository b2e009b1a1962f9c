import { describe, expect, test } from "vitest";
import {
  cellAt,
  cellAxes,
  cellIndex,
  mapStack,
  mapStatistics,
  mapValues,
  slotOf,
  valueError,
} from "../../src/math/map_values.ts";
import { mapsCase, recordOf, seeded } from "./cases.ts";

describe("values of maps", () => {
  test("float32 maps are read as they are", () => {
    const random = seeded(11);
    for (let round = 0; round < 100; round++) {
      const one = mapsCase(random, "signed");
      const stack = mapStack(recordOf(one, "float32"), one.of);
      for (let image = 0; image < one.images; image++) {
        one.channels.forEach((channel, slot) => {
          expect(mapValues(stack, image, slot)).toEqual(one.truth[image]![channel]);
          expect(valueError(stack, image, slot)).toBe(0);
        });
      }
    }
  });

  test("8-bit maps are off by at most half a level, and their ends are exact", () => {
    const random = seeded(12);
    for (let round = 0; round < 200; round++) {
      const one = mapsCase(random, round % 2 === 0 ? "signed" : "rectified");
      const stack = mapStack(recordOf(one, "uint8"), one.of);
      for (let image = 0; image < one.images; image++) {
        one.channels.forEach((channel, slot) => {
          const truth = one.truth[image]![channel]!;
          const values = mapValues(stack, image, slot);
          const [lo, hi] = [Math.min(...truth), Math.max(...truth)];
          expect(valueError(stack, image, slot)).toBeCloseTo((hi - lo) / 510, 10);
          expect(Math.min(...values)).toBe(lo);
          expect(Math.max(...values)).toBeCloseTo(hi, 5);
          truth.forEach((value, i) => {
            expect(Math.abs(values[i]! - value)).toBeLessThanOrEqual(((hi - lo) / 510) * (1 + 1e-4) + 1e-9);
          });
        });
      }
    }
  });

  test("a channel is found by its number, and one that was not kept is not", () => {
    const random = seeded(13);
    const one = { ...mapsCase(random, "signed", 2), of: 9, channels: [1, 4, 8] };
    one.truth = one.truth.map(() => Array.from({ length: 9 }, () => one.truth[0]![0]!));
    const stack = mapStack(recordOf(one, "float32"), one.of);
    expect([1, 4, 8, 0, 9].map((channel) => slotOf(stack, channel))).toEqual([0, 1, 2, -1, -1]);
    expect([stack.kept, stack.of]).toEqual([3, 9]);
  });
});

test("cells are counted row by row, in the axes that the layer has", () => {
  const random = seeded(14);
  for (let axes = 0; axes <= 3; axes++) {
    const one = mapsCase(random, "signed", axes);
    const stack = mapStack(recordOf(one, "float32"), one.of);
    const [depth, rows, columns] = [...Array<number>(3 - axes).fill(1), ...one.spatial] as [number, number, number];
    let index = 0;
    for (let z = 0; z < depth; z++) {
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++, index++) {
          expect(cellAt(stack, index)).toEqual([z, y, x]);
          expect(cellIndex(stack, [z, y, x])).toBe(index);
          expect(cellAxes(stack, [z, y, x])).toEqual([z, y, x].slice(3 - axes));
        }
      }
    }
  }
});

test("shapes that contradict each other are refused by name", () => {
  const one = { ...mapsCase(seeded(15), "signed", 2) };
  const good = recordOf(one, "uint8");
  const broken = (name: string, value: { shape: number[]; data: ArrayLike<number> } | undefined) => (asked: string) =>
    asked === name ? value : good(asked);
  const two = { shape: [1, 2], data: new Float32Array(2) };
  expect(() => mapStack(broken("maps", undefined), 9)).toThrow('no array "maps"');
  expect(() => mapStack(broken("maps", { shape: [3], data: new Uint8Array(3) }), 9)).toThrow("2 to 5 axes");
  expect(() => mapStack(broken("maps", { shape: [1, 2, 9], data: new Uint8Array(17) }), 9)).toThrow("cannot be drawn");
  expect(() => mapStack(broken("channels", two), 9)).toThrow('array "channels"');
  expect(() => mapStack(broken("lo", { shape: [99, 99], data: new Float32Array(2) }), 9)).toThrow('array "lo"');
  expect(() => mapStack(broken("hi", undefined), 9)).toThrow('no array "hi"');
  expect(() => mapStatistics(broken("zeros", { shape: [0], data: [] }))).toThrow('array "zeros"');
});
