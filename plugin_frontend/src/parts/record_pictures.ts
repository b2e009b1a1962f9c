import type { DataRecord } from "../data/binary.ts";
import { colourPixel, paletteOf } from "../math/colour.ts";
import { viridis } from "../math/colour_maps.ts";
import type { Picture } from "./picture.ts";

/** One map of a record and its values' range. */
interface Plane {
  readonly channel: number;
  readonly values: Float64Array;
  readonly variance: number;
}

const made = new WeakMap<DataRecord, Map<number, Picture | null>>();

/** The picture of a record for a probe image; made once for each. */
export function pictureOf(record: DataRecord, image: number): Picture | null {
  let byImage = made.get(record);
  if (!byImage) made.set(record, (byImage = new Map()));
  let picture = byImage.get(image);
  if (picture === undefined) {
    const make = { probe: probePicture, predictions: predictionPicture }[record.kind] ?? strongestPicture;
    picture = make(record, image);
    byImage.set(image, picture);
  }
  return picture;
}

/** The probe image as it was logged for display; null where there is none of that index. */
export function probePicture(record: DataRecord, image: number): Picture | null {
  const display = record.arrays["display"];
  const [images = 0, height = 0, width = 0, channels = 0] = display?.shape ?? [];
  if (!display || image >= images || !(channels === 1 || channels === 3)) return null;
  const pixels = new Uint32Array(width * height);
  let at = image * width * height * channels;
  for (let i = 0; i < pixels.length; i++, at += channels) {
    const byte = (c: number): number => (display.values[at + (channels === 3 ? c : 0)] ?? 0) & 255;
    pixels[i] = ((255 << 24) | (byte(2) << 16) | (byte(1) << 8) | byte(0)) >>> 0;
  }
  return { width, height, pixels, words: `probe image ${image} of ${images}` };
}

/** The map of largest variance of a feature_maps record, in viridis over its own range. */
export function strongestPicture(record: DataRecord, image: number): Picture | null {
  const maps = record.arrays["maps"];
  const [images = 0, kept = 0, ...spatial] = maps?.shape ?? [];
  if (!maps || image >= images || kept === 0) return null;
  if (spatial.length === 0) {
    // A channel of one value is its own range: the value is lo, its level says nothing.
    return barPicture(record.arrays["lo"]?.values ?? maps.values, image, kept, "channels");
  }
  const plane = strongestPlane(record, image, kept, maps.values.length / (images * kept));
  if (!plane) return null;
  const { height, width, start } = middleSlice(spatial);
  const shown = plane.values.subarray(start, start + width * height);
  const of = record.attributes["of"];
  const words = `channel ${plane.channel}${typeof of === "number" ? ` of ${of}` : ""}, the one of largest variance`;
  return { width, height, pixels: coloured(shown), words };
}

/** What the network says of the image, as a bar of its outputs. */
export function predictionPicture(record: DataRecord, image: number): Picture | null {
  const values = record.arrays["y_pred"];
  const [images = 0, units = 0, ...rest] = values?.shape ?? [];
  if (!values || image >= images || units === 0 || rest.length) return null;
  return barPicture(values.values, image, units, "outputs");
}

function barPicture(values: ArrayLike<number>, image: number, count: number, what: string): Picture {
  const own = Float64Array.from({ length: count }, (_, i) => values[image * count + i] ?? 0);
  return { width: 1, height: count, pixels: coloured(own), words: `its ${count} ${what}` };
}

function strongestPlane(record: DataRecord, image: number, kept: number, cells: number): Plane | null {
  const maps = record.arrays["maps"]?.values ?? [];
  const lo = record.arrays["lo"]?.values;
  const hi = record.arrays["hi"]?.values;
  let best: { at: number; variance: number; low: number; level: number } | null = null;
  for (let i = 0; i < kept; i++) {
    const at = image * kept + i;
    const low = lo?.[at] ?? 0;
    const level = lo && hi ? ((hi[at] ?? 0) - low) / 255 : 1;
    const variance = varianceOf(maps, at * cells, cells) * level * level;
    if (!best || variance > best.variance) best = { at, variance, low, level };
  }
  if (!best) return null;
  const { at, low, level, variance } = best;
  const values = Float64Array.from({ length: cells }, (_, i) => low + (maps[at * cells + i] ?? 0) * level);
  return { channel: record.arrays["channels"]?.values[at % kept] ?? at % kept, values, variance };
}

/** Of the finite values; -1 where there are none. */
function varianceOf(values: ArrayLike<number>, start: number, count: number): number {
  let n = 0;
  let sum = 0;
  let squares = 0;
  const origin = values[start] ?? 0;
  const shift = Number.isFinite(origin) ? origin : 0;
  for (let i = start; i < start + count; i++) {
    const value = (values[i] ?? 0) - shift;
    if (!Number.isFinite(value)) continue;
    n++;
    sum += value;
    squares += value * value;
  }
  return n ? squares / n - (sum / n) ** 2 : -1;
}

function middleSlice(spatial: readonly number[]): { width: number; height: number; start: number } {
  const width = spatial.at(-1) ?? 1;
  const height = spatial.length > 1 ? (spatial.at(-2) ?? 1) : 1;
  const depth = spatial.length > 2 ? (spatial.at(-3) ?? 1) : 1;
  return { width, height, start: (depth >> 1) * width * height };
}

function coloured(values: Float64Array): Uint32Array {
  let lo = Infinity;
  let hi = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  const palette = paletteOf(viridis);
  return Uint32Array.from(values, (value) => colourPixel(value, lo, hi, palette));
}
