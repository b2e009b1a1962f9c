import { fitNumber } from "../../src/parts/fit_text.ts";
import { describe, expect, it } from "vitest";
import { curvesOf, numbersOf, RULE } from "../../src/views/model/row_numbers.ts";
import { rowsOf } from "../../src/views/model/rows.ts";
import { sparkHeight, sparkOf, sparkScale } from "../../src/views/model/spark.ts";
import type { DataArray } from "../../src/data/binary.ts";
import { timeAxis } from "../../src/state/time_axis.ts";
import { layer, model, seeded } from "../support.ts";
import { array, record, variable } from "./cases.ts";

const layers = [
  layer("in", "input", [], [8, 8, 1]),
  layer("c", "convolution", ["in"], [8, 8, 4]),
  layer("d", "dense", ["c"], [3]),
];
const variables = [
  variable("c", "kernel", [3, 3, 1, 4]),
  variable("d", "kernel", [4, 3]),
  variable("c", "bias", [4]),
  variable(null, "own", [1]),
];
const network = { ...model(layers), variables };
const rows = rowsOf(layers, new Map(), new Set());

/** Vectors of each variable at each step, and the columns that a log would hold of them. */
function logged(steps: number): { vectors: number[][][][]; arrays: Record<string, DataArray> } {
  const random = seeded(81);
  const vectors = Array.from({ length: 3 }, () =>
    Array.from({ length: steps }, () =>
      variables.map(({ size }) => Array.from({ length: size }, () => random() - 0.5)),
    ),
  );
  const norms = vectors.map((byStep) => Float32Array.from(byStep.flat().map((values) => Math.hypot(...values))));
  const arrays = {
    step: array(
      Float64Array.from({ length: steps }, (_, i) => i * 2),
      steps,
    ),
    ...Object.fromEntries(["norm", "weight_norm", "update_norm"].map((name, i) => [name, array(norms[i]!, steps, 4)])),
  };
  return { vectors, arrays };
}

describe("norms of a layer", () => {
  it("are those of all its variables as one vector", () => {
    const {
      vectors: [gradient, weight, update],
      arrays,
    } = logged(1);
    const at = record(
      "gradients",
      null,
      Object.fromEntries(Object.entries(arrays).map(([name, each]) => [name, { ...each, shape: [4] }])),
    );
    const numbers = numbersOf(rows, network, at, []);
    const whole = (byStep: number[][][], indices: number[]): number =>
      Math.hypot(...indices.flatMap((i) => byStep[0]![i]!));
    expect(numbers.get("in")?.norms).toBeNull();
    for (const [path, indices] of [
      ["c", [0, 2]],
      ["d", [1]],
    ] as const) {
      expect(numbers.get(path)?.norms?.norm).toBeCloseTo(whole(gradient!, [...indices]), 5);
      expect(numbers.get(path)?.norms?.ratio).toBeCloseTo(
        whole(update!, [...indices]) / whole(weight!, [...indices]),
        5,
      );
    }
  });

  it("are not shown where the record is of another network", () => {
    const at = record("gradients", null, { norm: array(new Float32Array(3), 3) });
    expect(numbersOf(rows, network, at, []).get("c")?.norms).toBeNull();
    expect(curvesOf(rows, network, record("gradients", null, {}), timeAxis("log", 9), 60, 20).byRow.size).toBe(0);
  });

  it("are NaN where one variable's is, and so is its place", () => {
    const { arrays } = logged(3);
    arrays.norm!.values[4] = NaN;
    const curves = curvesOf(rows, network, record("gradients", null, arrays), timeAxis("linear", 4), 60, 20);
    expect(curves.byRow.get("c")?.norm.broken).toEqual([30]);
    expect(curves.byRow.get("d")?.norm.broken).toEqual([]);
    expect(curves.scales.ratio.lo).toBeLessThan(RULE);
    expect(curves.scales.ratio.hi).toBeGreaterThan(RULE);
  });

  it("go with the mean share of zeros over all images and channels", () => {
    const maps = record("feature_maps", "c", { zeros: array(new Float32Array([0, 0.5, 1, 0.25]), 2, 2) });
    expect(numbersOf(rows, network, null, [maps]).get("c")?.zeros).toBe(0.4375);
    expect(numbersOf(rows, network, null, []).get("c")?.zeros).toBeNull();
  });
});

describe("curves", () => {
  it("stand on the page's time axis, all on one scale, held at its ends", () => {
    const scale = { lo: 0, hi: 10 };
    const axis = timeAxis("linear", 100);
    const spark = sparkOf([0, 50, 100], [0, 10, 20], scale, axis, 60, 20);
    expect(spark.raw).toBe("M0 20L30 0L60 0");
    expect(sparkOf([0, 50, 60, 70], [-Infinity, 5, NaN, Infinity], scale, axis, 60, 20)).toMatchObject({
      raw: "M30 10",
      zeros: [0],
      broken: [36, 42],
    });
    expect(sparkHeight(2.5, scale, 20)).toBe(15);
    expect(sparkScale([[NaN, 1], [3]])).toEqual({ lo: 1, hi: 3 });
    expect(sparkScale([])).toEqual({ lo: -1, hi: 1 });
  });
});

describe("a number in a column", () => {
  it("keeps its power of ten, whatever room there is", () => {
    const fitted = [9, 8, 7, 6, 1].map((room) => fitNumber(7.912e-9, 3, room, (text) => text.length));
    expect(fitted).toEqual(["7.91·10⁻⁹", "7.9·10⁻⁹", "8·10⁻⁹", "8·10⁻⁹", "8·10⁻⁹"]);
    expect(fitNumber(0.297, 3, 40, (text) => text.length)).toBe("0.297");
  });
});
