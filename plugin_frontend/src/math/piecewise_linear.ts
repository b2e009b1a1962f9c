/** A function that is known at some places and straight between them, such as the epochs finished by step. */
export interface PiecewiseLinear {
  readonly from: Float64Array;
  readonly to: Float64Array;
}

/** Knots in order; pairs that are not finite, or do not ascend in the first and stay or ascend in the second, are left out. */
export function piecewiseLinearOf(from: ArrayLike<number>, to: ArrayLike<number>): PiecewiseLinear {
  const kept: [number, number][] = [];
  for (let i = 0; i < from.length; i++) {
    const [x, y] = [from[i]!, to[i]!];
    const before = kept.at(-1);
    if (Number.isFinite(x) && Number.isFinite(y) && (!before || (x > before[0] && y >= before[1]))) kept.push([x, y]);
  }
  return { from: Float64Array.from(kept, ([x]) => x), to: Float64Array.from(kept, ([, y]) => y) };
}

/** The function's value; before the first knot NaN, behind the last one as straight on as between the last two. */
export function valueAt({ from, to }: PiecewiseLinear, x: number): number {
  const last = from.length - 1;
  if (last < 0 || x < from[0]!) return Number.NaN;
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (from[middle]! <= x) low = middle;
    else high = middle - 1;
  }
  if (x === from[low]) return to[low]!;
  const start = Math.min(low, last - 1);
  if (start < 0) return Number.NaN;
  const share = (x - from[start]!) / (from[start + 1]! - from[start]!);
  return to[start]! + share * (to[start + 1]! - to[start]!);
}
