import { describe, expect, it } from "vitest";
import {
  filterValues,
  gateOf,
  inputNorms,
  kernelText,
  kernelsOf,
  ownerOf,
  shapeOf,
  subtract,
  tileOf,
  tileSize,
} from "../../src/views/filters/kernels.ts";
import { LAYER_SHARE, boundAt, boundsByTile, boundsOf, clips } from "../../src/views/filters/bounds.ts";
import { RandomValues } from "../math/random_values.ts";
import { caseOf, filtersCase, weightIn } from "./cases.ts";

describe("kernels", () => {
  it("find every weight where its indices say, in one to three dimensions", () => {
    const random = new RandomValues(31);
    for (let round = 0; round < 120; round++) {
      const one = filtersCase(random, round % 2 ? "int8" : "float32");
      const kernels = kernelsOf(one.record);
      expect(kernels.exact).toBe(round % 2 === 0);
      const [filters, inputs, ...space] = one.shape as [number, number, ...number[]];
      const filter = random.integer(0, filters - 1);
      const input = random.integer(0, inputs - 1);
      const at = space.map((axis) => random.integer(0, axis - 1));
      const [slice, row, column] = [at.at(-3) ?? 0, at.at(-2) ?? 0, at.at(-1) ?? 0];
      const tile = tileOf(kernels, filter, input, slice);
      const value = kernels.values[tile * tileSize(kernels) + row * kernels.width + column];
      expect(value).toBe(weightIn(one, filter, input, ...at));
      expect(ownerOf(kernels, tile)).toEqual({ filter, input, slice });
      expect(kernelsOf(one.record)).toBe(kernels);
    }
  });

  it("say which gate a filter of a recurrent layer belongs to", () => {
    const one = caseOf(new RandomValues(33), [8, 2, 3, 3]);
    expect(gateOf(kernelsOf(one.record), 0)).toBeNull();
    const gates = ["input", "forget", "cell", "output"];
    const recurrent = { shape: [8, 2, 3, 3], values: new Float32Array(144).fill(2), dtype: "float32" } as const;
    const record = {
      ...one.record,
      arrays: { ...one.record.arrays, recurrent },
      attributes: { ...one.record.attributes, gates },
    };
    const kernels = kernelsOf(record, "recurrent");
    expect(Array.from({ length: 8 }, (_, filter) => gateOf(kernels, filter))).toEqual(
      gates.flatMap((gate) => [gate, gate]),
    );
    expect(kernels.values[0]).toBe(2);
    expect(kernels.norms[7]).toBeCloseTo(Math.sqrt(18 * 4), 6);
  });

  it("have the norms of the weights, or those that were logged", () => {
    const random = new RandomValues(32);
    const one = caseOf(random, [4, 3, 5, 5]);
    const kernels = kernelsOf(one.record);
    for (let filter = 0; filter < 4; filter++) {
      expect(kernels.norms[filter]).toBeCloseTo(Math.hypot(...filterValues(kernels, filter)), 6);
    }
    const norm = { shape: [4], values: Float32Array.of(1, 2, 3, 4), dtype: "float32" } as const;
    const logged = { ...one.record, arrays: { ...one.record.arrays, norm } };
    expect(Array.from(kernelsOf(logged).norms)).toEqual([1, 2, 3, 4]);
    const used = inputNorms(kernels);
    for (let input = 0; input < 3; input++) {
      const all = Array.from({ length: 4 * 25 }, (_, i) =>
        weightIn(one, Math.floor(i / 25), input, Math.floor((i % 25) / 5), i % 5),
      );
      expect(used[input]).toBeCloseTo(Math.hypot(...all), 6);
    }
  });

  it("say their shape", () => {
    expect(
      [
        [8, 1, 3, 3],
        [8, 2, 5],
        [8, 2, 3, 4, 5],
        [8, 2],
      ].map((s) => kernelText(shapeOf(s))),
    ).toEqual(["3×3", "5", "3×4×5", "1"]);
  });

  it("subtract", () => {
    const random = new RandomValues(33);
    const [a, b] = [caseOf(random, [3, 2, 3, 3]), caseOf(random, [3, 2, 3, 3], "int8")];
    const between = subtract(kernelsOf(a.record), kernelsOf(b.record));
    between.values.forEach((value, i) => expect(value).toBe(Math.fround(a.truth[i]! - b.truth[i]!)));
    expect(between.exact).toBe(false);
  });

  it("refuse what has no filters and inputs", () => {
    const random = new RandomValues(34);
    expect(() => kernelsOf(caseOf(random, [5]).record)).toThrow(/filters and inputs/);
  });
});

describe("kernels of a layer that keeps not all filters", () => {
  const random = new RandomValues(37);
  const { record } = caseOf(random, [3, 2, 3, 3]);
  const array = (values: Int32Array | Float32Array) => ({ shape: [values.length], values, dtype: "int32" as const });
  const cut = (which: Int32Array, of: unknown) => ({
    ...record,
    attributes: { of },
    arrays: { ...record.arrays, filters: array(which), norm: array(Float32Array.of(5, 6, 7, 8, 9)) },
  });

  it("say of how many they are, with the norms that were logged of all", () => {
    const kernels = kernelsOf(cut(Int32Array.of(0, 1, 2), 5));
    expect(kernels).toMatchObject({ filters: 3, of: 5 });
    expect(Array.from(kernels.norms)).toEqual([5, 6, 7]);
    expect(kernelsOf(record)).toMatchObject({ filters: 3, of: 3 });
  });

  it.each([
    [[0, 2, 1], 5],
    [[0, 1], 5],
    [[0, 1, 2], 2],
    [[0, 1, 2], "5"],
    [[0, 1, 2], NaN],
  ])("are refused where the record says %j of %s", (which, of) => {
    expect(() => kernelsOf(cut(Int32Array.from(which), of))).toThrow(/its first ones are expected/);
  });
});

describe("boundsOf", () => {
  it("ends where the definition says", () => {
    const random = new RandomValues(35);
    for (let round = 0; round < 60; round++) {
      const [a, b] = [filtersCase(random), filtersCase(random)];
      const twin = caseOf(random, a.shape);
      const both = [kernelsOf(a.record), kernelsOf(twin.record)];
      const [shape] = both as [ReturnType<typeof kernelsOf>];
      const space = shape.slices * shape.height * shape.width;
      const truths = [a.truth, twin.truth];
      for (const [scale, size] of [
        ["kernel", space],
        ["filter", space * shape.inputs],
      ] as const) {
        const bounds = boundsOf(both, scale);
        const each = boundsByTile(bounds, shape);
        each.forEach((bound, tile) => {
          const start = Math.floor((tile * shape.height * shape.width) / size) * size;
          const all = truths.flatMap((truth) => Array.from(truth.subarray(start, start + size), Math.abs));
          expect(bound).toBe(Math.max(...all));
        });
      }
      const sorted = truths.flatMap((truth) => [...truth].map(Math.abs)).sort((x, y) => x - y);
      const layer = boundsOf(both, "layer");
      expect(boundAt(layer, shape, 0, 0)).toBe(sorted[Math.ceil(LAYER_SHARE * sorted.length) - 1]);
      expect(layer.largest).toBe(sorted.at(-1));
      expect(clips(layer)).toBe(sorted.at(-1)! > boundAt(layer, shape, 0, 0));
      expect(boundsOf([kernelsOf(b.record)], "all").each).toHaveLength(1);
    }
  });
});
