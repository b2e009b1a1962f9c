import type { DataRecord } from "../data/binary.ts";
import type { LayerRecord } from "../data/schema.ts";
import type { Picture } from "./picture.ts";
import { pictureOf } from "./record_pictures.ts";

/** Whether the network reads signals: its convolutions slide along one axis. */
export function isSignal(layers: readonly LayerRecord[]): boolean {
  return layers.some((layer) => layer.role === "convolution" && layer.kernel_size?.length === 1);
}

const turned = new WeakMap<Picture, Picture>();

/** A probe image. A signal is logged position by position downwards; here it runs to the right, as its maps do. */
export function imageOf(probe: DataRecord, image: number, signal: boolean): Picture | null {
  const picture = pictureOf(probe, image);
  if (!picture || !signal) return picture;
  let across = turned.get(picture);
  if (!across) turned.set(picture, (across = transpose(picture)));
  return across;
}

function transpose({ width, height, pixels, words }: Picture): Picture {
  const swapped = new Uint32Array(pixels.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) swapped[x * height + y] = pixels[y * width + x] ?? 0;
  return { width: height, height: width, pixels: swapped, words };
}
