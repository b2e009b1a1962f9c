/** The probe image, and of a mask its labels and what is predicted, as pictures inside an SVG. */
import type { DataRecord } from "../../../data/binary.ts";
import { colourPixel, paletteOf } from "../../../math/colour.ts";
import { viridis } from "../../../math/colour_maps.ts";
import type { Picture } from "../../../parts/picture.ts";
import { imageOf } from "../../../parts/probe_image.ts";
import type { DrawnPicture } from "./loss_svg.ts";
import type { LossShown } from "./loss_view_model.ts";

export function lossPictures(shown: LossShown, probe: DataRecord, isSignal: boolean): DrawnPicture[] {
  const image = imageOf(probe, shown.image, isSignal);
  const drawn = image ? [drawnOf(image)] : [];
  const { source, p, focus } = shown;
  const [rows = 0, columns = 0] = source.spatial;
  if (source.spatial.length !== 2) return drawn;
  const { y } = source.examples[shown.image]!;
  const k = source.classes > 1 ? focus.index : 0;
  const mask = (values: Float64Array, words: string): DrawnPicture =>
    drawnOf({
      width: columns,
      height: rows,
      pixels: Uint32Array.from({ length: rows * columns }, (_, i) =>
        colourPixel(values[i * source.classes + k]!, 0, 1, palette),
      ),
      words,
    });
  const palette = paletteOf(viridis);
  return [...drawn.map((each) => ({ ...each, words: "image" })), mask(y, "label, 0 to 1"), mask(p, "p, 0 to 1")];
}

const made = new WeakMap<Picture, DrawnPicture>();

function drawnOf(picture: Picture): DrawnPicture {
  let drawn = made.get(picture);
  if (drawn) return drawn;
  const { width, height, pixels, words } = picture;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const bytes = new Uint8ClampedArray(pixels.buffer as ArrayBuffer, pixels.byteOffset, pixels.byteLength);
  canvas.getContext("2d")?.putImageData(new ImageData(bytes, width, height), 0, 0);
  drawn = { href: canvas.toDataURL(), width, height, words };
  made.set(picture, drawn);
  return drawn;
}
