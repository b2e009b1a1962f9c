import type { LayerRecord } from "../../data/schema.ts";
import { cellAxes, cellIndex, mapValues, slotOf, valueError } from "../../math/map_values.ts";
import { extent, reachesOver, window, type Span } from "../../math/receptive_field.ts";
import type { LayerMaps } from "./layer_maps.ts";
import type { Mark } from "./map_painter.ts";

export type CellPlace = readonly [slice: number, row: number, column: number];

/** One cell of one map: what the pointer, the keyboard, or, when both rest, the strongest response points at. */
export interface Focus {
  readonly layer: LayerRecord;
  readonly maps: LayerMaps;
  readonly channel: number;
  readonly cell: CellPlace;
}

/** Null where the map was not kept. */
export function valueAt(focus: Focus, image: number): { value: number; error: number } | null {
  const { stack } = focus.maps;
  const slot = slotOf(stack, focus.channel);
  if (slot < 0 || image >= stack.images) return null;
  const value = mapValues(stack, image, slot)[cellIndex(stack, focus.cell)];
  return value === undefined ? null : { value, error: valueError(stack, image, slot) };
}

/** The part of the picture that a cell sees, in the picture's pixels, and the words for it. */
export interface Sight {
  readonly mark: Mark | null;
  readonly words: string;
}

export function sightOf(focus: Focus, picture: { width: number; height: number } | null): Sight {
  const { stack } = focus.maps;
  const axes = cellAxes(stack, focus.cell);
  if (!picture) return { mark: null, words: "" };
  const image = axes.length === 1 ? [picture.width] : [picture.height, picture.width];
  const field = focus.layer.receptive_field;
  const spans = window(field, axes, image);
  if (!spans) return { mark: null, words: "" };
  const columns = spans.at(-1) as Span;
  const rows = spans.at(-2) ?? { start: 0, end: picture.height };
  const mark = {
    x: columns.start, y: rows.start, width: columns.end - columns.start, height: rows.end - rows.start,
  };
  if (mark.width >= picture.width && mark.height >= picture.height) return { mark, words: "sees the whole image" };
  const cut = field && axes.length > 0 && reachesOver(field, axes, image) ? " and padding" : "";
  return { mark, words: `sees ${extent(spans)} px${cut}` };
}
