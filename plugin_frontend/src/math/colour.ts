/**
 * One number, one colour, in every view and theme.
 *
 * The entry of a colour map for a value v in the range lo to hi is
 *
 *     index = clamp(floor((v − lo) · (256 / (hi − lo))), 0, 255)
 *
 * in double precision, from the float32 value. Where hi ≤ lo the index is 0 below lo, 255 above hi, and else 128 in a
 * diverging map and 0 in any other. NaN is magenta and ±Inf violet, whatever the map.
 */
import type { ColourMap } from "./colour_maps.ts";

export const ENTRIES = 256;

/** Colours as 0xrrggbb. */
const NAN_RGB = 0xff00c8;
const INF_RGB = 0x7a00ff;

/** The same as one little-endian pixel of an ImageData: 0xaabbggrr. */
export const NAN_PIXEL = opaquePixel(NAN_RGB);
export const INF_PIXEL = opaquePixel(INF_RGB);

/** A colour map ready for drawing: one pixel (0xaabbggrr) an entry. */
export interface Palette {
  readonly map: ColourMap;
  readonly pixels: Uint32Array;
  /** The same bytes as signed integers, for inner loops. */
  readonly signed: Int32Array;
}

const palettes = new Map<ColourMap, Palette>();

export function paletteOf(map: ColourMap): Palette {
  let palette = palettes.get(map);
  if (!palette) {
    const pixels = new Uint32Array(ENTRIES);
    for (let i = 0; i < ENTRIES; i++) pixels[i] = opaquePixel(parseInt(map.rgb.slice(6 * i, 6 * i + 6), 16));
    palette = { map, pixels, signed: new Int32Array(pixels.buffer) };
    palettes.set(map, palette);
  }
  return palette;
}

/** The entry for a finite value; see the definition above. */
export function colourIndex(value: number, lo: number, hi: number, diverging: boolean): number {
  if (!(hi > lo)) return value < lo ? 0 : value > hi ? ENTRIES - 1 : diverging ? ENTRIES / 2 : 0;
  const index = Math.floor((value - lo) * (ENTRIES / (hi - lo)));
  return index < 0 ? 0 : index > ENTRIES - 1 ? ENTRIES - 1 : index;
}

/** The pixel (0xaabbggrr) for any value. */
export function colourPixel(value: number, lo: number, hi: number, palette: Palette): number {
  if (Number.isNaN(value)) return NAN_PIXEL;
  if (!Number.isFinite(value)) return INF_PIXEL;
  return palette.pixels[colourIndex(value, lo, hi, palette.map.diverging)]!;
}

/** What three channels are, first to last. */
export type ChannelOrder = "rgb" | "bgr";

/** Names of three channels. */
export function colourNames(order: ChannelOrder): readonly string[] {
  return order === "bgr" ? ["blue", "green", "red"] : ["red", "green", "blue"];
}

/**
 * The pixel of a kernel's three channels at one place: mid grey is zero, and each channel's byte is the entry of its
 * value in the range −bound to bound.
 */
export function foldedPixel(red: number, green: number, blue: number, bound: number): number {
  const sum = red + green + blue;
  if (!Number.isFinite(sum)) {
    if (Number.isNaN(red) || Number.isNaN(green) || Number.isNaN(blue)) return NAN_PIXEL;
    if (![red, green, blue].every(Number.isFinite)) return INF_PIXEL;
  }
  const r = colourIndex(red, -bound, bound, true);
  const g = colourIndex(green, -bound, bound, true);
  const b = colourIndex(blue, -bound, bound, true);
  return ((0xff << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** A pixel (0xaabbggrr) as CSS. */
export function pixelCss(pixel: number): string {
  return `rgb(${pixel & 255}, ${(pixel >>> 8) & 255}, ${(pixel >>> 16) & 255})`;
}

/** Black or white, whichever is read better on a colour: the contrast is at least 4.5, on any. */
export function inkOn(pixel: number): "#000000" | "#ffffff" {
  const [r, g, b] = [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255].map((byte) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

function opaquePixel(rgb: number): number {
  return ((0xff << 24) | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >>> 16)) >>> 0;
}
