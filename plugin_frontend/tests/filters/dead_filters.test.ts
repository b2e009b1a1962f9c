import { describe, expect, it } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import { paintPatch, sheetGeometry } from "../../src/canvas/sheet.ts";
import { parseFields } from "../../src/state/fields.ts";
import { cursorRows, spokenWeight } from "../../src/views/filters/cursor_rows.ts";
import { csvOf } from "../../src/views/filters/export.ts";
import { FILTER_FIELDS, modesFor, type FilterOptions } from "../../src/views/filters/fields.ts";
import { deadCount, kernelsOf, ownerOf, type Kernels } from "../../src/views/filters/kernels.ts";
import { pictureOf, type PictureInput } from "../../src/views/filters/picture.ts";
import { storyOf } from "../../src/views/filters/story.ts";
import { RandomValues } from "../math/random_values.ts";

/** A layer whose filters have these norms, as it is logged. */
function layerOf(
  norms: readonly number[],
  inputs: number,
  { seed = 5, form = "float32" as "float32" | "int8", step = 0 } = {},
): Kernels {
  const random = new RandomValues(seed);
  const size = inputs * 9;
  const unit = norms.map(() => {
    const values = Array.from({ length: size }, () => random.uniform() - 0.5);
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  });
  const shape = [norms.length, inputs, 3, 3];
  const array = (values: DataArray["values"], dtype: DataArray["dtype"], of = [norms.length]): DataArray => ({
    shape: of,
    values,
    dtype,
  });
  const norm = array(Float32Array.from(norms), "float32");
  const arrays: Record<string, DataArray> =
    form === "float32"
      ? {
          kernel: array(
            Float32Array.from(unit.flatMap((values, i) => values.map((value) => value * norms[i]!))),
            "float32",
            shape,
          ),
          norm,
        }
      : {
          kernel: array(
            Int8Array.from(
              unit.flatMap((values) => values.map((v) => Math.round((127 * v) / Math.max(...values.map(Math.abs))))),
            ),
            "int8",
            shape,
          ),
          scale: array(
            Float32Array.from(unit.map((values, i) => (Math.max(...values.map(Math.abs)) * norms[i]!) / 127)),
            "float32",
          ),
          norm,
        };
  return kernelsOf({
    kind: "filters",
    layer: "conv",
    step,
    wallTime: 0,
    attributes: {},
    arrays,
    bytes: 0,
  } as DataRecord);
}

const DEFAULTS = parseFields(FILTER_FIELDS, new Map());
const words = { name: String, origin: () => null };

function inputOf(a: Kernels, options: Partial<FilterOptions> = {}, more: Partial<PictureInput> = {}): PictureInput {
  return {
    a,
    first: null,
    last: null,
    b: null,
    history: null,
    filter: null,
    held: null,
    ...more,
    options: { ...DEFAULTS, ...options },
  };
}

const NORMS = [1e-12, 0.5, 4e-34, 0.4, 0, 0.6, 0.3];
const DEAD = [0, 2, 4];

