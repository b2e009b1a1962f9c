import type { DataRecord } from "./binary.ts";
import { DecodeError } from "./errors.ts";

/** float32 values with their shape, [out, in/groups, *spatial]. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Whether they are the float32 values that were logged, or came from eight bits. */
  readonly exact: boolean;
}

/** A record's kernel; int8 levels times their filter's scale. `name`: "kernel", "pointwise" or "recurrent". */
export function kernelOf(record: DataRecord, name = "kernel"): Tensor {
  const kernel = record.arrays[name];
  if (!kernel) throw new DecodeError(`the record holds no ${name}`);
  if (kernel.values instanceof Float32Array) return { shape: kernel.shape, values: kernel.values, exact: true };
  const scale = record.arrays[name === "kernel" ? "scale" : `${name}_scale`];
  const filters = kernel.shape[0] ?? 0;
  if (!scale || scale.values.length !== filters) throw new DecodeError(`the record holds no scale for its ${name}`);
  const each = filters ? kernel.values.length / filters : 0;
  const values = new Float32Array(kernel.values.length);
  for (let filter = 0; filter < filters; filter++) {
    const factor = scale.values[filter] ?? 0;
    for (let i = filter * each; i < (filter + 1) * each; i++) values[i] = (kernel.values[i] ?? 0) * factor;
  }
  return { shape: kernel.shape, values, exact: false };
}
