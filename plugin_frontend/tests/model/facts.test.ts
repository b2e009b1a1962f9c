import { describe, expect, it } from "vitest";
import { cleanText, fitText } from "../../src/parts/fit_text.ts";
import { formatShort } from "../../src/math/format.ts";
import { columnsOf } from "../../src/views/model/columns.ts";
import { differences } from "../../src/views/model/differences.ts";
import { fieldOf, paddingWords, totalsInWords, typeWords, windowWords } from "../../src/views/model/facts.ts";
import { modelCsv } from "../../src/views/model/model_csv.ts";
import { parameterArithmetic } from "../../src/views/model/parameters.ts";
import { layer, model, seeded } from "../support.ts";
import { variable } from "./cases.ts";

const conv = (more: object = {}) =>
  layer("conv", "convolution", ["input"], [12, 12, 64], {
    type: "Conv2D",
    activation: "relu",
    kernel_size: [3, 3],
    strides: [1, 1],
    dilation: [1, 1],
    groups: 1,
    padding: "same",
    filters: 64,
    use_bias: true,
    input_shapes: [[12, 12, 48]],
    parameters: 27712,
    ...more,
  });

describe("words of a layer", () => {
  it("say type, activation, and what is frozen", () => {
    expect(typeWords(conv())).toBe("Conv2D, relu");
    expect(typeWords(conv({ activation: "linear", trainable: false }))).toBe("Conv2D, frozen");
    expect(typeWords(layer("r", "activation", [], [1], { type: "ReLU", activation: "ReLU" }))).toBe("ReLU");
    expect(typeWords(layer("d", "dropout", [], [1], { type: "Dropout", trainable: false }))).toBe("Dropout");
  });

  it("say stride, dilation and groups only where they are not 1, but the stride of pooling always", () => {
    expect(windowWords(conv())).toEqual(["3×3", "same"]);
    expect(windowWords(conv({ strides: [2, 1], dilation: [2, 2], groups: 4 }))).toEqual([
      "3×3 / 2×1 dil. 2",
      "same, 4 groups",
    ]);
    const pool = { kernel_size: [2, 2], strides: [1, 1], padding: "valid", pool: "max" };
    expect(windowWords(layer("p", "pooling", [], [6, 6, 3], pool))).toEqual(["2×2 / 1", "valid"]);
    expect(windowWords(layer("g", "pooling", [], [3], { pool: "average" }))).toEqual(["global", "mean"]);
    expect(windowWords(layer("a", "merge", [], [3]))).toEqual(["", ""]);
  });

  it("count padding as the smallest that gives every output a window", () => {
    const random = seeded(71);
    for (let round = 0; round < 200; round++) {
      const [length, size, stride, dilation] = [30, 7, 4, 3].map((most) => 1 + Math.floor(random() * most)) as [
        number,
        number,
        number,
        number,
      ];
      const outputs = Math.ceil(length / stride);
      let total = 0;
      while (length + total < (outputs - 1) * stride + dilation * (size - 1) + 1) total++;
      const [before, after] = [Math.floor(total / 2), Math.ceil(total / 2)];
      const words = paddingWords(
        conv({ kernel_size: [size], strides: [stride], dilation: [dilation], input_shapes: [[length, 3]] }),
      );
      expect(words).toBe(`same: ${before === after ? `${before} each side` : `${before} before, ${after} after`}`);
    }
    expect(paddingWords(conv({ padding: "valid" }))).toBe("valid: none");
    expect(
      paddingWords(conv({ padding: "causal", kernel_size: [9], strides: [1], dilation: [2], input_shapes: [[50, 3]] })),
    ).toBe("causal: 16 before, 0 after");
    expect(paddingWords(conv({ type: "Conv2DTranspose" }))).toBe("same");
    expect(paddingWords(conv({ padding: "odd" }))).toMatch(/^odd: /);
  });

  it("explain parameters by variables, by settings where it is frozen, or not at all", () => {
    const variables = [variable("conv", "kernel", [3, 3, 48, 64]), variable("conv", "bias", [64])];
    expect(parameterArithmetic(conv(), variables)).toBe("48·9·64 + 64 = 27,712");
    expect(parameterArithmetic(conv(), [])).toBe("48·9·64 + 64 = 27,712");
    expect(parameterArithmetic(conv({ parameters: 5 }), [])).toBe("5");
    const norm = layer("bn", "normalization", [], [8], { parameters: 32 });
    expect(parameterArithmetic(norm, [variable("bn", "gamma", [8]), variable("bn", "beta", [8])])).toBe(
      "8 + 8 + 16 not trained = 32",
    );
    expect(parameterArithmetic(layer("p", "pooling", [], [8]), [])).toBe("0");
    expect(parameterArithmetic(layer("s", "other", [], [8], { parameters: 1 }), [variable("s", "scale", [])])).toBe(
      "1",
    );
  });

  it("give what has no axes the whole image, and what is not known nothing", () => {
    expect(fieldOf(layer("dense", "dense", [], [10]), [48, 40])).toEqual({ size: [48, 40], stride: null });
    expect(fieldOf(layer("odd", "other", [], [4, 4, 3]), [48, 48])).toBeNull();
    expect(fieldOf(layer("dense", "dense", [], [10]), [null, 40])).toBeNull();
  });

  it("total what is known, and say what is not counted", () => {
    const layers = [
      conv({ multiply_adds: 31_400_000 }),
      layer("own", "other", [], [3]),
      layer("drop", "dropout", [], [3], { multiply_adds: 0 }),
    ];
    expect(totalsInWords(layers, { ...model(layers), parameters: 100042 }, formatShort)).toBe(
      "3 layers, 100,042 parameters, 31.4 M multiply-adds an image (1 layer not counted)",
    );
    expect(totalsInWords(layers.slice(1, 2), null, formatShort)).toBe(
      "1 layer by their records; the model record is missing",
    );
  });
});

