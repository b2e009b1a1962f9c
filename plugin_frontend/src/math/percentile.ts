/**
 * Exact percentiles of float32 magnitudes, without sorting: the bits of a positive float order like the number itself,
 * so two passes of counting find the value.
 */

const HIGH = 1 << 15;
const LOW = 1 << 16;
const FIRST_NON_FINITE = 0x7f800000;

/**
 * The nearest-rank percentile of the finite magnitudes in all arrays: the smallest that at least `share` (0 to 1) of them
 * do not exceed. 0 where nothing is finite.
 */
export function magnitudePercentile(arrays: readonly Float32Array[], share: number): number {
  const views = arrays.map((values) => new Uint32Array(values.buffer, values.byteOffset, values.length));
  const high = new Uint32Array(HIGH);
  for (const bits of views) for (let i = 0; i < bits.length; i++) high[(bits[i]! & 0x7fffffff) >>> 16]!++;
  const finite = sum(high.subarray(0, FIRST_NON_FINITE >>> 16));
  if (!finite) return 0;
  let rank = Math.min(finite, Math.max(1, Math.ceil(share * finite)));
  let bin = 0;
  for (; rank > high[bin]!; bin++) rank -= high[bin]!;
  const low = new Uint32Array(LOW);
  for (const bits of views) {
    for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7fffffff) >>> 16 === bin) low[bits[i]! & 0xffff]!++;
  }
  let rest = 0;
  for (; rank > low[rest]!; rest++) rank -= low[rest]!;
  return new Float32Array(new Uint32Array([(bin << 16) | rest]).buffer)[0]!;
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
