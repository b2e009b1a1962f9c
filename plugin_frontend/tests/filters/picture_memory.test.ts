import { describe, expect, it } from "vitest";
import { parseFields } from "../../src/state/fields.ts";
import { FILTER_FIELDS, type FilterOptions } from "../../src/views/filters/fields.ts";
import { kernelsOf, type Kernels } from "../../src/views/filters/kernels.ts";
import { PictureMemory } from "../../src/views/filters/picture_memory.ts";
import { RandomValues } from "../math/random_values.ts";
import { caseOf } from "./cases.ts";

const DEFAULTS = parseFields(FILTER_FIELDS, new Map());
const random = new RandomValues(61);
const [one, two, other] = [
  [4, 2, 3, 3],
  [4, 2, 3, 3],
  [5, 2, 3, 3],
].map((shape) => kernelsOf(caseOf(random, shape).record)) as [Kernels, Kernels, Kernels];

const wanted = (a: Kernels, options: FilterOptions = DEFAULTS, history: readonly Kernels[] | null = null) => ({
  a,
  first: null,
  last: null,
  b: null,
  history,
  options,
  filter: null,
});

const boundsOf = (memory: PictureMemory) => memory.picture!.panels[0]!.bounds;

describe("PictureMemory", () => {
  it("gives the same picture for the same input, and another for another", () => {
    const memory = new PictureMemory();
    const picture = memory.pictureOf(wanted(one), false);
    expect(memory.pictureOf(wanted(one, { ...DEFAULTS, story: true }), false)).toBe(picture);
    expect(memory.pictureOf(wanted(two), false)).not.toBe(picture);
  });

  it("paints nothing anew when a filter is opened", () => {
    const memory = new PictureMemory();
    const before = memory.pictureOf(wanted(one), false);
    const opened = memory.pictureOf({ ...wanted(one), filter: 2 }, false);
    expect(opened.filter).toBe(2);
    expect(opened.panels).toBe(before.panels);
    const single: FilterOptions = { ...DEFAULTS, mode: "one" };
    expect(memory.pictureOf({ ...wanted(one, single), filter: 1 }, false).panels[0]!.plan.filter).toBe(1);
    expect(memory.pictureOf({ ...wanted(one, single), filter: 3 }, false).panels[0]!.plan.filter).toBe(3);
  });

  it("keeps the scale while steps play, and takes the new one when they stop", () => {
    const memory = new PictureMemory();
    memory.pictureOf(wanted(one), false);
    const before = boundsOf(memory);
    const playing = memory.pictureOf(wanted(two), true);
    expect(boundsOf(memory)).toBe(before);
    expect(memory.pictureOf(wanted(two), true)).toBe(playing);
    memory.pictureOf(wanted(two), false);
    expect(boundsOf(memory)).not.toBe(before);
    memory.pictureOf(wanted(other), true);
    expect(boundsOf(memory).each).not.toEqual(before.each);
    memory.pictureOf(wanted(other, { ...DEFAULTS, scale: "kernel" }), true);
    expect(boundsOf(memory).scale).toBe("kernel");
  });

  it("keeps the scale until all steps are there", () => {
    const memory = new PictureMemory();
    memory.pictureOf(wanted(one), false);
    const before = boundsOf(memory);
    const all: FilterOptions = { ...DEFAULTS, scale: "all" };
    memory.pictureOf(wanted(one, all), false);
    expect(boundsOf(memory)).toBe(before);
    memory.pictureOf(wanted(one, all, [one, two]), false);
    const truth = [...one.values, ...two.values].map(Math.abs).sort((x, y) => x - y);
    expect(boundsOf(memory).each[0]).toBe(truth[Math.ceil(0.995 * truth.length) - 1]);
  });
});
