import { describe, expect, test } from "vitest";
import { cellSum, convolve, filterOf } from "../../src/math/convolution.ts";
import { erf } from "../../src/math/erf.ts";
import { windowGrid } from "../../src/math/planes.ts";
import { pool, poolGradient } from "../../src/math/pooling.ts";
import {
  cellsNeverRead,
  cellUnder,
  outputArithmetic,
  tapsInside,
  windowAxis,
  windowsReaching,
} from "../../src/math/window_geometry.ts";
import { compute } from "../../src/views/lab/convolution/computation.ts";
import { parseEdits, parseWeight, withEdit } from "../../src/views/lab/convolution/edits.ts";
import type { LayerKernel } from "../../src/views/lab/convolution/layer_kernel.ts";
import { changesOf, OWN, settingOf, weightsOf } from "../../src/views/lab/convolution/setting.ts";
import { fitMap } from "../../src/views/lab/convolution/sizes.ts";
import { termsOf } from "../../src/views/lab/convolution/labels.ts";
import { bareLayer } from "../../src/state/selectors.ts";
import type { Lab } from "../../src/views/lab/lab_mode.ts";
import type { Volume } from "../../src/views/lab/volume.ts";
import { seeded } from "../maps/cases.ts";

// The equality with Keras over random cases is tests/integration/test_operation_arithmetic.py.

const plane = (rows: number, columns: number, values: number[]) => ({
  channels: 1,
  rows,
  columns,
  values: Float32Array.from(values),
});

describe("windows on an axis", () => {
  test("the output's length is written out", () => {
    expect(outputArithmetic(windowAxis({ length: 48, size: 7, stride: 1, padding: "same" }))).toBe(
      "⌊(48 + 2·3 − 1·(7 − 1) − 1) / 1⌋ + 1 = 48",
    );
    expect(outputArithmetic(windowAxis({ length: 24, size: 3, stride: 2, padding: "valid" }), { dilated: false })).toBe(
      "⌊(24 − 3) / 2⌋ + 1 = 11",
    );
    expect(outputArithmetic(windowAxis({ length: 5, size: 2, stride: 2, padding: "same" }), { dilated: false })).toBe(
      "⌊(5 + 0 + 1 − 2) / 2⌋ + 1 = 3",
    );
  });

  test("cells are read with their distance, and those between wide strides never", () => {
    const axis = windowAxis({ length: 7, size: 3, stride: 1, dilation: 2, padding: "same" });
    expect([0, 1, 2].map((tap) => cellUnder(axis, 3, tap))).toEqual([1, 3, 5]);
    expect(tapsInside(axis, 0)).toEqual({ start: 1, end: 3 });
    expect(windowsReaching(axis, 0)).toEqual({ start: 2, end: 7 });
    expect(cellsNeverRead(windowAxis({ length: 8, size: 2, stride: 3, padding: "valid" }))).toEqual([2, 5]);
    expect(windowAxis({ length: 4, size: 3, stride: 1, padding: [2, 0] })).toMatchObject({
      before: 2,
      after: 0,
      output: 4,
    });
  });

  test("what cannot be is refused with the reason", () => {
    expect(() => windowAxis({ length: 3, size: 5, stride: 1, padding: "valid" })).toThrow(
      "a window of 5 does not fit into 3 cells",
    );
    expect(() => windowAxis({ length: 3, size: 0, stride: 1, padding: "valid" })).toThrow("size is 0");
    expect(() => windowAxis({ length: 3, size: 1, stride: 1, padding: [-1, 0] })).toThrow("padding is [-1, 0]");
    const both = { size: [2, 2], stride: [2, 2], dilation: [2, 2], padding: "valid" } as const;
    expect(() => windowGrid(9, 9, both)).toThrow("stride 2 and dilation 2 at once");
    expect(windowGrid(9, 9, { ...both, depthwise: true }).rows.output).toBe(4);
  });
});

