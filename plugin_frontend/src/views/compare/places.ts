import { piecewiseLinearOf, valueAt } from "../../math/piecewise_linear.ts";
import { formatPlain } from "../../math/plain_number.ts";
import type { Align } from "./compare_definition.ts";
import type { Rows } from "./rows.ts";

/** What is known of a run's course. `start`: when it began, seconds since the epoch. */
export interface Course {
  readonly epochs: Rows | null;
  readonly losses: Rows | null;
  readonly start: number;
}

/** Where a step of a run stands on the axis; a text says why it has no place there. */
export type Placing = ((step: number) => number) | string;

/**
 * A step is a count of updates: 0 of them are 0 epochs, 0 examples and 0 seconds. The epochs record at step s says that
 * its epoch is finished there; the losses row of step s that its batch has been seen at s + 1. Between, places are straight.
 *
 * rows: whose steps are placed. In logs of other tools those of epochs and of batches count different things; Keras' epochs
 * have a place among updates where their validation said how many there were.
 */
export function placingOf(align: Align, course: Course, rows: Rows | null): Placing {
  const counts = rows?.stepIs ?? "update";
  const updates = counts === "epoch" && align === "step" ? rows?.columns.get("updates") : undefined;
  if (counts === "epoch" && !updates && (align === "step" || align === "examples")) {
    return `its log counts epochs, and does not say how many ${align === "step" ? "steps" : "examples"} one has`;
  }
  if (align === "step" && !updates) return (step) => step;
  const [from, to] =
    counts === "update" && align !== "step" ? PLACES[align](course) : foreign(align, rows!, course.start);
  const knots = piecewiseLinearOf(from, to);
  if (knots.from.length < (counts === "update" ? 2 : 1)) return `its log does not say ${UNIT[align]}`;
  return (step) => valueAt(knots, step);
}

const UNIT: Readonly<Record<Align, string>> = {
  step: "what its steps are",
  epoch: "where its epochs end",
  examples: "how many examples it has seen",
  time: "when its steps were",
};

type Pairs = readonly [from: number[], to: number[]];

const PLACES: Readonly<Record<Exclude<Align, "step">, (course: Course) => Pairs>> = {
  epoch: ({ epochs }) => byEpoch(epochs),
  examples: ({ losses }) => byColumn(losses, "examples", 0, losses?.steps[0] === 0),
  time: byTime,
};

/** Of rows that count something else only what stands in themselves is known. */
function foreign(align: Align, rows: Rows, start: number): Pairs {
  const steps = [...rows.steps];
  if (align === "step") return [steps, [...(rows.columns.get("updates") ?? [])]];
  if (align === "time") return [steps, Array.from(rows.columns.get("wall_time") ?? [], (time) => time - start)];
  return align === "epoch" && rows.stepIs === "epoch" ? [steps, steps.map((step) => step + 1)] : [[], []];
}

function byEpoch(epochs: Rows | null): Pairs {
  const counts = epochs?.columns.get("epoch");
  if (!epochs || !counts) return [[], []];
  const finished = Array.from(counts, (epoch) => epoch + 1);
  return finished[0] === 1
    ? [
        [0, ...epochs.steps],
        [0, ...finished],
      ]
    : [[...epochs.steps], finished];
}

function byColumn(losses: Rows | null, name: string, start: number, fromStart: boolean): Pairs {
  const column = losses?.columns.get(name);
  if (!losses || !column) return [[], []];
  const [from, to] = [Array.from(losses.steps, (step) => step + 1), Array.from(column, (value) => value - start)];
  return fromStart
    ? [
        [0, ...from],
        [0, ...to],
      ]
    : [from, to];
}

/** Of an epoch's end the epochs record knows best: it came after the validation. */
function byTime({ epochs, losses, start }: Course): Pairs {
  const [steps, ends] = byColumn(losses, "wall_time", start, false);
  const times = new Map([[0, 0], ...steps.map((step, i): [number, number] => [step, ends[i]!])] as [number, number][]);
  const walls = epochs?.columns.get("wall_time");
  for (const [i, step] of (epochs?.steps ?? []).entries()) if (walls) times.set(step, walls[i]! - start);
  const sorted = [...times].filter(([, time]) => Number.isFinite(time)).sort((a, b) => a[0] - b[0]);
  return [sorted.map(([step]) => step), sorted.map(([, time]) => time)];
}

/** Seconds of one unit of a time axis that is so long, and its name. */
export function timeUnit(seconds: number): readonly [seconds: number, name: string] {
  if (seconds < 2) return [0.001, "milliseconds"];
  return seconds < 180 ? [1, "seconds"] : seconds < 3 * 3600 ? [60, "minutes"] : [3600, "hours"];
}

/** "step 350", "4,000 examples", "2.5 minutes". */
export function placeInWords(unit: string, x: number): string {
  const number = formatPlain(x, 7);
  return unit === "step" || unit === "epoch" ? `${unit} ${number}` : `${number} ${unit}`;
}
