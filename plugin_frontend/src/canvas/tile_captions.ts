/** Room for what stands below tiles, so that the captions of neighbours do not run into each other. */
import type { GridLayout } from "./grid_layout.ts";

/** Pixels between two captions side by side. */
const BETWEEN = 8;

/** The width that a caption below a tile `width` pixels wide may take: less than the tile where the next one is near. */
export function captionRoom(layout: GridLayout, width: number): number {
  const { cell, cells, pitch } = layout.across;
  return width - Math.max(0, BETWEEN - (pitch - cell * cells));
}

/** The first of `texts` that fits beside `left` pixels that are taken; null: none does. */
export function besideCaption(
  texts: readonly string[],
  left: number,
  room: number,
  measure: (text: string) => number,
): string | null {
  return texts.find((text) => left + BETWEEN / 2 + measure(text) <= room) ?? null;
}
