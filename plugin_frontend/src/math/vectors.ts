/** Lengths and angles of weight vectors, summed in double precision. */

export function norm(values: ArrayLike<number>, start = 0, end = values.length): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

/** The norm of each run of `size` values. */
export function normsByBlock(values: ArrayLike<number>, size: number): Float64Array {
  const blocks = size > 0 ? Math.floor(values.length / size) : 0;
  const norms = new Float64Array(blocks);
  for (let block = 0; block < blocks; block++) norms[block] = norm(values, block * size, (block + 1) * size);
  return norms;
}

/** Cosine of the angle between two vectors of `size` values at these places; NaN where either is zero. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>, size = a.length, startA = 0, startB = 0): number {
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < size; i++) {
    const x = a[startA + i]!;
    const y = b[startB + i]!;
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  if (squareA === 0 || squareB === 0) return NaN;
  // Rounding may lead a hair over one.
  return Math.max(-1, Math.min(1, dot / (Math.sqrt(squareA) * Math.sqrt(squareB))));
}

/**
 * The other block most like this one by cosine, of those that are not in `without`; undefined where no other has a
 * direction.
 */
export function nearestBlock(
  values: ArrayLike<number>,
  size: number,
  block: number,
  without?: ArrayLike<number>,
): { block: number; cosine: number } | undefined {
  let best: { block: number; cosine: number } | undefined;
  const blocks = size > 0 ? Math.floor(values.length / size) : 0;
  for (let other = 0; other < blocks; other++) {
    if (other === block || without?.[other]) continue;
    const similarity = cosine(values, values, size, block * size, other * size);
    if (similarity > (best?.cosine ?? -Infinity)) best = { block: other, cosine: similarity };
  }
  return best;
}

/** a − b, element by element, as float32. */
export function difference(a: Float32Array, b: Float32Array): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = a[i]! - b[i]!;
  return result;
}
