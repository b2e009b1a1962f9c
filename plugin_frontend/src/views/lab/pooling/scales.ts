/** The three scales of the picture. No effects. */
import { cividis, rdbu, viridis, type ColourMap } from "../../../math/colour_maps.ts";
import { census, largestMagnitude, magnitudeRange, symmetric, union, type Range } from "../../../math/ranges.ts";
import type { PooledMap } from "./pooled_map.ts";

export interface Scale {
  readonly range: Range;
  readonly map: ColourMap;
}

export interface Scales {
  /** Input and all outputs. */
  readonly value: Scale;
  /** Outputs minus the average's, symmetric. */
  readonly minus: Scale;
  /** What the input receives, through the signed square root. */
  readonly gradient: Scale;
}

/** Sign and square root of the magnitude: what a gradient's colour is taken from. */
export function signedRoot(value: number): number {
  return Math.sign(value) * Math.sqrt(Math.abs(value));
}

function bothSigns(arrays: readonly ArrayLike<number>[]): boolean {
  return arrays.some((values) => census(values).min < 0);
}

/**
 * `before`: the scales until now, which only grow while the steps play, so that colours do not jump. `least`: below this
 * the scales of values do not end, so that a map that is next to nothing in its layer is not painted vividly.
 */
export function scalesOf({ plane, columns }: PooledMap, before: Scales | null, least = 0): Scales {
  const values = [plane.values, ...columns.map(({ output }) => output)];
  const minus = columns.map((column) => column.minus);
  const gradients = columns.map(({ gradient }) => gradient);
  return {
    value: scale(values, viridis, bothSigns(values), before?.value, least),
    minus: scale(minus, rdbu, true, before?.minus, least),
    gradient: scale(
      gradients.map((each) => each.map(signedRoot)),
      cividis,
      bothSigns(gradients),
      before?.gradient,
    ),
  };
}

function scale(
  arrays: readonly ArrayLike<number>[],
  map: ColourMap,
  signed: boolean,
  before: Scale | undefined,
  least = 0,
): Scale {
  const around = signed || before?.map === rdbu;
  const ranges = arrays.map((values) => (around ? symmetric(largestMagnitude(values)) : magnitudeRange(values)));
  const found = union(before ? [...ranges, before.range] : ranges) ?? { lo: 0, hi: 0 };
  const isTiny = found.hi > found.lo && Math.max(-found.lo, found.hi) < least;
  const all = isTiny ? { lo: found.lo < 0 ? -least : 0, hi: least } : found;
  return { range: around ? symmetric(Math.max(-all.lo, all.hi)) : all, map: around ? rdbu : map };
}
