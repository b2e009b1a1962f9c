import { describe, expect, it } from "vitest";
import { activationFunction, FLAT } from "../../src/math/activation_slopes.ts";
import {
  barsOf,
  drawnRange,
  flatSpans,
  measuredInputs,
  shareBetween,
  slopeFacts,
} from "../../src/math/measured_inputs.ts";
import { layoutOf, boxOf } from "../../src/views/lab/activation/activation_layout.ts";
import { activationSourceOf } from "../../src/views/lab/activation/activation_source.ts";
import { bareLayer } from "../../src/state/selectors.ts";
import { rowsOf } from "../../src/data/record_rows.ts";
import type { DataRecord } from "../../src/data/binary.ts";
import { RandomValues } from "../math/random_values.ts";

const NAMES = [
  "linear",
  "relu",
  "leaky_relu",
  "relu6",
  "sigmoid",
  "hard_sigmoid",
  "tanh",
  "elu",
  "selu",
  "gelu",
  "silu",
  "softplus",
  "mish",
];

/** Counts by sign and exponent as Math.log2 gives it, not by bits. */
function histogramOf(values: Float32Array): number[] {
  const counts = Array.from({ length: 509 }, () => 0);
  for (const value of values) {
    const octave = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 127;
    counts[254 + Math.sign(value) * Math.max(0, octave)]!++;
  }
  return counts;
}

function sample(
  seed: number,
  count: number,
  spread: number,
  shift: number,
): { values: Float32Array; inputs: ReturnType<typeof measuredInputs> } {
  const random = new RandomValues(seed);
  // A sum of uniform numbers: a bell without a library.
  const values = Float32Array.from(
    { length: count },
    () => spread * ((random.uniform() + random.uniform() + random.uniform()) * 2 - 3) + shift,
  );
  return { values, inputs: measuredInputs(histogramOf(values), 0, Math.min(...values), Math.max(...values)) };
}

describe("slopes", () => {
  it.each(NAMES)("of %s are what its values rise by", (name) => {
    const fn = activationFunction(name)!;
    for (let x = -7.93; x < 8; x += 0.21) {
      const rise = (fn.value(x + 1e-6) - fn.value(x - 1e-6)) / 2e-6;
      expect(fn.slope(x)).toBeCloseTo(rise, 4);
    }
  });

  it("take the leak that was chosen, and know layers by their class", () => {
    expect(activationFunction("leaky_relu", 0.01)!.slope(-2)).toBe(0.01);
    expect(activationFunction("LeakyReLU", 0.3)!.value(-2)).toBeCloseTo(-0.6);
    expect(activationFunction("ReLU")!.slope(0)).toBe(0);
    expect(activationFunction("softmax")).toBeUndefined();
  });
});

describe("what a histogram says of a slope", () => {
  it.each([
    [3, 0],
    [1, -1.5],
    [6, 2],
  ])("is what the values say, spread %d around %d", (spread, shift) => {
    const { values, inputs } = sample(91, 20_000, spread, shift);
    expect(inputs.total).toBe(values.length);
    for (const name of NAMES) {
      const fn = activationFunction(name)!;
      const slopes = Array.from(values, fn.slope);
      const flat = slopes.filter((slope) => Math.abs(slope) < FLAT).length / slopes.length;
      const rms = Math.sqrt(slopes.reduce((sum, slope) => sum + slope ** 2, 0) / slopes.length);
      const facts = slopeFacts(inputs, fn);
      expect(Math.abs(facts.flat - flat), `${name} flat`).toBeLessThan(0.05);
      expect(Math.abs(facts.rms - rms), `${name} rms`).toBeLessThan(0.02);
    }
    const relu = slopeFacts(inputs, activationFunction("relu")!);
    // Nothing is estimated where no bin bends.
    expect(relu.flat).toBeCloseTo(values.filter((value) => value <= 0).length / values.length, 12);
    expect(shareBetween(inputs, -Infinity, 0)).toBeCloseTo(
      values.filter((value) => value < 0).length / values.length,
      12,
    );
  });

  it("counts zeros as zeros, and keeps the place of what has no width", () => {
    const inputs = measuredInputs(histogramOf(new Float32Array(7)), 0, 0, 0);
    expect(slopeFacts(inputs, activationFunction("relu")!)).toEqual({ flat: 1, rms: 0 });
    expect(slopeFacts(inputs, activationFunction("sigmoid")!)).toEqual({ flat: 0, rms: 0.25 });
    expect(slopeFacts(measuredInputs([], 0, NaN, NaN), activationFunction("tanh")!).rms).toBeNaN();
  });

  it("draws bars whose areas are the shares inside the range", () => {
    const { inputs } = sample(92, 5000, 5, 1);
    const range = drawnRange(inputs);
    expect(1 - shareBetween(inputs, -range, range)).toBeLessThanOrEqual(0.05);
    expect(range === 4 || 1 - shareBetween(inputs, -range / 2, range / 2) > 0.05).toBe(true);
    const bars = barsOf(inputs, range);
    const area = bars.reduce((sum, { lo, hi, density }) => sum + (hi - lo) * density, 0);
    expect(area).toBeCloseTo(shareBetween(inputs, -range, range), 10);
    bars.slice(1).forEach((bar, i) => expect(bar.lo).toBeGreaterThanOrEqual(bars[i]!.hi));
  });

  it("finds where a function is flat", () => {
    // y (1 − y) = 0.05 at y = (1 − √0.8) / 2.
    const edge = Math.log((1 - Math.sqrt(0.8)) / (1 + Math.sqrt(0.8)));
    const [left, right] = flatSpans(activationFunction("sigmoid")!, 8);
    expect(left![1]).toBeCloseTo(edge, 1);
    expect(right![0]).toBeCloseTo(-edge, 1);
    expect(flatSpans(activationFunction("leaky_relu")!, 4)).toEqual([]);
  });
});

