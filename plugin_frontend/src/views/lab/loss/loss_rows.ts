/** What of a prediction can be moved: each class, or of a mask the pixels of each label together. */
import type { Example } from "../../../math/losses.ts";
import type { LossSource } from "./loss_source.ts";

export interface RowGroup {
  readonly label: string;
  /** Places in z and y. */
  readonly entries: readonly number[];
}

/** One prediction has many places: pixels of a mask, or steps of a sequence. */
export const hasPlaces = ({ spatial }: Pick<LossSource, "spatial">): boolean => spatial.length > 0;

export const placeWord = ({ spatial }: Pick<LossSource, "spatial">): string =>
  spatial.length > 1 ? "pixel" : "position";

export function rowGroups(source: LossSource, { y }: Example, names: readonly string[]): RowGroup[] {
  const { classes, head } = source;
  const nameOf = (k: number): string => names[k] ?? `class ${k}`;
  if (!hasPlaces(source)) {
    const plain = (k: number): string => (head === "linear" ? (classes > 1 ? `output ${k}` : "output") : nameOf(k));
    const label = classes > 1 ? plain : () => (head === "linear" ? "output" : (names[1] ?? "class 1"));
    return Array.from({ length: classes }, (_, k) => ({ label: label(k), entries: [k] }));
  }
  const words = `${placeWord(source)}s`;
  const labels = classes > 1 ? Array.from({ length: classes }, (_, k) => k) : [1, 0];
  return labels.map((label) => {
    const entries: number[] = [];
    for (let i = 0; i < y.length; i++) {
      const belongs = classes > 1 ? i % classes === label && y[i]! >= 0.5 : y[i]! >= 0.5 === (label === 1);
      if (belongs) entries.push(i);
    }
    return { label: classes > 1 ? `${words} of ${nameOf(label)}` : `${words} labelled ${label}`, entries };
  });
}

export function meanOf(values: ArrayLike<number>, entries: readonly number[]): number {
  return entries.reduce((sum, i) => sum + values[i]!, 0) / entries.length;
}

export function sumOf(values: ArrayLike<number>, entries: readonly number[]): number {
  return entries.reduce((sum, i) => sum + values[i]!, 0);
}

/** The example with a row's mean logit at `to`: all its entries move alike. */
export function withRowAt(z: Float64Array, { entries }: RowGroup, to: number): Float64Array {
  const moved = Float64Array.from(z);
  const from = meanOf(z, entries);
  for (const i of entries) moved[i] = Number.isFinite(from) ? z[i]! + to - from : to;
  return moved;
}

/** Keeps every k-th place with all its classes; k is the least that leaves at most `most` numbers. */
export function thinned(example: Example, z: Float64Array, most: number): { example: Example; every: number } {
  const { classes, y } = example;
  const every = Math.ceil(z.length / Math.max(most, classes));
  if (every <= 1) return { example: { ...example, z }, every: 1 };
  const isKept = (_: number, i: number): boolean => Math.floor(i / classes) % every === 0;
  return { example: { z: z.filter(isKept), y: y.filter(isKept), classes }, every };
}
