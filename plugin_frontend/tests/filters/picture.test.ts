import { describe, expect, it } from "vitest";
import { tileAt, valueAt } from "../../src/canvas/grid_scene.ts";
import { parseFields } from "../../src/state/fields.ts";
import { FILTER_FIELDS, modeFor, modesFor, scaleFor, type FilterOptions } from "../../src/views/filters/fields.ts";
import { kernelsOf, ownerOf, type Kernels } from "../../src/views/filters/kernels.ts";
import { pictureOf, type Picture, type PictureInput } from "../../src/views/filters/picture.ts";
import { cellOf, weightAt } from "../../src/views/filters/scenes.ts";
import { cursorRows, spokenWeight, weightOf } from "../../src/views/filters/cursor_rows.ts";
import { csvOf } from "../../src/views/filters/export.ts";
import { RandomValues } from "../math/random_values.ts";
import { caseOf, filtersCase, weightIn, type Case } from "./cases.ts";

const DEFAULTS = parseFields(FILTER_FIELDS, new Map());

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

/** Each cell of each panel, and the weight it says it shows. */
function* cells({ panels }: Picture) {
  for (const { scene, plan, kernels } of panels) {
    for (let place = 0; place < scene.columns * scene.rows; place++) {
      for (let i = 0; i < scene.tileWidth * scene.tileHeight; i++) {
        const cell = {
          place,
          x: i % scene.tileWidth,
          y: Math.floor(i / scene.tileWidth),
          column: place % scene.columns,
          row: Math.floor(place / scene.columns),
        };
        yield { scene, plan, kernels, cell, weight: weightAt(kernels, plan, scene.columns, cell)! };
      }
    }
  }
}

