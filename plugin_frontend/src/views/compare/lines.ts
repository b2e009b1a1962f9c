import { bestIndex, firstMeeting, type Better } from "../../math/line_facts.ts";
import type { Align, Part } from "./compare_definition.ts";
import { placingOf, type Course } from "./places.ts";
import { BATCH_LOSS, validationName, type Rows } from "./rows.ts";

/** A metric of one run, on training or validation data, along the axis. */
export interface Line {
  readonly run: string;
  readonly part: "train" | "validation";
  /** Places on the axis, ascending. */
  readonly x: Float64Array;
  /** As logged: NaN and Inf are among them. */
  readonly y: Float64Array;
}

/** The curve of a metric on one part of the data; null where the run has none, a text where it has no place on the axis. */
export function lineOf(
  run: string,
  course: Course,
  metric: string,
  part: Line["part"],
  align: Align,
): Line | string | null {
  const [rows, name] = columnOf(course, metric, part);
  const values = rows?.columns.get(name);
  const place = placingOf(align, course, rows);
  if (rows && values && typeof place === "string") return place;
  return rows && values && typeof place !== "string"
    ? placed({ run, part, rows, values, missing: rows.missing.get(name) }, place)
    : null;
}

function columnOf({ epochs, losses }: Course, metric: string, part: Line["part"]): readonly [Rows | null, string] {
  if (metric === BATCH_LOSS) return [part === "train" ? losses : null, "loss"];
  return [epochs, part === "validation" ? validationName(metric) : metric];
}

interface Unplaced {
  readonly run: string;
  readonly part: Line["part"];
  readonly rows: Rows;
  readonly values: Float64Array;
  readonly missing: ReadonlySet<number> | undefined;
}

/** The rows that have a place, and whose record held the metric. */
function placed({ run, part, rows, values, missing }: Unplaced, place: (step: number) => number): Line {
  const kept: [number, number][] = [];
  for (const [i, step] of rows.steps.entries()) {
    const x = place(step);
    if (Number.isFinite(x) && !missing?.has(i)) kept.push([x, values[i]!]);
  }
  return { run, part, x: Float64Array.from(kept, ([x]) => x), y: Float64Array.from(kept, ([, y]) => y) };
}

/** What is drawn of a run: the line that counts, and a second one beside it; or why there is none. */
export interface RunLines {
  readonly main: Line | null;
  readonly second: Line | null;
  readonly problem: string;
}

export function runLines(run: string, course: Course, metric: string, part: Part, align: Align): RunLines {
  const wanted = part === "both" ? (["validation", "train"] as const) : ([part] as const);
  const found = wanted.map((each) => lineOf(run, course, metric, each, align));
  const [main = null, second = null] = found.filter((line): line is Line => line !== null && typeof line !== "string");
  const problem = found.find((line) => typeof line === "string") ?? "";
  return { main, second, problem };
}

/** A point of a line. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export function bestPoint(line: Line | null, better: Better): Point | null {
  return line && pointAt(line, bestIndex(line.y, better));
}

export function meetingPoint(line: Line | null, target: number | null, better: Better): Point | null {
  return line && target !== null ? pointAt(line, firstMeeting(line.y, target, better)) : null;
}

export function lastPoint(line: Line | null): Point | null {
  return line && pointAt(line, line.x.length - 1);
}

function pointAt({ x, y }: Line, index: number): Point | null {
  return index < 0 || index >= x.length ? null : { x: x[index]!, y: y[index]! };
}
