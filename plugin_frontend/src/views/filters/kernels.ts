/** A layer's weights at one step, and where each of them lies. */
import type { DataRecord } from "../../data/binary.ts";
import { DecodeError } from "../../data/errors.ts";
import { kernelOf } from "../../data/restore.ts";
import { practicallyDead, usualNorm } from "../../math/practically_dead.ts";
import { normsByBlock } from "../../math/vectors.ts";

/** How many slices, rows and columns a kernel has: 1 × 1 × w in one dimension, d × h × w in three. */
export interface KernelShape {
  readonly filters: number;
  /** Input channels of a filter: of its group, where the convolution is grouped. */
  readonly inputs: number;
  readonly slices: number;
  readonly height: number;
  readonly width: number;
  /** Its spatial axes as they were logged: [w], [h, w] or [d, h, w]. */
  readonly space: readonly number[];
}

/** [filters, inputs, slices, height, width], C order. */
export interface Kernels extends KernelShape {
  readonly values: Float32Array;
  /** Norms of the filters; from the float32 weights even where `values` came from eight bits. */
  readonly norms: ArrayLike<number>;
  /** 1 for each filter that is practically dead in its layer; in a difference, for those that are so on both sides. */
  readonly dead: Uint8Array;
  /** Whether these are the weights themselves; else each is off by at most 1/254 of its filter's largest. */
  readonly exact: boolean;
  readonly step: number;
  /** How many filters the layer has: `filters` of them, its first ones, were logged. */
  readonly of: number;
  /** Of a recurrent layer: names of the equal parts into which its filters fall, in their order. */
  readonly gates?: readonly string[];
}

export type Part = "kernel" | "pointwise" | "recurrent";

/** Second kernels that a layer may have. */
export const SECOND_PARTS = ["pointwise", "recurrent"] as const satisfies readonly Part[];

const known = new WeakMap<DataRecord, Map<Part, Kernels>>();

/** The kernels of a record; the same object for the same record. Throws DecodeError where the record is malformed. */
export function kernelsOf(record: DataRecord, part: Part = "kernel"): Kernels {
  let parts = known.get(record);
  if (!parts) known.set(record, (parts = new Map<Part, Kernels>()));
  let kernels = parts.get(part);
  if (!kernels) parts.set(part, (kernels = readKernels(record, part)));
  return kernels;
}

export function hasPart(record: DataRecord, part: Part): boolean {
  return Object.hasOwn(record.arrays, part);
}

function readKernels(record: DataRecord, part: Part): Kernels {
  const { shape, values, exact } = kernelOf(record, part);
  if (shape.length < 2) throw new DecodeError(`a ${part} of shape [${shape.join(", ")}] has no filters and inputs`);
  const size = shapeOf(shape);
  const of = countOf(record, part, size.filters);
  const logged = part === "kernel" ? record.arrays["norm"]?.values : undefined;
  const all = logged?.length === of ? logged : normsByBlock(values, filterSize(size));
  const norms = all.slice(0, size.filters);
  return {
    ...size,
    values,
    exact,
    norms,
    dead: practicallyDead(norms, usualNorm(all)),
    step: record.step,
    of,
    gates: gatesOf(record),
  };
}

function gatesOf(record: DataRecord): readonly string[] {
  const gates = record.attributes["gates"];
  return Array.isArray(gates) && gates.every((gate) => typeof gate === "string") ? gates : [];
}

/** The gate that a filter belongs to; null where the layer has none. */
export function gateOf({ gates = [], of }: Kernels, filter: number): string | null {
  return gates[Math.floor((filter * gates.length) / of)] ?? null;
}

/** How many filters the layer has. Which of them were kept stands in the record; filters are numbered by their place. */
function countOf(record: DataRecord, part: Part, kept: number): number {
  const [which, of] =
    part === "kernel"
      ? [record.arrays["filters"], record.attributes["of"]]
      : [record.arrays[`${part}_filters`], record.attributes[`${part}_of`]];
  if (!which) return kept;
  const first = which.values.length === kept && Array.from(which.values).every((filter, place) => filter === place);
  if (!first || typeof of !== "number" || !Number.isSafeInteger(of) || of < kept) {
    throw new DecodeError(`which ${kept} filters the record keeps cannot be read: its first ones are expected`);
  }
  return of;
}

export function shapeOf(shape: readonly number[]): KernelShape {
  const [filters = 0, inputs = 0, ...spatial] = shape;
  const width = spatial.at(-1) ?? 1;
  const height = spatial.at(-2) ?? 1;
  const slices = spatial.slice(0, -2).reduce((product, axis) => product * axis, 1);
  return { filters, inputs, slices, height, width, space: spatial };
}

/** Weights of one slice: what a tile shows. */
export function tileSize(shape: KernelShape): number {
  return shape.height * shape.width;
}

export function kernelSize(shape: KernelShape): number {
  return shape.slices * tileSize(shape);
}

export function filterSize(shape: KernelShape): number {
  return shape.inputs * kernelSize(shape);
}

/** The number of a slice among all of the layer: tiles lie in the order of the weights. */
export function tileOf(shape: KernelShape, filter: number, input: number, slice = 0): number {
  return (filter * shape.inputs + input) * shape.slices + slice;
}

/** The filter, input and slice of a tile. */
export function ownerOf(shape: KernelShape, tile: number): { filter: number; input: number; slice: number } {
  const kernel = Math.floor(tile / shape.slices);
  return { filter: Math.floor(kernel / shape.inputs), input: kernel % shape.inputs, slice: tile % shape.slices };
}

export function filterValues(kernels: Kernels, filter: number): Float32Array {
  const size = filterSize(kernels);
  return kernels.values.subarray(filter * size, (filter + 1) * size);
}

export function sameShape(a: KernelShape, b: KernelShape): boolean {
  return (
    a.filters === b.filters &&
    a.inputs === b.inputs &&
    a.slices === b.slices &&
    a.height === b.height &&
    a.width === b.width
  );
}

/** How many of the kept filters are practically dead. */
export function deadCount({ dead }: Kernels): number {
  return dead.reduce((count, each) => count + each, 0);
}

/** "7×7", "5", "3×3×3". */
export function kernelText({ space }: KernelShape): string {
  return space.join("×") || "1";
}

/** a − b as kernels of their own; exact only where both are. */
export function subtract(a: Kernels, b: Kernels): Kernels {
  const values = new Float32Array(a.values.length);
  for (let i = 0; i < values.length; i++) values[i] = a.values[i]! - b.values[i]!;
  const dead = a.dead.map((each, filter) => each & b.dead[filter]!);
  return { ...a, values, exact: a.exact && b.exact, norms: normsByBlock(values, filterSize(a)), dead };
}

/** The norm of each input channel over all filters: how much of it the layer uses. */
export function inputNorms(kernels: Kernels): Float64Array {
  const size = kernelSize(kernels);
  const sums = new Float64Array(kernels.inputs);
  for (let kernel = 0; kernel < kernels.filters * kernels.inputs; kernel++) {
    let sum = 0;
    for (let i = kernel * size; i < (kernel + 1) * size; i++) sum += kernels.values[i]! ** 2;
    sums[kernel % kernels.inputs]! += sum;
  }
  return sums.map(Math.sqrt);
}