describe("pictureOf", () => {
  it("folds each run's kernels in the order of its channels", () => {
    const random = new RandomValues(43);
    const [a, b] = [caseOf(random, [4, 3, 2, 2]), caseOf(random, [4, 3, 2, 2])].map((one) => kernelsOf(one.record));
    const { panels } = pictureOf(inputOf(a!, {}, { b: b!, channelsA: "bgr", channelsB: "rgb" }));
    const orders = panels.map(({ id, scene }) => [id, scene.colouring.kind === "folded" && scene.colouring.order]);
    expect(orders).toEqual([
      ["A", "bgr"],
      ["B", "rgb"],
      ["difference", "bgr"],
    ]);
    const usual = pictureOf(inputOf(a!)).panels[0]!.scene.colouring;
    expect(usual.kind === "folded" && usual.order).toBe("rgb");
  });

  it("draws each weight at the cell that is named for it, in every mode and order", () => {
    const random = new RandomValues(41);
    for (let round = 0; round < 80; round++) {
      const one = filtersCase(random);
      const kernels = kernelsOf(one.record);
      for (const mode of modesFor(kernels)) {
        const sort = (["norm", "index", "change"] as const)[round % 3]!;
        const picture = pictureOf(inputOf(kernels, { mode, sort }));
        const seen = new Set<string>();
        for (const { scene, plan, cell, weight } of cells(picture)) {
          const { filter, input, slice, row, column } = weight;
          const space = [slice, row, column].slice(3 - (one.shape.length - 2));
          expect(valueAt(scene, cell)).toBe(weightIn(one, filter, input, ...space));
          expect(cellOf(kernels, plan, scene.columns, weight)).toEqual({ place: cell.place, x: cell.x, y: cell.y });
          seen.add(JSON.stringify(weight));
        }
        const shown =
          mode === "one"
            ? kernels.values.length / kernels.filters
            : mode === "folded"
              ? kernels.values.length / 3
              : kernels.values.length;
        expect(seen.size).toBe(shown);
      }
    }
  });

  it("gives each tile the range of its kernel, filter or layer", () => {
    const random = new RandomValues(42);
    const kernels = kernelsOf(caseOf(random, [5, 4, 2, 3, 3]).record);
    for (const scale of ["kernel", "filter", "layer"] as const) {
      const picture = pictureOf(inputOf(kernels, { mode: "matrix", scale }));
      for (const { scene, cell, weight } of cells(picture)) {
        const owner = ownerOf(kernels, tileAt(scene, cell.place));
        expect(owner).toEqual({ filter: weight.filter, input: weight.input, slice: weight.slice });
        const { range } = scene.colouring as { range: { lo: number | Float64Array; hi: number | Float64Array } };
        const hi = typeof range.hi === "number" ? range.hi : range.hi[tileAt(scene, cell.place)]!;
        const lo = typeof range.lo === "number" ? range.lo : range.lo[tileAt(scene, cell.place)]!;
        expect(lo).toBe(-hi);
        if (scale !== "layer") expect(hi).toBeGreaterThanOrEqual(Math.abs(valueAt(scene, cell)!));
      }
    }
  });

  it("sorts by what the run's end says, so that filters keep their place", () => {
    const random = new RandomValues(43);
    const [first, now, last] = [0, 5, 9].map((step) => kernelsOf(caseOf(random, [6, 4, 3, 3], "float32", step).record));
    const norms = (k: Kernels): number[] => Array.from(k.norms);
    const sorted = (keys: number[]): number[] => keys.map((_, i) => i).sort((x, y) => keys[y]! - keys[x]!);
    const more = { first: first!, last: last! };
    expect([...pictureOf(inputOf(now!, { sort: "norm" }, more)).order.filters]).toEqual(sorted(norms(last!)));
    const change = [0, 1, 2, 3, 4, 5].map((f) =>
      Math.hypot(...Array.from({ length: 36 }, (_, i) => last!.values[f * 36 + i]! - first!.values[f * 36 + i]!)),
    );
    expect([...pictureOf(inputOf(now!, { sort: "change" }, more)).order.filters]).toEqual(sorted(change));
    expect([...pictureOf(inputOf(now!, { sort: "index" }, more)).order.filters]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("shows two runs on one scale with their difference, and runs of another shape beside", () => {
    const random = new RandomValues(44);
    const [a, b, other] = [
      [6, 4, 3, 3],
      [6, 4, 3, 3],
      [5, 4, 3, 3],
    ].map((shape) => caseOf(random, shape));
    const both = pictureOf(inputOf(kernelsOf(a!.record), {}, { b: kernelsOf(b!.record) }));
    expect(both.panels.map(({ id }) => id)).toEqual(["A", "B", "difference"]);
    expect(both.panels[0]!.bounds).toBe(both.panels[1]!.bounds);
    both.panels[2]!.kernels.values.forEach((value, i) => expect(value).toBe(Math.fround(a!.truth[i]! - b!.truth[i]!)));
    const only = pictureOf(inputOf(kernelsOf(a!.record), { show: "difference" }, { b: kernelsOf(b!.record) }));
    expect(only.panels.map(({ id }) => id)).toEqual(["difference"]);
    const unlike = pictureOf(inputOf(kernelsOf(a!.record), {}, { b: kernelsOf(other!.record) }));
    expect(unlike.panels.map(({ id }) => id)).toEqual(["A", "B"]);
  });

  it("shows the change since the first step", () => {
    const random = new RandomValues(45);
    const [first, now] = [caseOf(random, [4, 2, 3, 3]), caseOf(random, [4, 2, 3, 3], "float32", 7)];
    const picture = pictureOf(inputOf(kernelsOf(now.record), { show: "change" }, { first: kernelsOf(first.record) }));
    expect(picture.panels.map(({ id }) => id)).toEqual(["change"]);
    picture.panels[0]!.kernels.values.forEach((value, i) => {
      expect(value).toBe(Math.fround(now.truth[i]! - first.truth[i]!));
    });
  });

  it("keeps a held scale", () => {
    const random = new RandomValues(46);
    const [a, b] = [0, 1].map(() => kernelsOf(caseOf(random, [4, 2, 3, 3]).record)) as [Kernels, Kernels];
    const before = pictureOf(inputOf(a));
    const held = new Map(before.panels.map(({ id, bounds }) => [id, bounds]));
    expect(pictureOf(inputOf(b, {}, { held })).panels[0]!.bounds).toBe(before.panels[0]!.bounds);
  });
});

describe("modes and scales", () => {
  const shape = { filters: 4, slices: 1, height: 3, width: 3, space: [3, 3] };

  it("suit the layer", () => {
    expect(modeFor({ ...shape, inputs: 3 }, "auto")).toBe("folded");
    expect(modeFor({ ...shape, inputs: 3, slices: 2 }, "folded")).toBe("matrix");
    expect(modeFor({ ...shape, inputs: 1 }, "matrix")).toBe("tiles");
    expect(modeFor({ ...shape, inputs: 8 }, "auto")).toBe("matrix");
    expect([scaleFor("matrix", "auto"), scaleFor("folded", "auto"), scaleFor("folded", "kernel")]).toEqual([
      "layer",
      "filter",
      "filter",
    ]);
  });
});

describe("what is said", () => {
  const words = { name: (i: number) => ["red", "green", "blue"][i] ?? String(i), origin: () => null };

  function folded(): { one: Case; picture: Picture } {
    const one = caseOf(new RandomValues(47), [5, 3, 3, 3]);
    return { one, picture: pictureOf(inputOf(kernelsOf(one.record))) };
  }

  it("of a folded cell are all three channels", () => {
    const { one, picture } = folded();
    const weight = { filter: 2, input: 0, slice: 0, row: 1, column: 2 };
    const rows = new Map(cursorRows(picture, weight, words).filter((row) => row !== "line"));
    for (const [i, name] of ["red", "green", "blue"].entries()) {
      const shown = rows.get(name)!.replace("−", "-").replace(/·10.*/, "");
      expect(Math.sign(Number(shown))).toBe(Math.sign(weightIn(one, 2, i, 1, 2)));
    }
    expect(spokenWeight(picture, picture.panels[0]!, weight, words)).toMatch(
      /^filter 2, row 1, column 2, red (plus|minus)/,
    );
  });

  it("of a matrix cell is one weight", () => {
    const { one } = folded();
    const picture = pictureOf(inputOf(kernelsOf(one.record), { mode: "matrix" }));
    const weight = { filter: 4, input: 1, slice: 0, row: 0, column: 1 };
    expect(weightOf(picture.panels[0]!.kernels, weight)).toBe(weightIn(one, 4, 1, 0, 1));
    expect(spokenWeight(picture, picture.panels[0]!, weight, words)).toMatch(
      /^filter 4, green, row 0, column 1, (plus|minus) \d/,
    );
  });

  it("saves a layer of many kernels", () => {
    const kernels = kernelsOf(caseOf(new RandomValues(48), [400, 400, 1, 1]).record);
    const { panels } = pictureOf(inputOf(kernels));
    expect(csvOf(panels, () => "run").split("\r\n")).toHaveLength(160_002);
  });

  it("saves every weight so that it reads back as it was", () => {
    const { one, picture } = folded();
    const lines = csvOf(picture.panels, () => '=cmd|"x"')
      .trim()
      .split("\r\n");
    expect(lines[0]).toBe(
      `run,step,filter,input,slice,filter_norm,practically_dead,${Array.from({ length: 9 }, (_, i) => `w_${Math.floor(i / 3)}_${i % 3}`).join(",")}`,
    );
    expect(lines).toHaveLength(16);
    for (const line of lines.slice(1)) {
      expect(line.startsWith(`"'=cmd|""x""",`)).toBe(true);
      const [, filter, input, , , , ...weights] = line
        .slice(line.indexOf('",') + 2)
        .split(",")
        .map(Number);
      weights.forEach((value, i) => {
        expect(Math.fround(value)).toBe(weightIn(one, filter!, input!, Math.floor(i / 3), i % 3));
      });
    }
  });
});
