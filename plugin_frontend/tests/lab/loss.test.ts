import { describe, expect, it } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import type { LayerRecord, ModelRecord } from "../../src/data/schema.ts";
import { evaluate, isDifference, lossNamed, LOSSES, outputsOf, type Head } from "../../src/math/losses.ts";
import { bareLayer } from "../../src/state/selectors.ts";
import { compareLoss } from "../../src/views/lab/loss/loss_comparison.ts";
import { loggedErrors } from "../../src/views/lab/loss/logged_error.ts";
import { lossSource, type LossSource } from "../../src/views/lab/loss/loss_source.ts";
import { lossBase, lossShown, type LossShown } from "../../src/views/lab/loss/loss_view_model.ts";
import { lesson } from "../../src/views/lab/loss/loss_words.ts";
import { formatMoved, parseMoved } from "../../src/views/lab/loss/moved.ts";
import { layerFor, modeOf, outputLayer } from "../../src/views/lab/mode.ts";
import { RandomValues } from "../math/random_values.ts";
import { detail } from "../support.ts";

const array = (shape: number[], values: ArrayLike<number>): DataArray => ({
  dtype: "float32",
  shape,
  values: Float32Array.from(values),
});

function record(kind: string, arrays: Record<string, DataArray>, attributes: Record<string, unknown> = {}): DataRecord {
  return { kind, layer: null, step: 4, wallTime: 0, attributes, arrays, bytes: 0 };
}

const layerOf = (more: Partial<LayerRecord> = {}): LayerRecord => ({
  ...bareLayer("net/out"),
  role: "dense",
  type: "Dense",
  activation: "linear",
  ...more,
});

const modelOf = (loss: string | null, more: object = {}): ModelRecord =>
  ({ layers: [], class_names: null, loss, ...more }) as unknown as ModelRecord;

const LOSS = "sparse_categorical_crossentropy";

function sourceOf(
  y_pred: DataArray,
  y: DataArray | null,
  layer: Partial<LayerRecord> = {},
  loss: string | null = LOSS,
  more: object = {},
): LossSource {
  const probe = record("probe", y ? { y } : {});
  return lossSource(record("predictions", { y_pred }), probe, layerOf(layer), modelOf(loss, more));
}

function shownOf(source: LossSource, choice: Partial<Parameters<typeof lossShown>[2]> = {}): LossShown {
  return lossShown(source, lossBase(source, []), { image: 0, row: null, moved: new Map(), ...choice }, null)!;
}

describe("derivatives of losses", () => {
  it.each(LOSSES.map(({ name }) => [name] as const))("of %s are what its values rise by, 300 times", (name) => {
    const loss = lossNamed(name)!;
    const random = new RandomValues(7 + name.length);
    for (let round = 0; round < 300; round++) {
      const head = loss.heads[round % loss.heads.length]!;
      const classes = random.integer(head === "softmax" ? 2 : 1, 6);
      const count = classes * random.integer(1, 3);
      const z = Float64Array.from({ length: count }, () => (random.uniform() - 0.5) * 9);
      const y = Float64Array.from({ length: count }, () => (head === "linear" ? 9 : Number(random.uniform() < 0.4)));
      const { byInput } = evaluate(loss, { z, y, classes }, head);
      const at = random.integer(0, count - 1);
      const there = (by: number): number =>
        evaluate(loss, { z: z.map((each, i) => (i === at ? each + by : each)), y, classes }, head).value;
      expect(Math.abs(byInput[at]! - (there(1e-5) - there(-1e-5)) / 2e-5)).toBeLessThan(1e-7);
    }
  });

  it("are p − y of two pairs, and of no other", () => {
    const pairs = LOSSES.flatMap((loss) =>
      loss.heads.map((head): [string, Head, boolean] => [loss.name, head, isDifference(loss, head)]),
    );
    expect(pairs.filter(([, , is]) => is).map(([name, head]) => `${name} ${head}`)).toEqual([
      "categorical_crossentropy softmax",
      "binary_crossentropy sigmoid",
    ]);
    const z = Float64Array.of(0.3, -1, 2);
    const y = Float64Array.of(0, 1, 0);
    for (const [name, head, is] of pairs) {
      const loss = lossNamed(name)!;
      const p = outputsOf({ z, classes: 3 }, head);
      const scale = name === "binary_crossentropy" ? 3 : 1;
      const difference = p.map((each, i) => (each - y[i]!) / scale);
      const { byInput } = evaluate(loss, { z, y, classes: 3 }, head);
      const same = byInput.every((each, i) => Math.abs(each - difference[i]!) < 1e-9);
      // Huber without an activation is e² / 2 summed over K: 1 / K of p − y where it does not bend.
      if (head !== "linear") expect(same, `${name} ${head}`).toBe(is);
    }
  });

  it("know losses by the names that models have", () => {
    expect(lossNamed("SparseCategoricalCrossentropy")?.name).toBe("categorical_crossentropy");
    expect(lossNamed("mse")?.name).toBe("mean_squared_error");
    expect(lossNamed("BCEWithLogitsLoss")?.name).toBe("binary_crossentropy");
    for (const name of [null, "", "constructor", "a, b", "focal"]) expect(lossNamed(name)).toBeUndefined();
  });
});

