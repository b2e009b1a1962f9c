/** Seeded layers, as records and as plain nested lookups. */
import type { DataArray, DataRecord, Values } from "../../src/data/binary.ts";
import type { RandomValues } from "../math/random_values.ts";

export interface Case {
  readonly shape: readonly number[];
  readonly truth: Float32Array;
  readonly record: DataRecord;
}

/** A filters record of random shape with zero to three spatial axes; float32 or int8 with a scale per filter. */
export function filtersCase(random: RandomValues, form: "float32" | "int8" = "float32", step = 0): Case {
  const axes = random.integer(0, 3);
  const shape = [
    random.integer(1, 7),
    random.integer(1, 5),
    ...Array.from({ length: axes }, () => random.integer(1, 4)),
  ];
  return caseOf(random, shape, form, step);
}

export function caseOf(
  random: RandomValues,
  shape: readonly number[],
  form: "float32" | "int8" = "float32",
  step = 0,
): Case {
  const count = shape.reduce((a, b) => a * b, 1);
  const filters = shape[0]!;
  if (form === "float32") {
    const truth = random.weights(count);
    return { shape, truth, record: recordOf({ kernel: array(shape, truth, "float32") }, step) };
  }
  const levels = Int8Array.from({ length: count }, () => random.integer(-127, 127));
  const scale = Float32Array.from({ length: filters }, () => random.uniform() + 0.01);
  const truth = Float32Array.from(levels, (level, i) => level * scale[Math.floor(i / (count / filters))]!);
  const arrays = { kernel: array(shape, levels, "int8"), scale: array([filters], scale, "float32") };
  return { shape, truth, record: recordOf(arrays, step) };
}

/** The weight by its indices, C order, computed from the shape alone. */
export function weightIn({ shape, truth }: Case, ...indices: number[]): number {
  let at = 0;
  shape.forEach((axis, i) => {
    at = at * axis + indices[i]!;
  });
  return truth[at]!;
}

function array(shape: readonly number[], values: Values, dtype: DataArray["dtype"]): DataArray {
  return { shape, values, dtype };
}

function recordOf(arrays: Record<string, DataArray>, step: number): DataRecord {
  return { kind: "filters", layer: "conv", step, wallTime: 0, attributes: {}, arrays, bytes: 0 };
}
