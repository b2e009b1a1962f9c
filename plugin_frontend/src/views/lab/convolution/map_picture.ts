import { colourPixel, paletteOf } from "../../../math/colour.ts";
import type { ColourMap } from "../../../math/colour_maps.ts";
import type { Range } from "../../../math/ranges.ts";
import type { Picture } from "../../../parts/picture.ts";

export interface Colouring {
  readonly map: ColourMap;
  readonly range: Range;
}

const known = new WeakMap<ArrayLike<number>, { readonly key: string; readonly picture: Picture }>();

/** All cells as a picture, a pixel a cell; the same one as before for the same array in the same colours. */
export function wholePicture(values: ArrayLike<number>, columns: number, colouring: Colouring, words: string): Picture {
  const key = JSON.stringify([columns, colouring.map.name, colouring.range, words]);
  let found = known.get(values);
  if (found?.key !== key) known.set(values, (found = { key, picture: mapPicture(values, columns, colouring, words) }));
  return found.picture;
}

/** Cells as a picture, a pixel a cell. Cells from `shown` on, and those that are not `inside`, are left clear. */
export function mapPicture(
  values: ArrayLike<number>,
  columns: number,
  { map, range }: Colouring,
  words: string,
  { shown = values.length, inside = null }: { shown?: number; inside?: Uint8Array | null } = {},
): Picture {
  const palette = paletteOf(map);
  const pixels = new Uint32Array(values.length);
  const end = Math.min(shown, values.length);
  for (let i = 0; i < end; i++) {
    if (inside?.[i] !== 0) pixels[i] = colourPixel(values[i]!, range.lo, range.hi, palette);
  }
  return { width: columns, height: values.length / columns, pixels, words };
}