describe("what the log says of a prediction", () => {
  it("takes logits, shares and plain numbers for what they are, and says how it knows", () => {
    const logits = sourceOf(array([1, 3], [2, -1, 0.5]), array([1], [2]));
    expect(logits).toMatchObject({ head: "softmax", given: "logits", how: expect.stringContaining("inferred") });
    const shares = sourceOf(array([1, 3], [0.7, 0.2, 0.1]), array([1, 1], [1]), { activation: "softmax" });
    expect(shares).toMatchObject({ head: "softmax", given: "shares" });
    expect(outputsOf(shares.examples[0]!, "softmax")[1]).toBeCloseTo(0.2, 6);
    expect(shares.examples[0]!.z.reduce((a, b) => a + b)).toBeCloseTo(0, 9);
    const layer = { type: "Softmax", role: "activation", activation: null };
    expect(sourceOf(array([1, 3], [0.7, 0.2, 0.1]), array([1], [1]), layer).head).toBe("softmax");
    const one = sourceOf(
      array([2, 1], [0.25, 0.5]),
      array([2], [1, 0]),
      { activation: "sigmoid" },
      "binary_crossentropy",
    );
    expect(Array.from(one.examples, ({ z }) => z[0]!)).toEqual([expect.closeTo(-Math.log(3), 6), 0]);
    expect(sourceOf(array([1, 2], [4, 5]), array([1, 2], [4, 4]), {}, "mse")).toMatchObject({
      head: "linear",
      given: "values",
    });
    const config = { loss_config: { from_logits: true, label_smoothing: 0.1, reduction: "sum" } };
    const told = sourceOf(array([1, 3], [2, -1, 0.5]), array([1], [2]), {}, "my_loss", config);
    expect(told).toMatchObject({ given: "logits", config: { fromLogits: true, smoothing: 0.1, reduction: "sum" } });
  });

  it("reads class numbers, rows of 0 and 1, and masks of either order of axes alike", () => {
    const y = sourceOf(array([2, 3], [1, 0, 0, 0, 1, 0]), array([2], [2, 0])).examples.map((each) => [...each.y]);
    expect(y).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    const last = sourceOf(array([1, 1, 2, 2], [1, 2, 3, 4]), array([1, 1, 2], [1, 0]));
    const first = sourceOf(array([1, 2, 1, 2], [1, 3, 2, 4]), array([1, 1, 2], [1, 0]), {
      data_format: "channels_first",
    });
    expect([...last.examples[0]!.z]).toEqual([1, 2, 3, 4]);
    expect([...first.examples[0]!.z]).toEqual([...last.examples[0]!.z]);
    expect([...first.examples[0]!.y]).toEqual([0, 1, 1, 0]);
    expect(first.spatial).toEqual([1, 2]);
  });

  it("refuses what cannot be", () => {
    const three = array([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(() => sourceOf(three, null)).toThrow("no labels");
    expect(() => sourceOf(three, array([2], [3, 0]))).toThrow("none of the 3 classes");
    expect(() => sourceOf(three, array([2], [NaN, 0]))).toThrow("A label of the probe is NaN");
    expect(() => sourceOf(three, array([2, 2], [1, 0, 0, 1]))).toThrow("do not fit");
    expect(() => sourceOf(array([0, 3], []), array([1], [0]))).toThrow("no numbers");
    expect(() => sourceOf(three, array([0], []))).toThrow("no labels");
  });
});

describe("the loss of the log", () => {
  const y_pred = array([2, 2], [1, -1, 0.5, 0.5]);
  const source = sourceOf(y_pred, array([2], [0, 1]));
  const mean = (Math.log1p(Math.exp(-2)) + Math.log(2)) / 2;
  const errors = (loss_value: unknown, images = 2): DataRecord => record("errors", {}, { loss_value, images });

  it("agrees to rounding, or differs by what is said", () => {
    expect(compareLoss(source, errors(Math.fround(mean)))).toMatchObject({
      is: "agrees",
      words: expect.stringMatching(/^agrees with the log: deviation /),
    });
    expect(compareLoss(source, errors(mean + 1e-4))).toMatchObject({
      is: "differs",
      computed: expect.closeTo(mean, 12),
    });
    expect(compareLoss(source, errors("nan")).is).toBe("differs");
  });

  it("is not compared where it is of something else, and says why", () => {
    const why = (of: LossSource, logged: DataRecord | null): string => {
      const found = compareLoss(of, logged);
      expect(found.is).toBe("not compared");
      return found.words;
    };
    expect(why(source, null)).toContain("no loss of the probe was logged");
    expect(why(source, errors(mean, 5))).toContain("of 5 images, of which 2");
    expect(why({ ...source, own: undefined, lossName: "my_loss" }, errors(mean))).toContain("not computed here");
    expect(why({ ...source, own: undefined, lossName: null }, errors(mean))).toContain("does not name");
    expect(why({ ...source, otherOutputs: 1 }, errors(mean))).toContain("2 outputs");
    expect(why({ ...source, config: { ...source.config, reduction: "sum" } }, errors(mean))).toContain(
      "reduction is sum",
    );
  });

  it("has the labels smoothed as the run's configuration says", () => {
    const smooth = sourceOf(y_pred, array([2], [0, 1]), {}, LOSS, { loss_config: { label_smoothing: 0.2 } });
    const [a, b] = [Math.log1p(Math.exp(-2)), Math.log1p(Math.exp(2))];
    expect(compareLoss(smooth, null).computed).toBeCloseTo((0.9 * a + 0.1 * b + Math.log(2)) / 2, 12);
  });

  it("of Dice is of all images together", () => {
    const dice = sourceOf(
      array([2, 2], [0.5, 0.25, 0.5, 0.125]),
      array([2, 2], [1, 0, 0, 0]),
      { activation: "sigmoid" },
      "dice",
    );
    expect(compareLoss(dice, null).computed).toBeCloseTo(1 - (2 * 0.5) / (1 + 1.375), 6);
  });

  it("has errors by class from levels and scales; what was not kept is NaN", () => {
    const maps = { ...array([2, 2], [127, -127, 127, 64]), values: Int8Array.of(127, -127, 127, 64) };
    const one = record("error_maps", { maps, scale: array([2, 2], [1, 2, 3, 4]), channels: array([2], [2, 0]) });
    expect([...loggedErrors(one, 1, 3)!]).toEqual([256, NaN, 381]);
    expect(loggedErrors(one, 2, 3)).toBeNull();
  });
});

describe("what is drawn", () => {
  it("is the largest twelve of a thousand classes, the true and the moved one", () => {
    const z = Float64Array.from({ length: 1000 }, (_, i) => (i === 500 ? -9 : i / 1000));
    const source = sourceOf(array([1, 1000], z), array([1], [500]));
    const shown = shownOf(source, { row: 3 });
    expect(shown.rows.map(({ index }) => index)).toEqual([3, 500, ...Array.from({ length: 10 }, (_, i) => 990 + i)]);
    expect([shown.all.length, shown.focus.index, shownOf(source).focus.index]).toEqual([1000, 3, 500]);
  });

  it("moves all losses with the moved logit, and says what is left of their slopes", () => {
    const source = sourceOf(array([2, 3], [3, 0, 0, 0, 1, 0]), array([2], [0, 1]));
    const before = shownOf(source);
    const after = shownOf(source, { moved: new Map([[0, -6]]) });
    expect([before.isMoved, after.isMoved, after.focus.z, after.focus.loggedZ]).toEqual([false, true, -6, 3]);
    before.panels.forEach((panel, i) => {
      const there = after.panels[i]!;
      expect(there.value).toBeGreaterThan(panel.value);
      expect(there.mean - panel.mean).toBeCloseTo((there.value - panel.value) / 2, 12);
      const at = after.xs.findIndex((x) => Math.abs(x + 6) < 1e-9);
      expect(there.curve[at]).toBeCloseTo(there.value, 12);
      expect(there.slope[at]).toBeCloseTo(there.byInput, 12);
    });
    const [cross, , squared] = after.panels;
    expect(cross!.atWrong).toBeGreaterThan(0.99);
    expect(squared!.atWrong).toBeLessThan(0.01);
    expect(lesson(after)).toMatch(
      /mean squared error keeps .* hardly learns .* Categorical cross-entropy keeps (100|> 99\.9) %/,
    );
  });

  it("moves the pixels of a mask together, and says what few of them do", () => {
    const y = array(
      [1, 4, 5],
      Array.from({ length: 20 }, (_, i) => Number(i === 7)),
    );
    const source = sourceOf(array([1, 4, 5, 1], Array(20).fill(0.5)), y, { activation: "sigmoid" }, "dice");
    const shown = shownOf(source, { moved: new Map([[0, 2]]) });
    expect(shown.rows.map(({ label, count }) => [label, count])).toEqual([
      ["pixels labelled 1", 1],
      ["pixels labelled 0", 19],
    ]);
    expect(shown.focus.p).toBeCloseTo(1 / (1 + Math.exp(-2)), 9);
    expect(lesson(shown)).toMatch(/^1 of 20 pixels are labelled 1 \(5 %\).* 0\.050.* Dice loss of 1/);
  });

  it("is carried by a link for its own image, and hostile links give nothing", () => {
    const moved = new Map([
      [3, -1.25],
      [0, 2],
    ]);
    expect(parseMoved(formatMoved(moved, 2), 2)).toEqual(moved);
    expect(parseMoved(formatMoved(moved, 2), 1).size).toBe(0);
    for (const text of ["", "0", "0|", "0|a:b", "0|1:1e9", "0|1:NaN", "0|-1:2"])
      expect(parseMoved(text, 0).size, text).toBe(0);
    expect(parseMoved(`0|${"1:2;".repeat(4000)}`, 0).size).toBe(1);
  });
});

describe("where it is offered", () => {
  const conv = { ...bareLayer("net/conv"), role: "convolution" };
  const pool = { ...bareLayer("net/pool"), role: "pooling", inbound: ["net/conv"] };
  const out = layerOf({ inbound: ["net/pool"] });
  const run = detail("a", [conv, pool, out], {
    operations: [[["net/conv", "net/pool"], [0]]],
    predictions: [[[], [0]]],
  });

  it("is the layer of the prediction, to which the choice leads, and from which others lead back", () => {
    expect(outputLayer(run)).toBe(out);
    expect(layerFor("loss", conv, run)).toBe(out);
    expect(layerFor("convolution", out, run)).toBe(conv);
    expect(layerFor("pooling", out, run)).toBe(pool);
    expect(layerFor("pooling", conv, run)).toBe(conv);
    expect(layerFor("activation", out, run)).toBe(out);
  });

  it("opens by itself there where the layer has no operations, and nowhere else", () => {
    expect([modeOf("loss", out, run), modeOf("convolution", out, run), modeOf("loss", null, run)]).toEqual([
      "loss",
      "loss",
      "loss",
    ]);
    expect([modeOf("loss", conv, run), modeOf("loss", pool, run), modeOf("convolution", null, run)]).toEqual([
      "convolution",
      "pooling",
      "convolution",
    ]);
    const without = detail("a", [conv, pool, out], { operations: [[["net/conv"], [0]]] });
    expect(modeOf("loss", out, without)).toBe("convolution");
  });
});
