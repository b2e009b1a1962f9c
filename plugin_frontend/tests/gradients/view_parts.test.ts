import { describe, expect, it } from "vitest";
import type { VariableRecord } from "../../src/data/schema.ts";
import { bandPath, percent } from "../../src/views/gradients/bands.ts";
import { factorBetween, nameAt, type Flow } from "../../src/views/gradients/flow.ts";
import { productsToEnd } from "../../src/views/gradients/flow_model.ts";
import { namedRows } from "../../src/views/gradients/histogram_picture.ts";
import { histogramWords } from "../../src/views/gradients/legend.ts";
import { namesInLayer, placeOf, rowGroups } from "../../src/views/gradients/row_groups.ts";
import { histogramRowHeight, mostHistogramRows, sizesFor } from "../../src/views/gradients/sizes.ts";
import { unusualText } from "../../src/views/gradients/labels.ts";

const variable = (path: string, layer: string | null): VariableRecord => ({
  path,
  layer,
  role: "kernel",
  shape: [2],
  dtype: "float32",
  size: 2,
  optimizers: [],
});

describe("rows", () => {
  const variables = [
    variable("net/a/kernel", "net/a"),
    variable("net/a/bias", "net/a"),
    variable("net/b/kernel", "net/b"),
    variable("free", null),
  ];

  it("are layers with all of their variables, and variables of no layer by themselves", () => {
    const groups = rowGroups(variables, [], "layer");
    expect(groups.map(({ short, places }) => [short, places])).toEqual([
      ["a", [0, 1]],
      ["b", [2]],
      ["free", [3]],
    ]);
  });

  it("name a layer once where each variable has a row", () => {
    const groups = rowGroups(variables, [], "variable");
    expect(groups.map(({ short }) => short)).toEqual(["net/a", "bias", "net/b", "free"]);
    expect(groups[1]!.name).toBe("net/a bias");
  });

  it("find a variable by the end of its path, and another layer's by the same", () => {
    expect(placeOf(variables, "net/a", "bias")).toBe(1);
    expect(placeOf(variables, "net/b", "bias")).toBe(2);
    expect(placeOf(variables, "net/c", "bias")).toBe(-1);
  });

  it("tell variables of one end apart by their paths", () => {
    const twins = [variable("l/q/kernel", "l"), variable("l/k/kernel", "l"), variable("l/bias", "l")];
    expect(namesInLayer(twins, "l")).toEqual(["l/q/kernel", "l/k/kernel", "bias"]);
    expect(namesInLayer(twins, "l").map((name) => placeOf(twins, "l", name))).toEqual([0, 1, 2]);
  });
});

describe("bands", () => {
  it("are as high as the share, and never so low that they cannot be seen", () => {
    const columns = { width: 4, first: Int32Array.of(-1, 0, 1, 2), last: Int32Array.of(-1, 0, 1, 3) };
    // Nothing, a half, a sliver, and the larger of two.
    expect(bandPath(columns, [0.5, 1e-6, 0.1, 1], 20)).toBe("M0 20V20H1V10H2V19H3V0H4V20Z");
  });

  it("are told in per cent that are never rounded to all or nothing", () => {
    expect([0, 1e-6, 0.416, 0.99999, 1].map(percent)).toEqual(["0 %", "< 0.1 %", "41.6 %", "> 99.9 %", "100 %"]);
  });
});

describe("the picture", () => {
  it("fits where there is room for it", () => {
    const { rowHeight, side, band } = sizesFor(560, [6], 1, 1);
    expect(6 * rowHeight + 2 * side + band + 2 * 32).toBeLessThanOrEqual(560);
    const rows = mostHistogramRows(side);
    expect(histogramRowHeight(side, rows) * rows).toBeLessThanOrEqual(side);
    expect(sizesFor(100, [200], 1, 1).rowHeight).toBe(6);
  });

  it("names rows of both signs from the outside", () => {
    expect(namedRows(10, 6, 24, 1)).toEqual([0, 4, 8]);
    expect(namedRows(10, 6, 24, -1)).toEqual([9, 5, 1]);
  });

  it("knows no factor of or to what is zero or no number", () => {
    expect(factorBetween(2, 5)).toBe(2.5);
    for (const odd of [0, NaN, Infinity, null])
      expect([factorBetween(odd, 1), factorBetween(1, odd)]).toEqual([null, null]);
  });

  it("counts what is unusual in words", () => {
    const none = { count: 9, zero: 0, nan: 0, inf: 0 };
    expect(unusualText(none, "gradient", false)).toBe("");
    expect(unusualText({ ...none, zero: 2, nan: 1 }, "gradient", false)).toBe(
      "Of 9 norms: 2 zero (black), 1 NaN (magenta).",
    );
    expect(unusualText({ ...none, inf: 1 }, "ratio", false)).toContain("weights that are zero");
  });
});

describe("what is left to the end", () => {
  it("is the product of all factors from there on", () => {
    expect(productsToEnd([0.5, 4, 0.25])).toEqual([0.5, 1, 0.25]);
    expect(productsToEnd([])).toEqual([]);
  });

  it("is not known before a factor that is not known, and NaN before NaN", () => {
    expect(productsToEnd([0.5, null, 0.25, 0.5])).toEqual([null, null, 0.125, 0.5]);
    expect(productsToEnd([0.5, NaN, 0.25])).toEqual([NaN, NaN, 0.25]);
  });
});

describe("names of the flow's lines", () => {
  const flowOf = (a: number | null, b: number): Flow => ({
    heading: "Flow",
    steps: [4],
    names: ["first"],
    current: 0,
    range: { lo: -4, hi: 4 },
    width: 200,
    lines: [
      { id: "A", colour: "", dash: "", values: [a] },
      { id: "B", colour: "", dash: "", values: [b] },
    ],
  });
  const places = (a: number | null, b: number): (number | null)[] => {
    const flow = flowOf(a, b);
    return flow.lines.map((line) => nameAt(line, flow));
  };

  it("stand over their points, or as far apart as can be read, in the points' order", () => {
    expect(places(0.25, 4)).toEqual([places(0.25, 0.25)[0]! + 7, places(4, 4)[1]! - 7]);
    for (const [a, b] of [
      [1, 1],
      [1, 1.01],
      [1.01, 1],
    ] as const) {
      const [left, right] = places(a, b) as [number, number];
      expect(Math.abs(left - right)).toBeCloseTo(14, 9);
      expect(left < right).toBe(a <= b);
    }
    expect(places(null, 1)[0]).toBeNull();
  });
});

describe("a histogram", () => {
  it("says whether it is of all values", () => {
    expect(histogramWords(11)).toBe("sampled, 1 in 11");
    expect(histogramWords(1)).toBe("exact");
    expect(histogramWords(NaN)).toBe("exact");
  });
});
