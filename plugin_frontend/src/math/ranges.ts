/** The ends of a colour scale, found from finite values only. */

export interface Range {
  readonly lo: number;
  readonly hi: number;
}

/** What some values hold. `min` and `max` are of the finite ones, NaN where there is none. */
export interface Census {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly nan: number;
  readonly inf: number;
}

export function census(values: ArrayLike<number>, start = 0, end = values.length): Census {
  let min = Infinity;
  let max = -Infinity;
  let nan = 0;
  let inf = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (value - value !== 0) {
      if (value !== value) nan++;
      else inf++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const none = min > max;
  return { count: end - start, min: none ? NaN : min, max: none ? NaN : max, nan, inf };
}

/** The largest finite magnitude; 0 where there is none. */
export function largestMagnitude(values: ArrayLike<number>, start = 0, end = values.length): number {
  let largest = 0;
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > largest && magnitude !== Infinity) largest = magnitude;
  }
  return largest;
}

/** The largest finite magnitude of each run of `size` values. */
export function magnitudesByBlock(values: ArrayLike<number>, size: number): Float64Array {
  const blocks = size > 0 ? Math.floor(values.length / size) : 0;
  const bounds = new Float64Array(blocks);
  for (let block = 0; block < blocks; block++) {
    bounds[block] = largestMagnitude(values, block * size, (block + 1) * size);
  }
  return bounds;
}

/** Symmetric around zero. */
export function symmetric(bound: number): Range {
  return { lo: -bound, hi: bound };
}

/** From zero, or from the smallest value where that is negative, to the largest; 0 to 0 where nothing is finite. */
export function magnitudeRange(values: ArrayLike<number>, start = 0, end = values.length): Range {
  const { min, max } = census(values, start, end);
  if (Number.isNaN(min)) return { lo: 0, hi: 0 };
  return { lo: Math.min(0, min), hi: Math.max(0, max) };
}

export function union(ranges: Iterable<Range>): Range | undefined {
  let lo = Infinity;
  let hi = -Infinity;
  for (const range of ranges) {
    lo = Math.min(lo, range.lo);
    hi = Math.max(hi, range.hi);
  }
  return lo <= hi ? { lo, hi } : undefined;
}
