/** Scales of logarithms to the base 2, with whole ends and numbers at powers of two. */
import { superscript } from "./format.ts";
import { census, type Range } from "./ranges.ts";

/** Whole ends around all finite logarithms, at least one octave; −1 to 0 where nothing is finite. */
export function logRange(arrays: readonly ArrayLike<number>[]): Range {
  const all = arrays.map((values) => census(values)).filter(({ min }) => !Number.isNaN(min));
  if (!all.length) return { lo: -1, hi: 0 };
  const lo = Math.floor(Math.min(...all.map(({ min }) => min)));
  const hi = Math.ceil(Math.max(...all.map(({ max }) => max)));
  return { lo, hi: Math.max(hi, lo + 1) };
}

/** Whole ends at the same distance from 0. */
export function symmetricLogRange(arrays: readonly ArrayLike<number>[]): Range {
  const { lo, hi } = logRange(arrays);
  const bound = Math.max(Math.abs(lo), Math.abs(hi), 1);
  return { lo: -bound, hi: bound };
}

/** Both ends, and so many exponents between them at equal distance as have room: at most `most` in all. */
export function exponentTicks({ lo, hi }: Range, most = 5): number[] {
  const stride = Math.max(1, Math.ceil((hi - lo) / Math.max(1, most - 1)));
  const ticks = [lo];
  for (let exponent = Math.ceil(lo / stride) * stride; exponent < hi; exponent += stride) {
    if (exponent - lo >= 0.6 * stride && hi - exponent >= 0.6 * stride) ticks.push(exponent);
  }
  return [...ticks, hi];
}

/** "2⁻⁸", and up to 1,024 the number itself: "1", "16". */
export function powerText(exponent: number): string {
  return exponent >= 0 && exponent <= 10 ? (2 ** exponent).toLocaleString("en-US") : `2${superscript(exponent)}`;
}
