/** Which part of the image one cell of a map can depend on. The numbers come from the model record. */

import type { ReceptiveField } from "../data/schema.ts";

export type { ReceptiveField };

/** Half-open range of positions on one axis; `start` may lie left of the image where padding reaches over the edge. */
export interface Span {
  start: number;
  end: number;
}

/** Positions that the cell at `index` sees on axis `axis`, before clipping. */
export function span(field: ReceptiveField, axis: number, index: number): Span {
  const start = (field.offset[axis] ?? 0) + index * (field.stride[axis] ?? 1);
  return { start, end: start + (field.size[axis] ?? 1) };
}

/** The part of `whole` that lies inside an axis of `length` positions; empty (start = end) where nothing does. */
export function clip(whole: Span, length: number): Span {
  const start = Math.min(Math.max(whole.start, 0), length);
  return { start, end: Math.max(start, Math.min(whole.end, length)) };
}

/** One clipped span per image axis for the cell, or the whole image for a map that has no spatial axes. */
export function window(field: ReceptiveField | null, cell: readonly number[], image: readonly number[]): Span[] | null {
  if (cell.length === 0) return image.map((length) => ({ start: 0, end: length }));
  if (field === null || field.size.length !== cell.length || cell.length !== image.length) return null;
  return image.map((length, axis) => clip(span(field, axis, cell[axis] ?? 0), length));
}

/** How much of each side was cut off at the edge of the image: true where the cell also sees padding. */
export function reachesOver(field: ReceptiveField, cell: readonly number[], image: readonly number[]): boolean {
  return image.some((length, axis) => {
    const whole = span(field, axis, cell[axis] ?? 0);
    return whole.start < 0 || whole.end > length;
  });
}

/** "16×16", the extent of spans. */
export function extent(spans: readonly Span[]): string {
  return spans.map((one) => String(one.end - one.start)).join("×");
}

/** A part of a picture, in its pixels. */
export interface PixelRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The part of a picture that one cell sees, and the words for it; null where that is not known. */
export interface Sight {
  readonly mark: PixelRect | null;
  readonly words: string;
}

/** What the cell sees of a picture; `cell` has an index a spatial axis of the map, none where the map has none. */
export function sightOn(
  field: ReceptiveField | null,
  cell: readonly number[],
  picture: { readonly width: number; readonly height: number },
): Sight {
  const image = cell.length === 1 ? [picture.width] : [picture.height, picture.width];
  const spans = window(field, cell, image);
  if (!spans) return { mark: null, words: "" };
  const columns = spans.at(-1) as Span;
  const rows = spans.at(-2) ?? { start: 0, end: picture.height };
  const mark = { x: columns.start, y: rows.start, width: columns.end - columns.start, height: rows.end - rows.start };
  if (mark.width >= picture.width && mark.height >= picture.height) return { mark, words: "sees the whole image" };
  const cut = field && cell.length > 0 && reachesOver(field, cell, image) ? " and padding" : "";
  return { mark, words: `sees ${extent(spans)} px${cut}` };
}
