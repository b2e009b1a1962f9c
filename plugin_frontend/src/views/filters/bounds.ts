/**
 * The scale of weights: how far it reaches on both sides of zero.
 *
 * By kernel and by filter it ends at the largest finite magnitude there, but not below a millionth of what is usual in
 * the layer: what is next to nothing is not painted as vividly as the rest. By layer, and over all steps, at the smallest
 * magnitude that at least 99.5 % of the finite weights do not exceed (nearest rank), so that one outlier does not make
 * all else pale. Two runs that are shown together share one scale.
 */
import { magnitudePercentile } from "../../math/percentile.ts";
import { DEAD_BELOW, usualNorm } from "../../math/practically_dead.ts";
import { largestMagnitude, magnitudesByBlock } from "../../math/ranges.ts";
import type { Scale } from "./fields.ts";
import { filterSize, kernelSize, ownerOf, type Kernels, type KernelShape } from "./kernels.ts";

export const LAYER_SHARE = 0.995;

/** One bound for all, or one a kernel or filter. */
export interface Bounds {
  readonly scale: Scale;
  readonly each: Float64Array;
  /** The largest finite magnitude of all that was looked at; above a single bound where the ends clip. */
  readonly largest: number;
}

/** The bounds of several layers of the same shape on one scale; for "all", of one layer at its logged steps. */
export function boundsOf(kernels: readonly Kernels[], scale: Scale): Bounds {
  const arrays = kernels.map(({ values }) => values);
  const largest = Math.max(0, ...arrays.map((values) => largestMagnitude(values)));
  if (scale === "layer" || scale === "all") {
    return { scale, each: Float64Array.of(magnitudePercentile(arrays, LAYER_SHARE)), largest };
  }
  const [first] = kernels;
  if (!first) return { scale, each: new Float64Array(0), largest };
  const size = scale === "kernel" ? kernelSize(first) : filterSize(first);
  const [each, ...others] = arrays.map((values) => magnitudesByBlock(values, size));
  for (const other of others) for (let i = 0; i < each!.length; i++) each![i] = Math.max(each![i]!, other[i] ?? 0);
  const least = DEAD_BELOW * usualNorm(each!);
  return { scale, each: each!.map((bound) => (bound > 0 ? Math.max(bound, least) : 0)), largest };
}

/** The bound of a kernel: ±bound are the ends of its colours. */
export function boundAt(bounds: Bounds, shape: KernelShape, filter: number, input: number): number {
  switch (bounds.scale) {
    case "kernel":
      return bounds.each[filter * shape.inputs + input] ?? 0;
    case "filter":
      return bounds.each[filter] ?? 0;
    default:
      return bounds.each[0] ?? 0;
  }
}

/** The bounds by tile, as a scene takes them. */
export function boundsByTile(bounds: Bounds, shape: KernelShape): Float64Array {
  const tiles = shape.filters * shape.inputs * shape.slices;
  const result = new Float64Array(tiles);
  for (let tile = 0; tile < tiles; tile++) {
    const { filter, input } = ownerOf(shape, tile);
    result[tile] = boundAt(bounds, shape, filter, input);
  }
  return result;
}

/** Whether some weights lie beyond the ends and are drawn like them. */
export function clips(bounds: Bounds): boolean {
  return bounds.each.length === 1 && bounds.largest > bounds.each[0]!;
}
