import { ENTRIES } from "./colour.ts";
import type { Range } from "./ranges.ts";

/** Counts in equal bins over a range. What lies outside is in `below` and `above`, never in the outer bins. */
export interface Histogram {
  readonly range: Range;
  readonly counts: Uint32Array;
  readonly below: number;
  readonly above: number;
  readonly nan: number;
  readonly inf: number;
}

/** The bin of v is floor((v − lo) · (bins / (hi − lo))), and v = hi is in the last. */
export function histogram(arrays: readonly ArrayLike<number>[], range: Range, bins = ENTRIES / 4): Histogram {
  const counts = new Uint32Array(bins);
  const { lo, hi } = range;
  const factor = hi > lo ? bins / (hi - lo) : 0;
  let below = 0;
  let above = 0;
  let nan = 0;
  let inf = 0;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value - value !== 0) {
        if (value !== value) nan++;
        else inf++;
      } else if (value < lo) below++;
      else if (value > hi) above++;
      else counts[factor ? Math.min(bins - 1, Math.floor((value - lo) * factor)) : bins >> 1]!++;
    }
  }
  return { range, counts, below, above, nan, inf };
}
