import { INF_PIXEL, NAN_PIXEL } from "../math/colour.ts";

const NAN = NAN_PIXEL | 0;
const INF = INF_PIXEL | 0;

/**
 * A picture at half its size: each pixel is the mean of up to four, weighted by their alpha. A pixel that stands for
 * NaN or Inf wins over its neighbours, so that it is seen at any zoom.
 *
 * This runs for every pixel of a large layer whenever its step changes: signed integers throughout, no allocation.
 */
export function halve(source: Uint32Array, width: number, height: number): Uint32Array {
  const halfWidth = Math.ceil(width / 2);
  const halfHeight = Math.ceil(height / 2);
  const from = new Int32Array(source.buffer, source.byteOffset, width * height);
  const target = new Int32Array(halfWidth * halfHeight);
  for (let y = 0; y < halfHeight; y++) {
    const upper = 2 * y * width;
    const two = 2 * y + 1 < height;
    const lower = two ? upper + width : upper;
    for (let x = 0; x < halfWidth; x++) {
      const left = 2 * x;
      if (two && left + 1 < width) {
        target[y * halfWidth + x] = mean(
          from[upper + left]!,
          from[upper + left + 1]!,
          from[lower + left]!,
          from[lower + left + 1]!,
          4,
        );
      } else {
        const beside = left + 1 < width ? from[upper + left + 1]! : 0;
        const below = two ? from[lower + left]! : 0;
        target[y * halfWidth + x] = mean(from[upper + left]!, beside, below, 0, left + 1 < width || two ? 2 : 1);
      }
    }
  }
  return new Uint32Array(target.buffer);
}

/** The mean of `inside` pixels; a pixel outside is given as 0, which weighs nothing. */
function mean(a: number, b: number, c: number, d: number, inside: number): number {
  if (a === NAN || b === NAN || c === NAN || d === NAN) return NAN;
  if (a === INF || b === INF || c === INF || d === INF) return INF;
  const alphas = (a >>> 24) + (b >>> 24) + (c >>> 24) + (d >>> 24);
  if (alphas === 0) return 0;
  if (alphas === 1020) {
    // All four opaque: two channels at a time, in lanes of 16 bits, rounded to nearest.
    const outer = ((a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) + (d & 0xff00ff) + 0x20002) >>> 2;
    const green = ((a & 0xff00) + (b & 0xff00) + (c & 0xff00) + (d & 0xff00) + 0x200) >>> 2;
    return (outer & 0xff00ff) | (green & 0xff00) | (255 << 24);
  }
  const half = alphas >> 1;
  const red = ((channel(a, 0) + channel(b, 0) + channel(c, 0) + channel(d, 0) + half) / alphas) | 0;
  const green = ((channel(a, 8) + channel(b, 8) + channel(c, 8) + channel(d, 8) + half) / alphas) | 0;
  const blue = ((channel(a, 16) + channel(b, 16) + channel(c, 16) + channel(d, 16) + half) / alphas) | 0;
  const alpha = ((alphas + (inside >> 1)) / inside) | 0;
  return (alpha << 24) | (blue << 16) | (green << 8) | red;
}

/** A channel times its alpha: at most 65,025. */
function channel(pixel: number, shift: number): number {
  return ((pixel >>> shift) & 255) * (pixel >>> 24);
}
