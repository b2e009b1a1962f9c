/** Which logged steps fall into which pixel column of a time axis, and which of them a column shows. */

/** The steps of each pixel column, as their first and last index; −1 where none was logged. */
export interface StepColumns {
  readonly width: number;
  readonly first: Int32Array;
  readonly last: Int32Array;
}

/** A step that is the only one is so wide, that it can be seen and hit. Pixels. */
const LONE = 8;

/**
 * A step reaches half-way to its neighbours, in steps, and as far behind the last one as before it; steps that share a
 * pixel column are all in it.
 *
 * @param steps ascending
 * @param toShare where a step stands on the axis, 0 to 1
 */
export function stepColumns(steps: ArrayLike<number>, width: number, toShare: (step: number) => number): StepColumns {
  const first = new Int32Array(Math.max(0, width)).fill(-1);
  const last = new Int32Array(Math.max(0, width)).fill(-1);
  if (width < 1) return { width: 0, first, last };
  const pixel = (step: number): number => Math.round(clamp(toShare(Math.max(0, step))) * width);
  for (let i = 0; i < steps.length; i++) {
    const [from, to] =
      steps.length === 1 ? lone(pixel(steps[0]!), width) : [pixel(edge(steps, i)), pixel(edge(steps, i + 1))];
    const start = Math.min(from, width - 1);
    for (let column = start; column < Math.max(to, start + 1); column++) {
      if (first[column]! < 0) first[column] = i;
      last[column] = i;
    }
  }
  return { width, first, last };
}

/** Where step `i` begins and the one before it ends. */
function edge(steps: ArrayLike<number>, i: number): number {
  const end = steps.length - 1;
  if (i === 0) return steps[0]! - (steps[1]! - steps[0]!) / 2;
  if (i > end) return steps[end]! + (steps[end]! - steps[end - 1]!) / 2;
  return (steps[i - 1]! + steps[i]!) / 2;
}

function lone(at: number, width: number): [from: number, to: number] {
  const from = Math.max(0, Math.min(width - LONE, at - LONE / 2));
  return [from, Math.min(width, from + LONE)];
}

/** NaN for no number: such a share would make no pixel. */
function clamp(share: number): number {
  return share > 0 ? Math.min(1, share) : 0;
}

/** The place of a value among those of its column: the largest is shown. NaN is told apart by `isNaN`. */
export type Rank = (value: number) => number;

/** Index of the value that a column shows: the first NaN, else the first of highest rank. */
export function peakIndex(values: ArrayLike<number>, first: number, last: number, rank: Rank): number {
  let best = first;
  let highest = -Infinity;
  for (let i = first; i <= last; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) return i;
    const own = rank(value);
    if (own > highest) {
      highest = own;
      best = i;
    }
  }
  return best;
}
