/** The scales of feature maps: what the two ends of the colour bar stand for. */

import { cellCount, mapValues, type MapStack } from "./map_values.ts";
import { magnitudePercentile } from "./percentile.ts";
import { largestMagnitude, magnitudeRange, symmetric, union, type Range } from "./ranges.ts";

/** A share of the values that are not zero lies below the upper end; the rest is clipped, so that one peak cannot
 * darken a whole layer. */
export const CLIP_SHARE = 0.995;

export interface Scale extends Range {
  /** Whether values beyond the ends occur and are drawn like the ends. */
  clipped: boolean;
}

/** The whole range of one map, from zero; symmetric around it where `signed`. Nothing is clipped. */
export function mapScale(values: ArrayLike<number>, signed: boolean): Scale {
  const range = signed ? symmetric(largestMagnitude(values)) : magnitudeRange(values);
  return { ...range, clipped: false };
}

/** The same scale, or, where it ends below `least`, one that ends there. A scale of zeros alone stays. */
export function atLeast(scale: Scale, least: number): Scale {
  const end = Math.max(-scale.lo, scale.hi);
  if (!(end > 0 && end < least)) return scale;
  return { ...scale, lo: scale.lo < 0 ? -least : 0, hi: least };
}

/** One scale for all images and maps of a layer at one step. */
export function layerScale(stack: MapStack, signed: boolean): Scale {
  const maps: Float32Array[] = [];
  let largest = 0;
  let lowest = 0;
  for (let image = 0; image < stack.images; image++) {
    for (let slot = 0; slot < stack.kept; slot++) {
      const values = mapValues(stack, image, slot);
      const { lo, hi } = magnitudeRange(values);
      lowest = Math.min(lowest, lo);
      largest = Math.max(largest, hi, signed ? -lo : 0);
      const nonZero = values.filter((value) => value !== 0);
      if (nonZero.length > 0) maps.push(nonZero);
    }
  }
  // Few cells (dense layers, heads of 1×1) have no peaks to hide: show them whole.
  const few = stack.images * stack.kept * cellCount(stack) < 1000;
  const end = few ? largest : magnitudePercentile(maps, CLIP_SHARE);
  return signed ? { ...symmetric(end), clipped: end < largest } : { lo: lowest, hi: end, clipped: end < largest };
}

/** The scale that holds several scales: nothing that one of them shows is clipped by it. */
export function widest(scales: readonly Scale[]): Scale | null {
  const range = union(scales);
  return range === undefined ? null : { ...range, clipped: scales.some((scale) => scale.clipped) };
}
