import type { DataRecord } from "../../../data/binary.ts";
import { kernelOf } from "../../../data/restore.ts";
import type { LayerRecord } from "../../../data/schema.ts";
import { DEAD_BELOW, practicallyDead, usualNorm } from "../../../math/practically_dead.ts";
import { magnitudesByBlock } from "../../../math/ranges.ts";
import { normsByBlock } from "../../../math/vectors.ts";
import type { Volume } from "../volume.ts";

/** A layer's kernels at one step, as windows slide them over its input. */
export interface LayerKernel {
  /** [filters, channels, rows, columns]; one row where the layer has one spatial axis. */
  readonly shape: readonly [filters: number, channels: number, rows: number, columns: number];
  readonly values: Float32Array;
  readonly bias: ArrayLike<number> | null;
  readonly groups: number;
  readonly depthwise: boolean;
  /** Whether these are the weights themselves; else each is off by at most 1/254 of its filter's largest. */
  readonly exact: boolean;
  /** Norms of the filters, from the float32 weights, where they were logged. */
  readonly norms?: ArrayLike<number> | undefined;
  readonly step: number;
}

/** Which filters of a layer are practically dead. */
export interface Vitals {
  readonly norms: ArrayLike<number>;
  readonly dead: Uint8Array;
  /** A millionth of the largest weight that is usual in a filter: below this no colours of weights end. */
  readonly leastWeight: number;
}

const known = new WeakMap<LayerKernel, Vitals>();

export function vitalsOf(kernel: LayerKernel): Vitals {
  let vitals = known.get(kernel);
  if (!vitals) {
    const size = kernel.values.length / (kernel.shape[0] || 1);
    const norms = kernel.norms ?? normsByBlock(kernel.values, size);
    const leastWeight = DEAD_BELOW * usualNorm(magnitudesByBlock(kernel.values, size));
    known.set(kernel, (vitals = { norms, dead: practicallyDead(norms), leastWeight }));
  }
  return vitals;
}

/** The kernels of a `filters` record for this input, or why they are not convolved here. */
export function layerKernelOf(record: DataRecord, layer: LayerRecord, input: Volume): LayerKernel | Error {
  const refusal = refused(record, layer);
  if (refusal) return new Error(refusal);
  try {
    return read(record, layer, input);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function refused(record: DataRecord, layer: LayerRecord): string | null {
  if (layer.transposed ?? layer.type.includes("Transpose")) {
    return "A transposed convolution spreads each input cell over the output. The Lab slides a window over the input, so it does not compute this layer.";
  }
  if (record.arrays["pointwise"]) {
    return "A separable convolution is two convolutions, and what lies between them was not logged. The Lab computes one at a time.";
  }
  const { of } = record.attributes;
  if (record.arrays["filters"] && typeof of === "number") {
    return (
      `${record.arrays["filters"].values.length} of ${of} filters of this layer were logged, to keep max_bytes_per_step. ` +
      "The Lab compares with the whole output, so it does not compute this layer."
    );
  }
  return null;
}

function read(record: DataRecord, layer: LayerRecord, input: Volume): LayerKernel {
  const { shape, values, exact } = kernelOf(record);
  const [filters = 0, channels = 0, ...space] = shape;
  if (space.length < 1 || space.length > 2) {
    throw new Error(
      `The kernel has ${space.length} spatial axes. The Lab computes convolutions along one axis or two.`,
    );
  }
  if (input.axes !== space.length) {
    throw new Error(`The kernel has ${space.length} spatial axes, its input ${input.axes}.`);
  }
  const groups = input.channels / channels;
  if (!Number.isInteger(groups) || groups < 1 || filters % groups !== 0) {
    throw new Error(`${filters} filters of ${channels} channels do not fit an input of ${input.channels} channels.`);
  }
  const norms = record.arrays["norm"]?.values;
  const bias = record.arrays["bias"]?.values ?? null;
  if (bias && bias.length !== filters) throw new Error(`There are ${bias.length} biases for ${filters} filters.`);
  return {
    shape: [filters, channels, space.length === 1 ? 1 : (space[0] ?? 0), space.at(-1) ?? 0],
    values,
    bias,
    groups,
    exact,
    step: record.step,
    norms: norms?.length === filters ? norms : undefined,
    depthwise: layer.type.startsWith("Depthwise"),
  };
}
