import { INF_PIXEL, NAN_PIXEL } from "../math/colour.ts";

/**
 * A picture at half its size: each pixel is the mean of up to four, weighted by their alpha. A pixel that stands for
 * NaN or Inf wins over its neighbours, so that it is seen at any zoom.
 */
export function halve(source: Uint32Array, width: number, height: number): Uint32Array {
  const halfWidth = Math.ceil(width / 2);
  const halfHeight = Math.ceil(height / 2);
  const target = new Uint32Array(halfWidth * halfHeight);
  for (let y = 0; y < halfHeight; y++) {
    const upper = 2 * y * width;
    const lower = 2 * y + 1 < height ? upper + width : -1;
    for (let x = 0; x < halfWidth; x++) {
      const two = 2 * x + 1 < width;
      const a = source[upper + 2 * x]!;
      const b = two ? source[upper + 2 * x + 1]! : 0;
      const c = lower >= 0 ? source[lower + 2 * x]! : 0;
      const d = two && lower >= 0 ? source[lower + 2 * x + 1]! : 0;
      const inside = (two ? 2 : 1) * (lower >= 0 ? 2 : 1);
      target[y * halfWidth + x] = a === b && a === c && a === d ? a : mean(a, b, c, d, inside);
    }
  }
  return target;
}

function mean(a: number, b: number, c: number, d: number, inside: number): number {
  if (a === NAN_PIXEL || b === NAN_PIXEL || c === NAN_PIXEL || d === NAN_PIXEL) return NAN_PIXEL;
  if (a === INF_PIXEL || b === INF_PIXEL || c === INF_PIXEL || d === INF_PIXEL) return INF_PIXEL;
  const [wa, wb, wc, wd] = [a >>> 24, b >>> 24, c >>> 24, d >>> 24] as [number, number, number, number];
  const weight = wa + wb + wc + wd;
  if (!weight) return 0;
  const channel = (shift: number): number =>
    Math.round(
      (((a >>> shift) & 255) * wa + ((b >>> shift) & 255) * wb + ((c >>> shift) & 255) * wc
        + ((d >>> shift) & 255) * wd) / weight,
    );
  const alpha = Math.round(weight / inside);
  return ((alpha << 24) | (channel(16) << 16) | (channel(8) << 8) | channel(0)) >>> 0;
}