describe("values that are not numbers", () => {
  test("NaN wins in a maximum, and its neighbours keep their own sums", () => {
    const grid = windowGrid(1, 4, { size: [1, 2], stride: [1, 2], padding: "valid" });
    const input = plane(1, 4, [1, NaN, 3, 2]);
    expect(Array.from(pool("max", input, grid).values)).toEqual([NaN, 3]);
    expect(Array.from(pool("strided", input, grid).values)).toEqual([1, 3]);
    expect(Array.from(poolGradient("max", plane(1, 4, [5, 5, 2, 3]), grid))).toEqual([1, 0, 0, 1]);
    const filter = filterOf({ shape: [1, 1, 2], values: Float32Array.of(1, -1) }, null, 0, 1);
    expect(Array.from(convolve(input, filter, grid))).toEqual([NaN, 1]);
  });

  test("shapes that contradict each other are refused", () => {
    const kernel = { shape: [2, 3, 1, 1], values: new Float32Array(6) };
    expect(() => filterOf(kernel, null, 2, 1)).toThrow("filter 2 is not one of 2");
    expect(() => filterOf({ ...kernel, values: new Float32Array(5) }, null, 0, 1)).toThrow("holds 5 values");
    const grid = windowGrid(2, 2, { size: [1, 1], stride: [1, 1], padding: "valid" });
    expect(() => cellSum(plane(2, 2, [1, 2, 3, 4]), filterOf(kernel, null, 0, 1), grid, 0, 0)).toThrow(
      "reads channels 0 to 2 of an input that has 1",
    );
  });

  test("erf at both of its forms", () => {
    // Abramowitz and Stegun, table 7.1, and erfc(4) from table 7.3.
    expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
    expect(erf(2)).toBeCloseTo(0.995322265, 10);
    expect((1 - erf(4)) / 1.54172579e-8).toBeCloseTo(1, 6);
    expect([erf(-Infinity), erf(0), erf(Infinity), erf(NaN)]).toEqual([-1, 0, 1, NaN]);
  });
});

const KERNEL: LayerKernel = {
  shape: [2, 1, 3, 3],
  values: Float32Array.from({ length: 18 }, (_, i) => i),
  bias: null,
  groups: 1,
  depthwise: false,
  exact: true,
  step: 0,
};
const LAYER = {
  ...bareLayer("net/conv"),
  role: "convolution",
  kernel_size: [3, 3],
  strides: [2, 1],
  dilation: [1, 1],
  padding: "same",
};

describe("settings changed by hand", () => {
  test("a kernel is cropped to its middle or framed with zeros, edits stay at their weight", () => {
    const edits = [
      { channel: 0, row: 1, column: 1, value: -5 },
      { channel: 0, row: -1, column: 0, value: 7 },
    ];
    expect(Array.from(weightsOf(KERNEL, 1, settingOf(LAYER, KERNEL, { ...OWN, grow: -1 }), edits))).toEqual([-5]);
    expect(Array.from(weightsOf(KERNEL, 1, settingOf(LAYER, KERNEL, { ...OWN, grow: 1 }), edits))).toEqual([
      0, 7, 0, 0, 0, 0, 9, 10, 11, 0, 0, 12, -5, 14, 0, 0, 15, 16, 17, 0, 0, 0, 0, 0, 0,
    ]);
  });

  test("what was changed is said", () => {
    const own = settingOf(LAYER, KERNEL, OWN);
    const now = settingOf(LAYER, KERNEL, { grow: -9, convolutionStride: 1, convolutionPadding: "valid", dilation: 2 });
    expect(changesOf(own, now, [])).toEqual([
      "size 3×3 → 1×1",
      "stride 2×1 → 1",
      "padding same → valid",
      "dilation 1 → 2",
    ]);
    expect(changesOf(own, own, [])).toEqual([]);
    expect(() => settingOf({ ...LAYER, padding: "reflect" }, KERNEL, OWN)).toThrow("reflect");
  });

  test("edits pass through the URL, hold for one filter, and hostile ones are left out", () => {
    const one = withEdit("", "net|a", 3, { channel: 2, row: -1, column: 0, value: Math.fround(0.1) });
    const two = withEdit(one, "net|a", 3, { channel: 2, row: -1, column: 0, value: 1e-8 });
    expect(parseEdits(two, "net|a", 3)).toEqual([{ channel: 2, row: -1, column: 0, value: Math.fround(1e-8) }]);
    expect(parseEdits(two, "net|a", 4)).toEqual([]);
    expect(parseEdits(two, "net", 3)).toEqual([]);
    expect(parseEdits("3@net|a|0.0.0=1e99;0.0.0=;9.9=1;0.0.1=2", "net|a", 3)).toEqual([
      { channel: 0, row: 0, column: 1, value: 2 },
    ]);
  });

  test("a weight is a number, also with a true minus sign", () => {
    expect([" −0.5 ", "+.25", "1e-3", "7."].map(parseWeight)).toEqual([-0.5, 0.25, Math.fround(0.001), 7]);
    expect(["", "abc", "1,5", "0x10", "NaN", "Infinity", "1000001", "--1"].map(parseWeight)).toEqual(
      Array(8).fill(null),
    );
  });
});

test("a sum of many channels names the largest and adds up the others", () => {
  const sums = Float64Array.of(1, -6, 0.5, 4, -3, 2);
  const filter = { channels: 6, rows: 1, columns: 1, weights: new Float32Array(6), bias: 0.25, from: 10 };
  const cell = { window: new Float32Array(6), inside: new Uint8Array(1), products: sums, sums, total: -1.25 };
  expect(termsOf(cell, filter, (channel) => `ch ${channel}`, true)).toEqual([
    { value: -6, name: "ch 11" },
    { value: 4, name: "ch 13" },
    { value: -3, name: "ch 14" },
    { value: 2, name: "ch 15" },
    { value: 1.5, name: "2 others" },
    { value: 0.25, name: "bias" },
  ]);
});