describe("differences to B", () => {
  it("are none between alike networks, and named where there are some", () => {
    const a = {
      ...model([conv(), layer("gap", "pooling", ["conv"], [64])]),
      optimizer: "Adam",
      hparams: { lr: 0.1, __proto__x: 1 },
    };
    expect(differences(a, structuredClone(a))).toEqual({ settings: [], layers: [] });
    const named = (name: string) => ({
      ...a,
      layers: a.layers.map((each) => ({ ...each, path: `${name}/${each.path}` })),
    });
    expect(differences(named("net"), named("net_1")).layers).toEqual([]);
    const again = { ...a, hparams: { ...a.hparams, optimizer: "adam" } };
    expect(
      differences(again, {
        ...again,
        optimizer: "SGD",
        hparams: { lr: Math.fround(0.2), __proto__x: 1, optimizer: "sgd" },
      }).settings,
    ).toEqual(["optimizer: Adam, B SGD", "lr: 0.1, B 0.2"]);
    const b = {
      ...model([conv({ kernel_size: [5, 5], parameters: 9 }), layer("dense", "dense", ["conv"], [2])]),
      optimizer: "SGD",
      hparams: { lr: 0.2 },
    };
    expect(differences(a, b)).toEqual({
      settings: ["optimizer: Adam, B SGD", "lr: 0.1, B 0.2", "__proto__x: 1, B none"],
      layers: ["conv: kernel 3×3, B 5×5; parameters 27712, B 9", "gap: not in B", "dense: only in B"],
    });
  });
});

describe("columns", () => {
  const layers = [
    layer("input", "input", [], [12, 12, 48]),
    conv({ receptive_field: { size: [3, 3], stride: [1, 1], offset: [0, 0] }, multiply_adds: 5 }),
  ];
  it("are only those of which there is something", () => {
    const ids = columnsOf(layers, { gradients: true, zeros: true }, 960).columns.map(({ id }) => id);
    expect(ids).toEqual(["layer", "output", "window", "field", "parameters", "adds", "gradient", "ratio", "zeros"]);
    expect(
      columnsOf([layer("a", "other", [], [])], { gradients: false, zeros: false }, 960).columns.map(({ id }) => id),
    ).toEqual(["layer"]);
  });

  it("fit in windows of 1000 and 700 px, side by side", () => {
    for (const room of [628, 700, 728, 900, 964, 1500]) {
      const { columns, width, spine } = columnsOf(layers, { gradients: true, zeros: true }, room);
      expect(width).toBeLessThanOrEqual(room);
      let x = spine;
      for (const column of columns) {
        expect(column.x).toBe(x);
        x += column.width;
      }
      expect(x).toBeLessThanOrEqual(width);
    }
  });
});

describe("texts of a log", () => {
  const measure = (text: string): number => Array.from(text).length;
  it("keep their start and their end where they do not fit", () => {
    expect(fitText("conv1", 5, measure)).toBe("conv1");
    expect(fitText("conv2_block1_1_conv", 15, measure)).toBe("conv2_…1_1_conv");
    expect(fitText("conv2_block1", 6, measure)).toBe("conv2…");
    for (let room = 1; room < 30; room++)
      expect(measure(fitText("a".repeat(5000), room, measure))).toBeLessThanOrEqual(Math.max(1, room));
  });

  it("hold nothing that XML or an address cannot", () => {
    const text = cleanText("a\u0000b\ud800c\uffff👩");
    expect(text).toBe("a\ufffdb\ufffdc\ufffd👩");
    expect(() => encodeURIComponent(text)).not.toThrow();
  });

  it("are short counts", () => {
    expect([0, 650, 999, 1000, 27712, 99_960, 999_499, 999_500, 31_400_000, 138e6, 2 ** 53].map(formatShort)).toEqual([
      "0",
      "650",
      "999",
      "1.0 k",
      "27.7 k",
      "100 k",
      "999 k",
      "1.0 M",
      "31.4 M",
      "138 M",
      "9.0 P",
    ]);
  });

  it("cannot become formulas or rows of the CSV", () => {
    const layers = [layer('=1+1,"\n', "convolution", ["@a,b"], [3])];
    const csv = modelCsv({ run: "-run", layers, model: null, numbers: new Map(), at: { gradients: null, maps: null } });
    expect(csv.split("\r\n")).toHaveLength(3);
    expect(csv).toContain('\r\n\'-run,"\'=1+1,""\n",');
    expect(csv).toContain('"[""@a,b""]"');
  });
});
