/**
 * A variable's histograms over steps, as shares of its values by sign and size. The bins are those of
 * tb_cnnviz/records/histogram.py: 509, the middle one for zeros and subnormals, the others one octave each.
 */
export const ZERO_BIN = 254;
export const BIN_COUNT = 509;

/** Counts of a variable of `size` values: `counts` is [steps, bins], from bin `start` on. */
export interface HistogramColumns {
  readonly steps: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  readonly start: number;
  readonly bins: number;
  readonly size: number;
  readonly nan: ArrayLike<number>;
  readonly inf: ArrayLike<number>;
}

/** The exponent e of a bin beside the middle one: 2^e ≤ |x| < 2^(e + 1). */
export function exponentOf(bin: number): number {
  return Math.abs(bin - ZERO_BIN) - 127;
}

/** Exponents that a picture shows, `lo` to `hi`, `octaves` of them a row; what is smaller than `lo` is in its row. */
export interface OctaveRows {
  readonly lo: number;
  readonly hi: number;
  readonly octaves: number;
  /** Rows of one sign. */
  readonly rows: number;
  /** Whether anything is below `lo`. */
  readonly clipped: boolean;
}

/** Of all non-zero values over all steps, so large a share may lie below the picture's last row. */
const CLIPPED_SHARE = 0.02;

/** The exponents of several histograms on one scale, at most `most` rows a sign. */
export function octaveRows(histograms: readonly HistogramColumns[], most: number): OctaveRows {
  const byExponent = new Map<number, number>();
  for (const { counts, start, bins, size } of histograms) {
    for (let i = 0; i < counts.length; i++) {
      const bin = start + (i % bins);
      if (!counts[i] || bin === ZERO_BIN) continue;
      byExponent.set(exponentOf(bin), (byExponent.get(exponentOf(bin)) ?? 0) + counts[i]! / size);
    }
  }
  if (!byExponent.size) return { lo: -1, hi: 0, octaves: 1, rows: 1, clipped: false };
  const hi = Math.max(...byExponent.keys());
  const least = Math.min(...byExponent.keys());
  const lo = cumulativeEnd(byExponent, CLIPPED_SHARE);
  const octaves = Math.ceil((hi - lo + 1) / Math.max(1, most));
  const rows = Math.ceil((hi - lo + 1) / octaves);
  return { lo: hi + 1 - rows * octaves, hi, octaves, rows, clipped: least < hi + 1 - rows * octaves };
}

/** The smallest exponent below which lies no more than a share of the whole. */
function cumulativeEnd(byExponent: ReadonlyMap<number, number>, share: number): number {
  const ascending = [...byExponent].sort(([a], [b]) => a - b);
  const allowed = share * ascending.reduce((sum, [, weight]) => sum + weight, 0);
  let below = 0;
  for (const [exponent, weight] of ascending) {
    if ((below += weight) > allowed) return exponent;
  }
  return ascending.at(-1)![0];
}

export type Sign = 1 | -1;

/** Shares of the values in each row of one sign, from the largest size to the smallest: [rows][steps]. */
export function sharesBySize(histogram: HistogramColumns, scale: OctaveRows, sign: Sign): Float64Array[] {
  const { counts, start, bins, size, steps } = histogram;
  const rows = Array.from({ length: scale.rows }, () => new Float64Array(steps.length));
  for (let i = 0; i < counts.length; i++) {
    const bin = start + (i % bins);
    if (!counts[i] || bin === ZERO_BIN || bin > ZERO_BIN !== sign > 0) continue;
    const row = Math.floor((scale.hi - Math.max(scale.lo, exponentOf(bin))) / scale.octaves);
    rows[row]![Math.floor(i / bins)]! += counts[i]! / size;
  }
  return rows;
}

export interface OtherShares {
  readonly zero: Float64Array;
  readonly nan: Float64Array;
  readonly inf: Float64Array;
}

/** Shares of what has no size: zeros (subnormals among them), NaN and ±Inf. */
export function otherShares({ counts, start, bins, size, steps, nan, inf }: HistogramColumns): OtherShares {
  const middle = ZERO_BIN - start;
  const share = (of: (step: number) => number): Float64Array =>
    Float64Array.from({ length: steps.length }, (_, step) => of(step) / size);
  return {
    zero: share((step) => (middle >= 0 && middle < bins ? counts[step * bins + middle]! : 0)),
    nan: share((step) => nan[step] ?? 0),
    inf: share((step) => inf[step] ?? 0),
  };
}

/** Where the colours of shares end: the smallest share that at least 99 % of those above zero do not exceed. */
export function shareBound(rows: readonly Float64Array[]): { bound: number; clipped: boolean } {
  const shares = rows.flatMap((row) => Array.from(row).filter((share) => share > 0)).sort((a, b) => a - b);
  if (!shares.length) return { bound: 1, clipped: false };
  const bound = shares[Math.ceil(0.99 * shares.length) - 1]!;
  return { bound, clipped: shares.at(-1)! > bound };
}
