/** The places of the probe images that excite one channel most. */

import { cellAt, cellAxes, cellCount, mapValues, type MapStack } from "./map_values";
import { span, type ReceptiveField } from "./receptive_field";

export interface Patch {
  image: number;
  cell: [number, number, number];
  value: number;
}

/** Whether the windows of two cells share more than half of their length on every axis. */
function near(field: ReceptiveField | null, a: readonly number[], b: readonly number[]): boolean {
  return a.every((index, axis) => {
    if (field === null) return index === b[axis];
    const [one, two] = [span(field, axis, index), span(field, axis, b[axis] ?? 0)];
    return Math.abs(one.start - two.start) * 2 < one.end - one.start;
  });
}

/**
 * Up to `count` cells with the largest values over all images, largest first. Cells of one image whose windows mostly
 * coincide count once. Values that are not above `floor`, and NaN, do not count.
 */
export function largestPatches(
  stack: MapStack,
  slot: number,
  field: ReceptiveField | null,
  count: number,
  floor: number,
): Patch[] {
  const cells = cellCount(stack);
  const all: { image: number; index: number; value: number }[] = [];
  for (let image = 0; image < stack.images; image++) {
    const values = mapValues(stack, image, slot);
    for (let index = 0; index < cells; index++) {
      const value = values[index] ?? NaN;
      if (value > floor) all.push({ image, index, value });
    }
  }
  all.sort((a, b) => b.value - a.value || a.image - b.image || a.index - b.index);
  const chosen: Patch[] = [];
  for (const { image, index, value } of all) {
    const cell = cellAt(stack, index);
    const axes = cellAxes(stack, cell);
    if (chosen.some((other) => other.image === image && near(field, axes, cellAxes(stack, other.cell)))) continue;
    chosen.push({ image, cell, value });
    if (chosen.length === count) break;
  }
  return chosen;
}
