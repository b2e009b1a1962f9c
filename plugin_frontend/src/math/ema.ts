/**
 * The exponential mean of TensorBoard's Scalars tab: m ← w·m + (1 − w)·v, divided by 1 − wⁿ after n values, so that the
 * first values do not lean towards zero. Values that are not finite stay as they are and count for nothing.
 *
 * weight: 0 (as it is) up to, but not, 1.
 */
export function ema(values: ArrayLike<number>, weight: number): Float64Array {
  const out = new Float64Array(values.length);
  let mean = 0;
  let left = 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      out[i] = value;
      continue;
    }
    mean = weight * mean + (1 - weight) * value;
    left *= weight;
    out[i] = mean / (1 - left);
  }
  return out;
}