describe("siteOf", () => {
  const layer = (path: string, role: string, activation: string | null, inbound: string[]) => ({
    ...bareLayer(path),
    role,
    activation,
    inbound,
  });
  const conv = layer("conv", "convolution", "linear", ["input"]);
  const bn = layer("bn", "normalization", null, ["conv"]);
  const relu = layer("act", "activation", "ReLU", ["bn"]);
  const fused = layer("dense", "dense", "tanh", ["act"]);

  it("is the layer's own function, or the one that it feeds alone", () => {
    const layers = [conv, bn, relu, fused];
    expect(activationSourceOf(fused, layers)).toMatchObject({ name: "tanh", source: "dense", place: "pre_activation" });
    for (const from of [conv, bn, relu]) {
      expect(activationSourceOf(from, layers)).toMatchObject({
        name: "ReLU",
        source: "bn",
        place: "output",
        owner: relu,
      });
    }
    expect(activationSourceOf(conv, [...layers, layer("add", "merge", null, ["conv", "act"])])).toMatchObject({
      name: null,
      source: "conv",
    });
    expect(
      activationSourceOf(layer("loop", "convolution", null, ["loop"]), [layer("loop", "dropout", null, ["loop"])]).name,
    ).toBeNull();
  });
});

describe("rowsOf", () => {
  const record = (text: string): DataRecord => ({
    kind: "activations",
    layer: null,
    step: 1,
    wallTime: 0,
    attributes: {},
    bytes: 0,
    arrays: { rows: { shape: [text.length], dtype: "uint8", values: new TextEncoder().encode(text) } },
  });
  it("numbers the channels of all rows", () => {
    const rows = rowsOf(
      record('[{"layer":"a","place":"output","channels":3},{"layer":"a","place":"x","channels":2,"saturation":"s"}]'),
    );
    expect(rows.map(({ row, firstChannel, saturation }) => [row, firstChannel, saturation])).toEqual([
      [0, 0, null],
      [1, 3, "s"],
    ]);
  });
  it("keeps what a row says of its numbers, and takes text alone for it", () => {
    const rows = rowsOf(
      record(
        '[{"layer":"a","place":"output","channels":1,"note":"passes over NaN"},{"layer":"b","place":"output","channels":1,"note":3}]',
      ),
    );
    expect(rows.map(({ note }) => note)).toEqual(["passes over NaN", null]);
  });
  it.each([
    "{}",
    "[1]",
    "[null]",
    "no",
    '[{"layer":1,"place":"o","channels":2}]',
    '[{"layer":"a","place":"o","channels":-1}]',
  ])("refuses %s", (text) => expect(() => rowsOf(record(text))).toThrow(/record/));
});

describe("layoutOf", () => {
  it.each([
    [6, 964, 560],
    [6, 728, 540],
    [2, 660, 500],
    [1, 300, 400],
    [6, 260, 300],
  ])("keeps %d panels inside %d pixels", (panels, width, height) => {
    const layout = layoutOf(panels, width, height);
    const boxes = Array.from({ length: panels }, (_, i) => boxOf(layout, i));
    boxes.forEach((box, i) => {
      expect(box.x + box.width).toBeLessThanOrEqual(width + 0.01);
      expect(box.bottom - box.top).toBeGreaterThan(70);
      expect(box.bottom).toBeLessThan(layout.layers.y);
      for (const other of boxes.slice(i + 1)) expect(other.x >= box.x + box.width || other.y >= box.bottom).toBe(true);
    });
  });
});
