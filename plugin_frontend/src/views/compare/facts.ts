import { betterOf, isBetter, type Better } from "../../math/line_facts.ts";
import type { Column } from "./compare_definition.ts";
import { bestPoint, lastPoint, meetingPoint, type Point, type RunLines } from "./lines.ts";
import type { Course } from "./places.ts";
import { validationName } from "./rows.ts";

/** A row of the table: what a run's curves say. Null: the run does not hold it. */
export interface Facts {
  readonly run: string;
  readonly settings: string;
  readonly best: Point | null;
  readonly final: Point | null;
  readonly reach: Point | null;
  /** The last validation accuracy; NaN where it was NaN. */
  readonly accuracy: number | null;
  /** The metric on training data at the end of the last epoch. */
  readonly train: number | null;
  /** Validation minus training at the end of the last epoch that has both. */
  readonly gap: number | null;
  /** Share of the time of training that logging took. */
  readonly cost: number | null;
  /** Why something is missing. */
  readonly problem: string;
}

export interface FactsOf {
  readonly run: string;
  readonly course: Course;
  readonly lines: RunLines;
  readonly metric: string;
  readonly better: Better;
  readonly target: number | null;
  readonly settings: string;
  readonly cost: number | null;
  readonly problem: string;
}

export function factsOf({ run, course, lines, metric, better, target, settings, cost, problem }: FactsOf): Facts {
  return {
    run,
    settings,
    cost,
    problem,
    best: bestPoint(lines.main, better),
    final: lastPoint(lines.main),
    reach: meetingPoint(lines.main, target, better),
    accuracy: lastOf(course, accuracyName(course)),
    train: lastOf(course, metric),
    gap: gapOf(course, metric),
  };
}

/** The name of a validation accuracy, the plain one first. */
export function accuracyName({ epochs }: Course): string | null {
  const names = [...(epochs?.columns.keys() ?? [])].filter(
    (name) => /^val_.*acc/.test(name) && betterOf(name) === "higher",
  );
  return names.find((name) => name === "val_accuracy") ?? names.sort()[0] ?? null;
}

function lastOf({ epochs }: Course, name: string | null): number | null {
  const values = name === null ? undefined : epochs?.columns.get(name);
  if (!epochs || name === null || !values) return null;
  for (let i = values.length - 1; i >= 0; i--) if (!epochs.missing.get(name)?.has(i)) return values[i]!;
  return null;
}

function gapOf({ epochs }: Course, metric: string): number | null {
  const name = validationName(metric);
  const [train, validation] = [epochs?.columns.get(metric), epochs?.columns.get(name)];
  if (!epochs || !train || !validation) return null;
  for (let i = train.length - 1; i >= 0; i--) {
    if (!epochs.missing.get(metric)?.has(i) && !epochs.missing.get(name)?.has(i)) return validation[i]! - train[i]!;
  }
  return null;
}

/** The number by which a column sorts; for the two of words, the words. */
export function keyOf(facts: Facts, column: Column): number | string | null {
  switch (column) {
    case "run":
      return facts.run;
    case "settings":
      return facts.settings;
    case "best":
      return facts.best?.y ?? null;
    case "at":
      return facts.best?.x ?? null;
    case "final":
      return facts.final?.y ?? null;
    case "reach":
      return facts.reach?.x ?? null;
    default:
      return facts[column];
  }
}

/** Columns whose good end depends on the metric: sorted best first unless turned round. */
const OF_METRIC: ReadonlySet<Column> = new Set(["best", "final", "train"]);

/** Rows in the order of a column; what is not there stands last, whichever way round, and equal ones keep their order. */
export function sortedFacts(rows: readonly Facts[], column: Column, descending: boolean, better: Better): Facts[] {
  const way: Better = column === "accuracy" || (OF_METRIC.has(column) && better === "higher") ? "higher" : "lower";
  const turned = descending ? (way === "lower" ? "higher" : "lower") : way;
  const order = (a: number | string, b: number | string): number => {
    if (typeof a === "string" || typeof b === "string")
      return (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0) * (descending ? -1 : 1);
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return isBetter(a, b, turned) ? -1 : isBetter(b, a, turned) ? 1 : 0;
  };
  return [...rows].sort((a, b) => {
    const [x, y] = [keyOf(a, column), keyOf(b, column)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return order(x, y);
  });
}

/** Whether the values of a column go up the page: what aria-sort calls ascending. */
export function isAscending(column: Column, descending: boolean, better: Better): boolean {
  const upwards = !(column === "accuracy" || (OF_METRIC.has(column) && better === "higher"));
  return upwards !== descending;
}
