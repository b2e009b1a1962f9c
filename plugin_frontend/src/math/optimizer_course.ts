/** The course of one weight under an optimizer, from the gradients that a run recorded. */
import { startOf, updated, type Moment, type Optimizer, type Values } from "./optimizers.ts";

/** What a run recorded of one weight, at ascending steps. */
export interface Recorded {
  readonly steps: Float64Array;
  /** As it is applied: after clipping. */
  readonly gradients: Float64Array;
  /** Before the update of its step. */
  readonly values: Float64Array;
  /** The change that was applied. */
  readonly updates: Float64Array;
}

export interface Course {
  /** Before the update of each recorded step, and behind the last update; NaN beyond MOST_UPDATES. */
  readonly values: Float64Array;
  /** The update of each recorded step, and the state before it. */
  readonly moments: readonly Moment[];
  readonly before: readonly Values[];
  readonly after: readonly Values[];
  /** The weight after the update of each recorded step. */
  readonly next: readonly number[];
}

/** Updates that are computed: a log may say that steps lie 2^53 apart. */
export const MOST_UPDATES = 100_000;

/** How many of the recorded steps come one after the other from step 0 on: until then nothing has to be estimated. */
export function exactSteps(steps: ArrayLike<number>): number {
  let count = 0;
  while (count < steps.length && steps[count] === count) count++;
  return count;
}

/**
 * Between two recorded steps the earlier one's gradient is taken again at each step.
 *
 * `rateAt`: the learning rate of a step.
 */
export function courseOf(
  optimizer: Optimizer,
  settings: Values,
  { steps, gradients, values }: Recorded,
  rateAt: (step: number) => number,
): Course {
  const out = new Float64Array(steps.length + 1).fill(NaN);
  const [moments, before, after, next]: [Moment[], Values[], Values[], number[]] = [[], [], [], []];
  let state = startOf(optimizer, settings);
  let w = values[0] ?? NaN;
  let left = MOST_UPDATES;
  for (let i = 0; i < steps.length && left > 0; i++) {
    const step = steps[i]!;
    const until = Math.min(steps[i + 1] ?? step + 1, step + left);
    left -= until - step;
    out[i] = w;
    before.push(state);
    for (let at = step; at < until; at++) {
      const moment = { g: gradients[i]!, w, rate: rateAt(at), t: at + 1, settings };
      const applied = updated(optimizer, moment, state);
      if (at === step) {
        moments.push(moment);
        after.push(applied.state);
        next.push(applied.w);
      }
      ({ w, state } = applied);
    }
    if (until === (steps[i + 1] ?? step + 1)) out[i + 1] = w;
  }
  return { values: out, moments, before, after, next };
}

export interface Agreement {
  /** The largest deviation from the log on the updates compared, and behind which; NaN where one is NaN. */
  readonly deviation: number;
  readonly at: number;
  readonly compared: number;
  /** The first update behind which it is more than rounding in float32; null: none. */
  readonly differsFrom: number | null;
}

/** A course beside the log, behind each of the first `exact` recorded updates. Null where there are none. */
export function agreementOf({ next }: Course, { values, updates }: Recorded, exact: number): Agreement | null {
  if (exact === 0) return null;
  let [deviation, at, size] = [0, 0, 0];
  let differsFrom: number | null = null;
  for (let i = 0; i < exact; i++) {
    const logged = i + 1 < exact ? values[i + 1]! : Math.fround(values[i]! + updates[i]!);
    const own = next[i] ?? NaN;
    size = Math.max(size, Math.abs(logged) || 0, Math.abs(updates[i]!) || 0);
    const off = Object.is(own, logged) || own === logged ? 0 : Math.abs(own - logged);
    if (off > deviation || (Number.isNaN(off) && !Number.isNaN(deviation))) [deviation, at] = [off, i];
    if (!(off <= ROUNDING * size) && differsFrom === null) differsFrom = i;
  }
  return { deviation, at, compared: exact, differsFrom };
}

/** A few roundings an update that do not cancel: 32 times 2^-23. */
const ROUNDING = 4e-6;

/** The weight behind the first `count` recorded updates. */
export function loggedAfter({ values, updates }: Recorded, count: number): number {
  const next = values[count];
  return next ?? Math.fround((values[count - 1] ?? NaN) + (updates[count - 1] ?? NaN));
}
