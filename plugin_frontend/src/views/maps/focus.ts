import type { LayerRecord } from "../../data/schema.ts";
import { cellAxes, cellIndex, mapValues, slotOf, valueError } from "../../math/map_values.ts";
import { sightOn, type Sight } from "../../math/receptive_field.ts";
import type { LayerMaps } from "./layer_maps.ts";

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

/** The part of the picture that the cell sees, in the picture's pixels, and the words for it. */
export function sightOf(focus: Focus, picture: { width: number; height: number } | null): Sight {
  if (!picture) return { mark: null, words: "" };
  return sightOn(focus.layer.receptive_field, cellAxes(focus.maps.stack, focus.cell), picture);
}
