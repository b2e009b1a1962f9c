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

/** What most of the folded layers' names begin with ("conv4" of conv4_block1_1_conv …), else first to last. */
export function foldName(item: StripItem): string {
  const names = item.layers.map((layer) => layer.name);
  const counts = new Map<string, number>();
  for (const name of names) {
    const word = name.split(/[_\-./\s]/)[0] ?? "";
    if (word !== "" && word !== name) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1])[0];
  if (most && most[1] >= 0.6 * names.length) return most[0];
  return `${names[0]} … ${names.at(-1)}`;
}

export function foldNote(item: StripItem): string {
  const shape = spatialShape(item.face);
  return shape.length ? times(shape) : item.face.type;
}
