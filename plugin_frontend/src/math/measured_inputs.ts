/**
 * What enters an activation, known by its histogram: a bin an octave and sign, cut at the smallest and largest value. Within a
 * bin their density is taken to be a straight line towards its neighbours', so that shares and means over a bin in which a
 * function bends are estimates.
 */
import { FLAT, type ActivationFunction } from "./activation_slopes.ts";
import { BIN_COUNT, exponentOf, ZERO_BIN } from "./gradient_histogram.ts";

export interface Bin {
  readonly lo: number;
  readonly hi: number;
  readonly count: number;
}

export interface MeasuredInputs {
  /** Ascending; zeros and subnormals are a bin without width. Only bins that hold something. */
  readonly bins: readonly Bin[];
  /** Of all bins. */
  readonly total: number;
  /** By bin: how far its density rises from its lower to its upper edge, over its mean; −2 to 2. */
  readonly tilts: readonly number[];
}

export function measuredInputs(counts: ArrayLike<number>, start: number, min: number, max: number): MeasuredInputs {
  const bins: Bin[] = [];
  let total = 0;
  for (let i = 0; i < counts.length && start + i < BIN_COUNT; i++) {
    const count = counts[i]!;
    if (!count) continue;
    total += count;
    bins.push({ ...cut(edgesOf(start + i), min, max), count });
  }
  return { bins, total, tilts: tiltsOf(bins) };
}

/** Density at an edge is the mean of both sides'; outside of all bins it is 0. */
function tiltsOf(bins: readonly Bin[]): number[] {
  const density = ({ lo, hi, count }: Bin): number => count / (hi - lo);
  return bins.map((bin, i) => {
    if (!(bin.hi > bin.lo)) return 0;
    const beside = (other: Bin | undefined, edge: number, at: number): number => {
      if (!other || at !== edge) return 0;
      return other.hi > other.lo ? density(other) : density(bin);
    };
    const before = beside(bins[i - 1], bins[i - 1]?.hi ?? NaN, bin.lo);
    const behind = beside(bins[i + 1], bin.hi, bins[i + 1]?.lo ?? NaN);
    return Math.max(-2, Math.min(2, (behind - before) / 2 / density(bin)));
  });
}

function edgesOf(bin: number): readonly [lo: number, hi: number] {
  if (bin === ZERO_BIN) return [0, 0];
  const size = 2 ** exponentOf(bin);
  return bin > ZERO_BIN ? [size, 2 * size] : [-2 * size, -size];
}

/** Of a bin so much stays at least: one value at its edge is not drawn as a spike. */
const LEAST_LEFT = 0.25;

/** No value lies outside the extremes, where these are known. */
function cut([lo, hi]: readonly [number, number], min: number, max: number): { lo: number; hi: number } {
  const least = LEAST_LEFT * (hi - lo);
  return { lo: min > lo ? Math.min(min, hi - least) : lo, hi: max < hi ? Math.max(max, lo + least) : hi };
}

const PARTS = 64;

export interface SlopeFacts {
  /** Share of the values at which the slope is below 0.05, of either sign. */
  readonly flat: number;
  /** Root of the mean squared slope. */
  readonly rms: number;
}

export function slopeFacts({ bins, total, tilts }: MeasuredInputs, { slope }: ActivationFunction): SlopeFacts {
  let flat = 0;
  let squares = 0;
  bins.forEach(({ lo, hi, count }, i) => {
    const parts = hi > lo ? PARTS : 1;
    for (let part = 0; part < parts; part++) {
      const along = (part + 0.5) / parts;
      const steep = slope(lo + (hi - lo) * along);
      const weight = (count / parts) * (1 + tilts[i]! * (along - 0.5));
      if (Math.abs(steep) < FLAT) flat += weight;
      squares += weight * steep ** 2;
    }
  });
  return total ? { flat: flat / total, rms: Math.sqrt(squares / total) } : { flat: NaN, rms: NaN };
}

/** The share of the values in lo ≤ x < hi. */
export function shareBetween({ bins, total }: MeasuredInputs, lo: number, hi: number): number {
  let inside = 0;
  for (const bin of bins) {
    if (bin.hi > bin.lo)
      inside += (bin.count * Math.max(0, Math.min(hi, bin.hi) - Math.max(lo, bin.lo))) / (bin.hi - bin.lo);
    else if (bin.lo >= lo && bin.lo < hi) inside += bin.count;
  }
  return total ? inside / total : NaN;
}

const LEAST_RANGE = 4;
const MOST_RANGE = 64;
const OUTSIDE = 0.05;

/** ±range is drawn: a power of two from 4 to 64, outside of which lie at most 5 % of the values. */
export function drawnRange(inputs: MeasuredInputs): number {
  let range = LEAST_RANGE;
  while (range < MOST_RANGE && 1 - shareBetween(inputs, -range, range) > OUTSIDE) range *= 2;
  return range;
}

const FINE = 32;

/** Bars over −range … range; their area is their share, but for the bins next to zero, which are one bar a sign. */
export function barsOf(inputs: MeasuredInputs, range: number): { lo: number; hi: number; density: number }[] {
  const near = range / FINE;
  const edges = [near];
  for (let edge = near; edge < range; edge *= 2) edges.push(edge * 2);
  const spans = [
    ...edges
      .slice(1)
      .map((hi, i) => [-hi, -edges[i]!] as const)
      .reverse(),
    [-near, 0] as const,
    [0, near] as const,
    ...edges.slice(1).map((hi, i) => [edges[i]!, hi] as const),
  ];
  return spans.flatMap(([lo, hi]) => {
    const [from, to] = tight(inputs, lo, hi);
    const share = shareBetween(inputs, lo, hi);
    return share > 0 ? [{ lo: from, hi: to, density: share / (to - from) }] : [];
  });
}

/** The part of a span that the extremes leave. */
function tight({ bins }: MeasuredInputs, lo: number, hi: number): [number, number] {
  const [first, last] = [bins[0]!.lo, bins.at(-1)!.hi];
  const from = first > lo && first < hi ? first : lo;
  return [from, last < hi && last > from ? last : hi];
}

/** Where a function is flat within −range … range: [lo, hi] pairs, to a thousandth of it. */
export function flatSpans({ slope }: ActivationFunction, range: number): [number, number][] {
  const steps = 2000;
  const spans: [number, number][] = [];
  let from: number | null = null;
  for (let i = 0; i <= steps; i++) {
    const is = i < steps && Math.abs(slope(-range + (2 * range * (i + 0.5)) / steps)) < FLAT;
    const at = -range + (2 * range * i) / steps;
    if (is) from ??= at;
    else if (from !== null) {
      spans.push([from, at]);
      from = null;
    }
  }
  return spans;
}
