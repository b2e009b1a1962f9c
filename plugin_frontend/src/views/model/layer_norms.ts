/** Gradient statistics by layer: those of its variables, joined. */

import type { DataRecord } from "../../data/binary.ts";
import type { VariableRecord } from "../../data/schema.ts";

/** Norms of a layer (or of several together) at one step; NaN where one of its variables' is. */
export interface LayerNorms {
  /** Of the gradient that the optimizer received. */
  readonly norm: number;
  /** Norm of the applied update beside that of the weights. */
  readonly ratio: number;
}

export interface NormSeries {
  readonly steps: ArrayLike<number>;
  readonly norm: Float64Array;
  readonly ratio: Float64Array;
}

/** The columns [rows, variables] of a record or series; null unless they fit the model's variables. */
function columnsOf(
  record: DataRecord,
  count: number,
): { norm: ArrayLike<number>; weight: ArrayLike<number>; update: ArrayLike<number> } | null {
  const [norm, weight, update] = ["norm", "weight_norm", "update_norm"].map((name) => record.arrays[name]);
  if (count === 0 || !norm || norm.shape.at(-1) !== count) return null;
  const missing = new Float64Array(norm.values.length).fill(NaN);
  const fits = (array: typeof norm | undefined): ArrayLike<number> =>
    array?.values.length === norm.values.length ? array.values : missing;
  return { norm: norm.values, weight: fits(weight), update: fits(update) };
}

/** Of each path the indices of its variables, in the records' order. */
export function variablesByLayer(variables: readonly VariableRecord[]): ReadonlyMap<string, readonly number[]> {
  const indices = new Map<string, number[]>();
  for (const [index, { layer }] of variables.entries()) {
    if (layer === null) continue;
    const own = indices.get(layer);
    if (own) own.push(index);
    else indices.set(layer, [index]);
  }
  return indices;
}

/** At the step of a gradients record: the root of the sum of squares over these variables. */
export function normsAt(record: DataRecord | null, variables: readonly number[], count: number): LayerNorms | null {
  const columns = record && columnsOf(record, count);
  if (!columns || variables.length === 0) return null;
  return {
    norm: joined(columns.norm, 0, variables),
    ratio: joined(columns.update, 0, variables) / joined(columns.weight, 0, variables),
  };
}

/** The same at every row of a series. */
export function normSeries(series: DataRecord | null, variables: readonly number[], count: number): NormSeries | null {
  const steps = series?.arrays["step"]?.values;
  const columns = series && columnsOf(series, count);
  if (!steps || !columns || variables.length === 0 || columns.norm.length !== steps.length * count) return null;
  const norm = new Float64Array(steps.length);
  const ratio = new Float64Array(steps.length);
  for (let row = 0; row < steps.length; row++) {
    norm[row] = joined(columns.norm, row * count, variables);
    ratio[row] = joined(columns.update, row * count, variables) / joined(columns.weight, row * count, variables);
  }
  return { steps, norm, ratio };
}

function joined(values: ArrayLike<number>, start: number, variables: readonly number[]): number {
  let sum = 0;
  for (const index of variables) sum += (values[start + index] ?? NaN) ** 2;
  return Math.sqrt(sum);
}
