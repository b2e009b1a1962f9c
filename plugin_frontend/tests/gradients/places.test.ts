import { describe, expect, it } from "vitest";
import type { DataRecord, Values } from "../../src/data/binary.ts";
import { placePicture } from "../../src/views/gradients/place_panels.ts";
import { runPlaces } from "../../src/views/gradients/run_places.ts";

const ROWS = [
  { layer: "m/a", place: "pre_activation", channels: 2, saturation: "slope below 0.05: at least 2.9" },
  { layer: "m/a", place: "output", channels: 2, saturation: "slope below 0.05: at least 0.9" },
  { layer: "m/b", place: "output", channels: 3, saturation: null },
];

function series(columns: Record<string, number[]>, rows: unknown = ROWS, steps = [0, 4]): DataRecord {
  const width = 3;
  const array = (values: number[], shape: number[]) => ({
    shape,
    dtype: "float64" as const,
    values: Float64Array.from(values) as Values,
  });
  const arrays = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [name, array(values, [steps.length, width])]),
  );
  return {
    kind: "activations",
    layer: null,
    step: 4,
    wallTime: 0,
    bytes: 0,
    attributes: { rows },
    arrays: { step: array(steps, [steps.length]), ...arrays },
  };
}

describe("what goes through a run's layers", () => {
  const counts = [10, 10, 20, 10, 10, 20];

  it("leaves out what is not on the loss' path, and says why", () => {
    const rows = [
      ROWS[1],
      { ...ROWS[2], connected: false, why: "the loss takes its logits" },
      { ...ROWS[0], layer: "m/c", connected: true, why: null },
    ];
    const found = runPlaces(series({ norm: [1, 0, 3, 4, 0, 6] }, rows), "r", "error");
    expect(found?.places.map(({ row, values }) => [row.layer, Array.from(values)])).toEqual([
      ["m/a", [1, 4]],
      ["m/c", [3, 6]],
    ]);
    expect(found?.apart.map(({ layer, why }) => [layer, why])).toEqual([["m/b", "the loss takes its logits"]]);
  });

  it("is one row a layer: zeros of its output, saturation where it is judged", () => {
    const zeros = runPlaces(series({ zeros: [9, 1, 5, 9, 2, 20], count: counts }), "r", "zeros");
    expect(zeros?.places.map(({ row, values }) => [row.layer, Array.from(values)])).toEqual([
      ["m/a", [0.1, 0.2]],
      ["m/b", [0.25, 1]],
    ]);
    const saturated = runPlaces(series({ saturated: [3, 4, 0, 5, 6, 0], count: counts }), "r", "saturated");
    expect(saturated?.places.map(({ row, values }) => [row.layer, row.place, Array.from(values)])).toEqual([
      ["m/a", "output", [0.4, 0.6]],
    ]);
    const picture = placePicture(zeros!, null, [], [], "both");
    expect(picture.scale).toMatchObject({ lo: 0, hi: 1 });
    expect(Array.from(picture.panels[0]!.rows[1]!.values)).toEqual([0.25, 1]);
  });

  it("has slopes of the row that enters the activation, as sizes", () => {
    const rows = [{ ...ROWS[0], slope: "sigmoid" }, ROWS[1], { ...ROWS[2], slope: 3 }];
    const slopes = runPlaces(series({ slope_rms: [0.25, NaN, NaN, 0.125, NaN, NaN] }, rows), "r", "slope");
    expect(slopes?.places.map(({ row, values }) => [row.layer, row.place, Array.from(values)])).toEqual([
      ["m/a", "pre_activation", [0.25, 0.125]],
    ]);
    expect(Array.from(placePicture(slopes!, null, [], [], "both").panels[0]!.rows[0]!.values)).toEqual([-2, -3]);
    expect(runPlaces(series({ slope_rms: counts }), "r", "slope")?.places).toEqual([]);
  });

  it("draws errors as logarithms, and the ratio of two runs", () => {
    const of = (run: string, norms: number[]) =>
      runPlaces(series({ norm: norms }, ROWS.slice(1).concat({ ...ROWS[2]!, layer: "m/c" })), run, "error")!;
    const [a, b] = [of("a", [1, 2, 4, 8, 0, 1]), of("b", [4, 2, 1, 8, 0, 1])];
    expect(Array.from(placePicture(a, null, [], [], "both").panels[0]!.rows[0]!.values)).toEqual([0, 3]);
    const difference = placePicture(a, b, [], [], "difference").panels[0]!;
    expect(difference.rows.map(({ values }) => Array.from(values))).toEqual([
      [-2, 0],
      [0, 0],
      [2, 0],
    ]);
  });

  it.each([
    ["no rows", series({ zeros: counts, count: counts }, null)],
    ["rows of another number", series({ zeros: counts, count: counts }, ROWS.slice(1))],
    ["rows that are no names", series({ zeros: counts, count: counts }, [1, 2, 3])],
    ["no column", series({ count: counts })],
  ])("is nothing where there are %s", (_, record) => expect(runPlaces(record, "r", "zeros")).toBeNull());
});
