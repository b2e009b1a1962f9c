import { expect, test } from "vitest";
import { labelOf, meaningOf, predictionOf } from "../../src/math/predictions.ts";
import { formatPercent } from "../../src/math/percent.ts";
import { below, seeded } from "./cases.ts";

const table = (rows: number[][]) => ({ shape: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat()) });

test("rows of shares are probabilities, whatever the loss", () => {
  const random = seeded(41);
  for (let round = 0; round < 100; round++) {
    const width = 2 + below(random, 8);
    const rows = Array.from({ length: 4 }, () => {
      const powers = Array.from({ length: width }, () => Math.exp(random() * 8));
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((p) => p / sum);
    });
    expect(meaningOf(table(rows), "linear", "categorical_crossentropy")).toBe("probability");
    rows.forEach((row, image) => {
      const prediction = predictionOf(table(rows), image, "probability")!;
      expect(prediction.top).toBe(row.indexOf(Math.max(...row)));
      expect(prediction.share).toBeCloseTo(Math.max(...row), 6);
    });
  }
});

test("logits of a cross-entropy become shares by softmax, computed here from all exponentials", () => {
  const random = seeded(42);
  for (let round = 0; round < 100; round++) {
    const width = 2 + below(random, 8);
    const rows = Array.from({ length: 3 }, () => Array.from({ length: width }, () => (random() - 0.5) * 30));
    expect(meaningOf(table(rows), "linear", "sparse_categorical_crossentropy")).toBe("softmax");
    expect(meaningOf(table(rows), "linear", "SparseCategoricalCrossentropy")).toBe("softmax");
    expect(meaningOf(table(rows), "linear", "mse")).toBe("raw");
    rows.forEach((row, image) => {
      const powers = row.map((v) => Math.exp(Math.fround(v)));
      const sum = powers.reduce((a, b) => a + b, 0);
      const top = row.indexOf(Math.max(...row));
      expect(predictionOf(table(rows), image, "softmax")).toMatchObject({
        top,
        share: expect.closeTo(powers[top]! / sum, 6),
      });
      expect(predictionOf(table(rows), image, "raw")).toMatchObject({ top, share: null, raw: Math.fround(row[top]!) });
    });
  }
});

test("a single output is a share only where its activation or loss says so", () => {
  expect(meaningOf(table([[0.2], [0.9]]), "sigmoid", "binary_crossentropy")).toBe("probability");
  expect(meaningOf(table([[0.2], [0.9]]), "linear", "mse")).toBe("raw");
  expect(meaningOf(table([[0.2], [3]]), "linear", "binary_crossentropy")).toBe("sigmoid");
  expect(predictionOf(table([[0.2]]), 0, "probability")).toMatchObject({ top: 0, share: expect.closeTo(0.8, 6) });
  expect(predictionOf(table([[2]]), 0, "sigmoid")).toMatchObject({
    top: 1,
    share: expect.closeTo(1 / (1 + Math.exp(-2)), 6),
  });
});

test("NaN outputs do not pass for a share, and other shapes are no prediction", () => {
  expect(meaningOf(table([[NaN, NaN]]), "softmax", null)).toBe("probability");
  expect(meaningOf(table([[NaN, NaN]]), "linear", "mse")).toBe("raw");
  expect(predictionOf(table([[NaN, NaN]]), 0, "probability")!.share).toBeNaN();
  expect(predictionOf({ shape: [1, 4, 4, 2], data: new Float32Array(32) }, 0, "raw")).toBeNull();
  expect(predictionOf(table([[1, 2]]), 5, "raw")).toBeNull();
});

test("labels are integers or one-hot rows", () => {
  expect(labelOf({ shape: [3], data: [4, 0, 7] }, 2)).toBe(7);
  expect(labelOf({ shape: [3, 1], data: [4, 0, 7] }, 1)).toBe(0);
  expect(labelOf(table([[0, 1, 0]]), 0)).toBe(1);
  expect(labelOf(table([[0.1, 0.9]]), 0)).toBeNull();
  expect(labelOf(table([[1, 1, 0]]), 0)).toBeNull();
  expect(labelOf({ shape: [1], data: [0.5] }, 0)).toBeNull();
  expect(labelOf({ shape: [1, 2, 2], data: [0, 0, 0, 0] }, 0)).toBeNull();
});

test("shares are never rounded to nothing or to all", () => {
  const shown = [0, 0.0004, 0.004, 0.3, 0.987, 0.994, 0.9996, 1, NaN].map(formatPercent);
  expect(shown).toEqual(["0 %", "< 0.1 %", "0.4 %", "30 %", "99 %", "99.4 %", "> 99.9 %", "100 %", "NaN"]);
});
