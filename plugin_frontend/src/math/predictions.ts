/** What the network says about a probe image, and what the numbers of its last layer are. */

import type { NumberArray } from "./map_values.ts";

/**
 * probability: the outputs are shares already. softmax, sigmoid: outputs are logits, and the share is computed here.
 * raw: it cannot be told what they are.
 */
export type Meaning = "probability" | "softmax" | "sigmoid" | "raw";

export interface Prediction {
  meaning: Meaning;
  /** The class with the largest output; for a single output, class 1 where the share reaches a half. */
  top: number;
  /** Share of the top class, null where the outputs are raw. */
  share: number | null;
  /** The output of the top class as the network gave it. */
  raw: number;
}

const SUM_TOLERANCE = 1e-3;

function row(outputs: NumberArray, image: number): number[] {
  const width = outputs.shape[1] ?? 1;
  return Array.from({ length: width }, (_, i) => outputs.data[image * width + i] ?? NaN);
}

/** Judged over all images: rows that are not finite do not count, and without finite rows the activation decides. */
export function meaningOf(outputs: NumberArray, activation: string | null, loss: string | null): Meaning {
  const width = outputs.shape[1] ?? 1;
  const rows = Array.from({ length: outputs.shape[0] ?? 0 }, (_, image) => row(outputs, image));
  const finite = rows.filter((values) => values.every(Number.isFinite));
  const shares = finite.every((values) => {
    const sum = values.reduce((a, b) => a + b, 0);
    return values.every((v) => v >= 0 && v <= 1 + SUM_TOLERANCE) && (width === 1 || Math.abs(sum - 1) < SUM_TOLERANCE);
  });
  const squashing = width === 1 ? "sigmoid" : "softmax";
  if (finite.length === 0) return activation === squashing ? "probability" : "raw";
  // A single output between 0 and 1 may be any number: only its activation makes it a share.
  if (shares && (width > 1 || activation === "sigmoid")) return "probability";
  const wanted = width === 1 ? /binary_?(focal_?)?crossentropy/i : /categorical_?(focal_?)?crossentropy/i;
  const linear = activation === null || activation === "linear";
  return linear && loss !== null && wanted.test(loss) ? squashing : "raw";
}

/** Null where outputs are not one row of classes an image. */
export function predictionOf(outputs: NumberArray, image: number, meaning: Meaning): Prediction | null {
  if (outputs.shape.length > 2 || outputs.shape.length === 0 || image >= (outputs.shape[0] ?? 0)) return null;
  const values = row(outputs, image);
  if (values.length === 0) return null;
  if (values.length === 1) return single(values[0] ?? NaN, meaning);
  let top = 0;
  for (const [i, value] of values.entries()) if (value > (values[top] ?? NaN) || Number.isNaN(values[top])) top = i;
  const raw = values[top] ?? NaN;
  const share = meaning === "raw" ? null : meaning === "softmax" ? softmaxOfTop(values, raw) : raw;
  return { meaning, top, raw, share };
}

function single(raw: number, meaning: Meaning): Prediction {
  if (meaning === "raw") return { meaning, top: 0, raw, share: null };
  const one = meaning === "sigmoid" ? 1 / (1 + Math.exp(-raw)) : raw;
  const top = one >= 0.5 ? 1 : 0;
  return { meaning, top, raw, share: top === 1 ? one : 1 - one };
}

function softmaxOfTop(values: readonly number[], largest: number): number {
  return 1 / values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
}

/** The true class of an image from integer labels [images] or [images, 1], or one-hot rows; null where it is neither. */
export function labelOf(labels: NumberArray, image: number): number | null {
  if (image >= (labels.shape[0] ?? 0) || labels.shape.length > 2) return null;
  const values = row(labels, image);
  if (values.length === 1) {
    const label = values[0] ?? NaN;
    return Number.isInteger(label) && label >= 0 ? label : null;
  }
  const ones = values.filter((value) => value === 1).length;
  return ones === 1 && values.every((value) => value === 0 || value === 1) ? values.indexOf(1) : null;
}