describe("practically dead filters", () => {
  it("are named in kernels of float32 and of eight bits, by the norms of all filters of the layer", () => {
    for (const form of ["float32", "int8"] as const) {
      const kernels = layerOf(NORMS, 3, { form });
      expect([...kernels.dead]).toEqual(NORMS.map((_, i) => Number(DEAD.includes(i))));
      expect(deadCount(kernels)).toBe(3);
    }
  });

  it("are crossed out in every mode and scale, and sorted behind all others by norm and by change", () => {
    for (const inputs of [1, 3, 4]) {
      const a = layerOf(NORMS, inputs);
      const first = layerOf(
        NORMS.map(() => 1),
        inputs,
        { seed: 6 },
      );
      for (const mode of modesFor(a)) {
        for (const scale of ["kernel", "filter", "layer"] as const) {
          for (const sort of ["norm", "change"] as const) {
            const picture = pictureOf(inputOf(a, { mode, scale, sort }, { first, last: a, filter: 2 }));
            expect(Array.from(picture.order.filters.slice(-3)).sort((x, y) => x - y)).toEqual(DEAD);
            const { scene } = picture.panels[0]!;
            const filters = Array.from(scene.dead!, (_, tile) => (mode === "folded" ? tile : ownerOf(a, tile).filter));
            filters.forEach((filter, tile) => expect(scene.dead![tile]).toBe(Number(DEAD.includes(filter))));
            if (mode !== "one") continue;
            const { width, height } = sheetGeometry(scene);
            const pixels = new Uint32Array(width * height);
            paintPatch(scene, { x: 0, y: 0, width, height }, pixels, 0xff123456);
            expect(pixels.every((pixel) => pixel === 0)).toBe(true);
          }
        }
      }
    }
  });

  it("keep their place by number where that is asked for", () => {
    expect([...pictureOf(inputOf(layerOf(NORMS, 3), { sort: "index" })).order.filters]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("are named in differences: of a change at the shown step, of two runs where both are dead", () => {
    const a = layerOf(NORMS, 3);
    const first = layerOf(
      NORMS.map(() => 1),
      3,
      { seed: 7 },
    );
    const [change] = pictureOf(inputOf(a, { show: "change" }, { first })).panels;
    expect([...change!.kernels.dead]).toEqual([...a.dead]);
    const b = layerOf(
      NORMS.map((norm, i) => (i === 0 ? 0.5 : norm)),
      3,
      { seed: 8 },
    );
    const picture = pictureOf(inputOf(a, { show: "difference" }, { b }));
    expect(Array.from(picture.panels[0]!.kernels.dead)).toEqual([0, 0, 1, 0, 1, 0, 0]);
    expect(picture.sides.map(({ kernels }) => deadCount(kernels))).toEqual([3, 2]);
    const rows = cursorRows(picture, { filter: 0, input: 0, slice: 0, row: 0, column: 0 }, words);
    expect(rows).toContainEqual(["practically dead", "in A"]);
  });

  it("are not painted vividly by a scale of their own, and neither is a dead kernel of a live filter", () => {
    const a = layerOf(NORMS, 4);
    a.values.subarray(4 * 9 + 9, 4 * 9 + 18).forEach((value, i) => (a.values[4 * 9 + 9 + i] = value * 1e-12));
    const { bounds } = pictureOf(inputOf(a, { mode: "matrix", scale: "kernel" })).panels[0]!;
    const usual = [...bounds.each].filter((bound) => bound > 1e-3).sort((x, y) => x - y);
    for (const kernel of [0, 5, 9]) {
      expect(bounds.each[kernel]! / usual[Math.floor(usual.length / 2)]!).toBeGreaterThan(0.5e-6);
    }
    expect(bounds.each[4 * 4]).toBe(0);
  });

  it("are told under the cursor, to a screen reader and in the CSV, and are nobody's nearest filter", () => {
    const picture = pictureOf(inputOf(layerOf(NORMS, 3)));
    const place = { filter: 2, input: 0, slice: 0, row: 0, column: 0 };
    const rows = cursorRows(picture, place, words);
    expect(rows).toContainEqual(["practically dead", "yes"]);
    expect(rows.some((row) => row[0] === "nearest filter")).toBe(false);
    expect(spokenWeight(picture, picture.panels[0]!, place, words)).toMatch(/^filter 2, practically dead, /);
    for (const filter of [1, 3, 5, 6]) {
      const found = cursorRows(picture, { ...place, filter }, words).find((row) => row[0] === "nearest filter");
      expect(DEAD).not.toContain(Number(found![1].split(",")[0]));
    }
    const lines = csvOf(picture.panels, () => "run")
      .trim()
      .split("\r\n")
      .map((line) => line.split(","));
    const column = lines[0]!.indexOf("practically_dead");
    for (const line of lines.slice(1)) expect(line[column]).toBe(DEAD.includes(Number(line[2])) ? "1" : "0");
  });

  it("have no direction in their biography, and are dead from the first of the last steps at which they are", () => {
    const history = [0.5, 0.4, 1e-12, 0.2, 4e-34, 0].map((norm, i) =>
      layerOf([norm, 0.5, 0.6], 3, { seed: 9, step: 10 * i }),
    );
    const story = storyOf(history, 0, 5);
    expect(story.dead).toEqual([false, false, true, false, true, true]);
    expect(story.deadFrom).toBe(40);
    expect(story.settledFrom).toBeNull();
    expect(story.toShown.every(Number.isNaN)).toBe(true);
    expect(story.toFirst.map((cosine) => !Number.isNaN(cosine))).toEqual([true, true, false, true, false, false]);
    expect(storyOf(history, 1, 5)).toMatchObject({ deadFrom: null, settledFrom: 0 });
    expect(
      storyOf(
        history.map(() => layerOf([0, 1], 3)),
        0,
        0,
      ).deadFrom,
    ).toBe(0);
  });
});
