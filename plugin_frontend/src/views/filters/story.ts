/** A filter's biography: what became of it at each logged step. */
import { cosine, norm } from "../../math/vectors.ts";
import { filterValues, type Kernels } from "./kernels.ts";

/** A filter counts as settled while its cosine to the shown step stays above this. */
export const SETTLED_ABOVE = 0.95;

export interface Story {
  readonly steps: readonly number[];
  readonly norms: readonly number[];
  /** By step, whether the filter is practically dead there. */
  readonly dead: readonly boolean[];
  /** The first of the last logged steps in a row at which it is so; null: it lives at the last one. */
  readonly deadFrom: number | null;
  /** Cosine to the filter at the first logged step, and at the shown one; NaN where either is practically dead. */
  readonly toFirst: readonly number[];
  readonly toShown: readonly number[];
  /** The first logged step from which on, up to the last, `toShown` stays above `SETTLED_ABOVE`; null: none before it. */
  readonly settledFrom: number | null;
}

/** `history`: the layer at its logged steps, ascending; `shown`: the index of the shown step in it. */
export function storyOf(history: readonly Kernels[], filter: number, shown: number): Story {
  const weights = history.map((kernels) => filterValues(kernels, filter));
  const steps = history.map(({ step }) => step);
  const dead = history.map((kernels) => kernels.dead[filter] === 1);
  // What is left of a dead filter is rounding: it points nowhere.
  const cosinesTo = (to: number): number[] =>
    weights.map((w, i) => (dead[i] || dead[to] ? NaN : cosine(w, weights[to]!)));
  const toShown = cosinesTo(shown);
  return {
    steps,
    norms: history.map((kernels, i) => kernels.norms[filter] ?? norm(weights[i]!)),
    dead,
    deadFrom: steps[dead.lastIndexOf(false) + 1] ?? null,
    toFirst: cosinesTo(0),
    toShown,
    settledFrom: settledFrom(steps, toShown),
  };
}

export function settledFrom(steps: readonly number[], toShown: readonly number[]): number | null {
  let from = steps.length;
  while (from > 0 && toShown[from - 1]! > SETTLED_ABOVE) from--;
  // The last step alone says nothing: it is near itself.
  return from < steps.length - 1 ? steps[from]! : null;
}

/**
 * Which of a layer's logged steps to load when all of them take too much: the first, the last, the shown one, and as
 * many evenly spaced ones as `room` allows. Ascending.
 */
export function thinSteps(steps: readonly number[], shown: number, room: number): readonly number[] {
  if (steps.length <= room) return steps;
  const kept = new Set([steps[0]!, steps[steps.length - 1]!]);
  if (steps.includes(shown)) kept.add(shown);
  const places = Math.max(2, room - 1);
  for (let i = 0; i < places && kept.size < room; i++) {
    kept.add(steps[Math.round((i * (steps.length - 1)) / (places - 1))]!);
  }
  return [...kept].sort((a, b) => a - b);
}
