/** The places of the probe images that excite one channel most. */

import { cellAt, cellAxes, cellCount, mapValues, type MapStack } from "./map_values.ts";
import { span, type ReceptiveField } from "./receptive_field.ts";

export interface Patch {
  image: number;
  cell: [number, number, number];
  value: number;
}

/** Whether the windows of two cells share anything. */
function overlap(field: ReceptiveField | null, a: readonly number[], b: readonly number[]): boolean {
  return a.every((index, axis) => {
    if (field === null) return index === b[axis];
    const [one, two] = [span(field, axis, index), span(field, axis, b[axis] ?? 0)];
    return one.start < two.end && two.start < one.end;
  });
}

/**
 * Up to `count` cells with the largest values, largest first: of each image one, of few images more, but none whose
 * windows overlap. Values that are not above `floor`, and NaN, do not count.
 */
export function largestPatches(
  stack: MapStack,
  slot: number,
  field: ReceptiveField | null,
  count: number,
  floor: number,
): Patch[] {
  const maps = Array.from({ length: stack.images }, (_, image) => mapValues(stack, image, slot));
  const each = Math.ceil(count / Math.max(1, stack.images));
  const chosen: Patch[] = [];
  while (chosen.length < count) {
    const next = largestOutside(stack, maps, field, chosen, floor, each);
    if (next === null) break;
    chosen.push(next);
  }
  return chosen;
}

function largestOutside(
  stack: MapStack,
  maps: readonly Float32Array[],
  field: ReceptiveField | null,
  chosen: readonly Patch[],
  floor: number,
  each: number,
): Patch | null {
  const cells = cellCount(stack);
  let best: Patch | null = null;
  for (const [image, values] of maps.entries()) {
    const taken = chosen.filter((patch) => patch.image === image).map((patch) => cellAxes(stack, patch.cell));
    for (let index = 0; index < cells && taken.length < each; index++) {
      const value = values[index] ?? NaN;
      if (!(value > (best?.value ?? floor))) continue;
      const cell = cellAt(stack, index);
      const axes = cellAxes(stack, cell);
      if (taken.every((other) => !overlap(field, axes, other))) best = { image, cell, value };
    }
  }
  return best;
}
