import { blockName } from "../../state/blocks.ts";
import { spatialShape, times } from "../../state/shapes.ts";
import type { StripItem } from "./fold.ts";

const LONG = 11;
const TAIL = 6;

/** A name in two parts, of which the first may be cut: layers of a block differ at the end. */
export function headAndTail(name: string): readonly [head: string, tail: string] {
  const letters = Array.from(name);
  if (letters.length <= LONG) return [name, ""];
  return [letters.slice(0, -TAIL).join(""), letters.slice(-TAIL).join("")];
}

export function foldName(item: StripItem): string {
  return blockName(item.layers);
}

export function foldNote(item: StripItem): string {
  const shape = spatialShape(item.face);
  return shape.length ? times(shape) : item.face.type;
}
