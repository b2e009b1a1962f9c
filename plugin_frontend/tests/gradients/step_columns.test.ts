import { describe, expect, it } from "vitest";
import { labelledRows, rowHeightFor } from "../../src/canvas/heat_rows.ts";
import { cutMiddle } from "../../src/math/cut_middle.ts";
import { INF_PIXEL, NAN_PIXEL, colourPixel, paletteOf } from "../../src/math/colour.ts";
import { rdbu, viridis } from "../../src/math/colour_maps.ts";
import { heatCells, stretchesOf, ZERO_PIXEL, type HeatScale } from "../../src/math/heat_cells.ts";
import { stepColumns } from "../../src/math/step_columns.ts";

const linear =
  (last: number) =>
  (step: number): number =>
    step / last;

describe("stepColumns", () => {
  it("lets a step reach half-way to its neighbours, and no further than the axis", () => {
    const { first, last } = stepColumns([2, 4, 8], 20, linear(10));
    // Edges at 1, 3, 6 and 10 steps: pixels 2, 6, 12 and 20.
    expect(Array.from(first)).toEqual([-1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
    expect(last).toEqual(first);
  });

  it("leaves no step out where a column holds many", () => {
    const steps = Array.from({ length: 10_000 }, (_, i) => i);
    const { first, last } = stepColumns(steps, 800, (step) => Math.log1p(step / 4) / Math.log1p(9999 / 4));
    const seen = new Set<number>();
    first.forEach((from, x) => {
      for (let i = from; i >= 0 && i <= last[x]!; i++) seen.add(i);
    });
    expect(seen.size).toBe(10_000);
    expect(first.every((from, x) => from >= 0 && from <= last[x]!)).toBe(true);
  });

  it("shows a step that is alone, wherever it is", () => {
    for (const step of [0, 5, 10]) {
      const { first } = stepColumns([step], 100, linear(10));
      expect(first.filter((index) => index === 0)).toHaveLength(8);
      expect(first[Math.min(99, step * 10)]).toBe(0);
    }
  });

  it("gives no column for no width, and none for no steps", () => {
    expect(stepColumns([1], 0, linear(1)).first).toHaveLength(0);
    expect(Array.from(stepColumns([], 3, linear(1)).first)).toEqual([-1, -1, -1]);
  });
});

describe("heatCells", () => {
  const scale: HeatScale = { lo: -4, hi: 4, palette: paletteOf(viridis), logarithms: true };
  /** Sixteen steps on four pixels: by the half-way rule 0 to 2, 3 to 6, 7 to 10 and 11 to 15 share one. */
  const steps = Array.from({ length: 16 }, (_, i) => i);
  const cells = (values: number[], own = scale) => heatCells([{ name: "a", steps, values }], 4, linear(16), own);
  const row = (peaks: Readonly<Record<number, number>>, rest: number): number[] => steps.map((i) => peaks[i] ?? rest);

  it("keeps the largest value of a column, NaN and Inf before all", () => {
    const values = row({ 1: 3, 4: 9, 5: NaN, 7: Infinity, 8: 9, 12: -Infinity, 13: -2 }, -3);
    const { pixels, shown } = cells(values);
    expect(Array.from(shown)).toEqual([1, 5, 7, 13]);
    const colour = (value: number): number => colourPixel(value, -4, 4, scale.palette);
    expect(Array.from(pixels)).toEqual([colour(3), NAN_PIXEL, INF_PIXEL, colour(-2)]);
  });

  it("takes minus infinity for a zero among logarithms, and for an infinity elsewhere", () => {
    const values = row({ 3: 0 }, -Infinity);
    const zeros = cells(values);
    expect(Array.from(zeros.pixels)).toEqual([
      ZERO_PIXEL,
      colourPixel(0, -4, 4, scale.palette),
      ZERO_PIXEL,
      ZERO_PIXEL,
    ]);
    expect(Array.from(cells(values, { ...scale, logarithms: false }).pixels)).toEqual(Array(4).fill(INF_PIXEL));
    expect(stretchesOf(zeros, ZERO_PIXEL, 2)).toEqual([{ row: 0, from: 2, to: 4 }]);
    expect(stretchesOf(zeros, ZERO_PIXEL, 1)).toHaveLength(2);
  });

  it("keeps the largest magnitude in a diverging map", () => {
    const shown = cells(row({ 2: -3, 6: 2, 9: -3, 10: 3, 15: -1 }, 1), {
      lo: -4,
      hi: 4,
      palette: paletteOf(rdbu),
    }).shown;
    expect(Array.from(shown)).toEqual([2, 6, 9, 11]);
  });

  it("lets each row have steps of its own", () => {
    const rows = [
      { name: "a", steps: [0, 1], values: [1, 1] },
      { name: "b", steps: [1, 2], values: [1, 1] },
    ];
    const { shown } = heatCells(rows, 4, linear(2), scale);
    expect(Array.from(shown)).toEqual([0, 1, 1, -1, -1, 0, 0, 1]);
  });
});

describe("rows", () => {
  it("are never thinner than 6 pixels, and named as far as there is room", () => {
    expect(rowHeightFor(200, 300)).toBe(6);
    expect(rowHeightFor(3, 300)).toBe(22);
    expect(labelledRows(6, 6, -1)).toEqual([0, 2, 4]);
    expect(labelledRows(6, 6, 3)).toEqual([0, 3]);
    expect(labelledRows(3, 20, 1)).toEqual([0, 1, 2]);
  });

  it("keep the end of a long name", () => {
    expect(cutMiddle("block3_conv1", 9)).toBe("bl…_conv1");
    expect(cutMiddle("conv1", 9)).toBe("conv1");
  });
});