test("a map takes whole pixels a cell where one has one, and a single row is drawn higher", () => {
  expect(fitMap(48, 48, { width: 221, height: 260 })).toEqual({ width: 192, height: 192 });
  expect(fitMap(1, 120, { width: 470, height: 100 })).toEqual({ width: 360, height: 28 });
  expect(fitMap(512, 512, { width: 256, height: 300 })).toEqual({ width: 256, height: 256 });
});

describe("against the log", () => {
  const random = seeded(5);
  const values = Float32Array.from({ length: 5 * 4 }, () => random() - 0.3);
  const volume = (cells: Float32Array, rows: number, columns: number, exact = true): Volume => ({
    channels: 1,
    axes: 2,
    spatial: [1, rows, columns],
    values: cells,
    exact,
  });
  const input = volume(values, 5, 4);
  const kernel: LayerKernel = { ...KERNEL, values: Float32Array.from({ length: 18 }, () => random() - 0.5), step: 7 };
  const layer = { ...LAYER, strides: [1, 1], activation: "relu" };
  const options = { ...OWN, chosenFor: layer.path, edits: "" };

  /** The output of filter 1 by the definition, cell by cell. */
  const output = new Float32Array(2 * 20);
  for (let row = 0; row < 5; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = 0;
      for (let i = 0; i < 9; i++) {
        const [y, x] = [row + Math.floor(i / 3) - 1, column + (i % 3) - 1];
        if (y >= 0 && y < 5 && x >= 0 && x < 4) sum += kernel.values[9 + i]! * values[y * 4 + x]!;
      }
      output[20 + row * 4 + column] = Math.max(0, sum);
    }
  }
  const lab = (patch: object = {}, logged = output, exact = true): Lab =>
    ({
      layer: { ...layer, ...patch },
      options,
      input,
      operation: { step: 7, output: { ...volume(logged, 5, 4, exact), channels: 2 } },
    }) as unknown as Lab;
  const comparison = (its: Lab, its_kernel = kernel) => compute(its, input, its_kernel, 1).comparison;

  test("the largest deviation is found, with its cell", () => {
    expect(comparison(lab())).toMatchObject({ is: "compared", range: Math.max(...output) });
    const off = output.slice();
    off[20 + 2 * 4 + 3]! += 0.125;
    const found = comparison(lab({}, off));
    expect(found).toMatchObject({ is: "compared", row: 2, column: 3 });
    if (found.is === "compared") {
      expect(found.deviation).toBeCloseTo(0.125, 6);
      expect(found.allowed).toBeLessThan(0.01);
    }
    off[20] = NaN;
    expect(comparison(lab({}, off))).toMatchObject({ deviation: NaN, row: 0, column: 0 });
  });

  test("eight bits and float16 are allowed what they may be off by, and no more", () => {
    const level = Math.max(...kernel.values.subarray(9).map(Math.abs)) / 127;
    const coarse = {
      ...kernel,
      exact: false,
      values: kernel.values.map((weight) => Math.round(weight / level) * level),
    };
    const eight = comparison(lab(), coarse);
    const half = comparison(lab({}, output, false));
    if (eight.is !== "compared" || half.is !== "compared") throw new Error("not compared");
    expect(eight.deviation).toBeGreaterThan(1e-4 * eight.range);
    expect(eight.deviation).toBeLessThan(eight.allowed);
    expect(eight.allowed).toBeLessThan(0.1);
    expect(half.allowed).toBeGreaterThan(2 ** -11 * Math.max(...output));
    expect(half.allowed).toBeLessThan(0.01);
  });

  test("what cannot be compared is not, and why is said", () => {
    const refusals: [Lab, LayerKernel, string][] = [
      [
        lab(),
        { ...kernel, step: 5 },
        "The kernel is that of step 5, the nearest one logged, the output that of step 7",
      ],
      [lab({ activation: "softmax" }), kernel, "softmax is not computed here"],
      [lab({ padding: "valid" }), kernel, "The logged output has 5×4 cells, the computed one 3×2"],
      [
        { ...lab(), options: { ...options, convolutionStride: 2 } } as unknown as Lab,
        kernel,
        "You changed stride 1 → 2",
      ],
    ];
    for (const [its, own, reason] of refusals) {
      const found = comparison(its, own);
      expect(found.is === "refused" && found.reason).toContain(reason);
    }
    const elsewhere = {
      ...lab(),
      options: { ...options, chosenFor: "net/other", convolutionStride: 2 },
    } as unknown as Lab;
    expect(comparison(elsewhere).is).toBe("compared");
  });
});
