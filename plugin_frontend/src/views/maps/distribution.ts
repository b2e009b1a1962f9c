import { histogram } from "../../math/histogram.ts";
import type { Scale } from "../../math/map_ranges.ts";

/** How the values of some maps lie on the colour bar. */
export interface Distribution {
  readonly counts: readonly number[];
  /** Share of exact zeros, which are left out of the bars; null where zero is a value like any other. */
  readonly zeroShare: number | null;
  readonly nan: number;
  readonly inf: number;
}

const BINS = 48;

/**
 * What lies beyond the ends counts in the outer bars, since it has the outer colours. `zeroShare` comes from the exact
 * statistics: eight-bit levels round small values to zero, and those are left out of the bars with the true zeros.
 */
export function distribution(maps: readonly Float32Array[], scale: Scale, zeroShare: number | null): Distribution {
  const { counts, below, above, nan, inf } = histogram(maps, scale, BINS);
  const bars = Array.from(counts);
  const { lo, hi } = scale;
  if (zeroShare !== null && lo <= 0 && hi >= 0) {
    const bin = hi > lo ? Math.min(BINS - 1, Math.floor((0 - lo) * (BINS / (hi - lo)))) : BINS >> 1;
    bars[bin] = Math.max(0, (bars[bin] ?? 0) - zerosOf(maps));
  }
  bars[0] = (bars[0] ?? 0) + below;
  bars[BINS - 1] = (bars[BINS - 1] ?? 0) + above;
  return { counts: bars, zeroShare, nan, inf };
}

function zerosOf(maps: readonly Float32Array[]): number {
  let zeros = 0;
  for (const values of maps) for (let i = 0; i < values.length; i++) if (values[i] === 0) zeros++;
  return zeros;
}
