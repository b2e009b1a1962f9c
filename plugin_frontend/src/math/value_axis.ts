/** The axis of a chart's values: where a value stands as a share of the height, 0 at the bottom. */
export interface ValueAxis {
  readonly kind: "linear" | "log";
  readonly lo: number;
  readonly hi: number;
  /** NaN for what has no place: NaN, and on a logarithmic axis what is not above zero. */
  toShare(value: number): number;
  toValue(share: number): number;
  /** Round values to label, at most about `count`. */
  ticks(count: number): number[];
}

export function valueAxis(kind: "linear" | "log", lo: number, hi: number): ValueAxis {
  if (kind === "linear") {
    return {
      kind,
      lo,
      hi,
      toShare: (value) => (value - lo) / (hi - lo),
      toValue: (share) => lo + share * (hi - lo),
      ticks: (count) => roundValues(lo, hi, count),
    };
  }
  const [start, span] = [Math.log10(lo), Math.log10(hi) - Math.log10(lo)];
  return {
    kind,
    lo,
    hi,
    toShare: (value) => (value > 0 ? (Math.log10(value) - start) / span : Number.NaN),
    toValue: (share) => 10 ** (start + share * span),
    ticks: (count) => roundPowers(lo, hi, count),
  };
}

/** Multiples of 1, 2 or 5 times a power of ten between two values. */
export function roundValues(lo: number, hi: number, count: number): number[] {
  const least = (hi - lo) / Math.max(1, count);
  if (!(least > 0) || !Number.isFinite(least)) return [lo];
  const decade = 10 ** Math.floor(Math.log10(least));
  const stride = [1, 2, 5, 10].map((m) => m * decade).find((each) => each >= least * 0.999) ?? least;
  const values: number[] = [];
  for (let i = Math.ceil(lo / stride - 1e-9); i * stride <= hi + stride * 1e-9; i++)
    values.push(Number((i * stride).toPrecision(12)));
  return values;
}

/** Powers of ten, with 2 and 5 between them where there are few; of many powers every second, third … one. */
function roundPowers(lo: number, hi: number, count: number): number[] {
  const [first, last] = [Math.floor(Math.log10(lo)), Math.ceil(Math.log10(hi))];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const between = last - first <= count / 3 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let power = first; power <= last; power += every) {
    for (const m of between) values.push(Number((m * 10 ** power).toPrecision(3)));
  }
  const inside = values.filter((value) => value >= lo * 0.999999 && value <= hi * 1.000001);
  return inside.length > 1 ? inside : roundValues(lo, hi, count).filter((value) => value > 0);
}

/**
 * The range that shows curves well. Linear: from zero where the values lie near it, with a little air; a few values far
 * above the others (a run that diverged) leave through the top. Logarithmic: all values above zero. Null for no value.
 */
export function valueRange(
  values: ArrayLike<number>,
  kind: "linear" | "log",
): readonly [lo: number, hi: number] | null {
  const sorted = Float64Array.from(values)
    .filter((value) => Number.isFinite(value) && (kind === "linear" || value > 0))
    .sort();
  if (sorted.length === 0) return null;
  const least = sorted[0]!;
  const largest = sorted.at(-1)!;
  if (kind === "log") {
    const air = Math.max(1.05, (largest / least) ** 0.03);
    return [Math.max(Number.MIN_VALUE, least / air), Math.min(Number.MAX_VALUE, largest * air)];
  }
  const high = sorted[Math.floor(0.95 * (sorted.length - 1))]!;
  const top = largest > least + FAR * (high - least) && high > least ? high + (high - least) : largest;
  const span = top - least || Math.abs(top) || 1;
  const lo = least >= 0 && least <= 0.5 * top ? 0 : least - 0.05 * span;
  return [lo, top + 0.05 * (top - lo || span)];
}

/** So many times the spread of 95 % of the values counts as far above. */
const FAR = 8;
