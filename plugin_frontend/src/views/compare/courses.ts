import type { RunSummary } from "../../data/schema.ts";
import { bestIndex, betterOf, middleTarget, type Better } from "../../math/line_facts.ts";
import type { Align, Part } from "./compare_definition.ts";
import { settingsOf, type CompareData } from "./compare_data.ts";
import { factsOf, type Facts } from "./facts.ts";
import { lineOf, runLines, type Line, type RunLines } from "./lines.ts";
import { timeUnit, type Course } from "./places.ts";
import { BATCH_LOSS, metricWords } from "./rows.ts";
import { differingKeys, settingsInWords } from "./settings.ts";

/** What is compared, and along what. */
export interface Choice {
  readonly metric: string;
  readonly part: Part;
  readonly align: Align;
}

/** A run with its curves on the chosen axis. */
export interface RunCourse {
  readonly summary: RunSummary;
  readonly course: Course;
  readonly lines: RunLines;
}

/** All runs' curves, in one unit. */
export interface Courses {
  readonly choice: Choice;
  readonly runs: readonly RunCourse[];
  /** How many of the axis' own counts (steps, epochs, examples, seconds) one unit is, and its name. */
  readonly scale: number;
  readonly unit: string;
}

/** The names of all runs that are compared. */
export function namesOf({ runs }: Courses): readonly string[] {
  return runs.map(({ summary }) => summary.name);
}

const UNITS: Readonly<Record<Align, string>> = { step: "step", epoch: "epoch", examples: "examples", time: "" };

export function coursesOf(
  summaries: readonly RunSummary[],
  data: Pick<CompareData, "course">,
  choice: Choice,
): Courses {
  const { metric, part, align } = choice;
  const runs = summaries.map((summary): RunCourse => {
    const course = data.course(summary);
    return { summary, course, lines: runLines(summary.name, course, metric, part, align) };
  });
  if (align !== "time") return { choice, runs, scale: 1, unit: UNITS[align] };
  const longest = Math.max(0, ...runs.map(({ lines }) => lines.main?.x.at(-1) ?? 0));
  const [scale, unit] = timeUnit(longest);
  return { choice, runs: runs.map((run) => ({ ...run, lines: scaled(run.lines, scale) })), scale, unit };
}

function scaled({ main, second, problem }: RunLines, scale: number): RunLines {
  return { main: main && shrunk(main, scale), second: second && shrunk(second, scale), problem };
}

function shrunk(line: Line, scale: number): Line {
  return { ...line, x: line.x.map((x) => x / scale) };
}

/** The training curve that a validation curve of the same run is compared with: the metric's mean over each epoch. */
export function trainingBeside({ summary, course, lines }: RunCourse, { choice, scale }: Courses): Line | null {
  if (lines.main?.part !== "validation") return null;
  if (lines.second) return lines.second;
  const line = lineOf(summary.name, course, choice.metric, "train", choice.align);
  return line && typeof line !== "string" ? shrunk(line, scale) : null;
}

/** Which end of the metric is the good one. */
export function wantedEnd(better: "auto" | Better, metric: string): Better {
  return better === "auto" ? betterOf(metric) : better;
}

/** The target that a person chose, or one that about half of the runs reach. */
export function targetOf(chosen: number | null, { runs }: Courses, better: Better): number | null {
  if (chosen !== null) return chosen;
  const bests = runs.map(({ lines: { main } }) => main?.y[bestIndex(main.y, better)] ?? Number.NaN);
  return middleTarget(bests, better);
}

export function allFacts(
  courses: Courses,
  data: Pick<CompareData, "problem">,
  better: Better,
  target: number | null,
): Facts[] {
  const { choice, runs } = courses;
  const all = runs.map(({ summary }) => settingsOf(summary));
  const keys = differingKeys(all);
  return runs.map(({ summary, course, lines }, i) =>
    factsOf({
      run: summary.name,
      course,
      lines,
      metric: choice.metric,
      better,
      target,
      settings: settingsInWords(all[i]!, keys),
      cost: summary.cost,
      problem: problemOf(courses.runs[i]!, choice, data.problem(summary.name)),
    }),
  );
}

/** What is not as in other runs, in sentences. */
function problemOf({ summary, course, lines }: RunCourse, { metric, part, align }: Choice, failed: string): string {
  const said = failed ? [failed] : [];
  const isLoaded = course.epochs !== null || course.losses !== null || !summary.kinds.includes("epochs");
  if (lines.problem) said.push(`Not drawn by ${align}: ${lines.problem}.`);
  else if (!lines.main && !failed && isLoaded)
    said.push(`It logged no ${part === "validation" ? "validation " : ""}${metricWords(metric)}.`);
  if (lines.main && (course.epochs?.stepIs === "unknown" || course.epochs?.plain.has(metric)))
    said.push("Its steps are what the tool counted that wrote it.");
  if (metric === BATCH_LOSS && course.losses?.runningMean)
    said.push("Its loss is Keras' running mean over the epoch, not each batch's own.");
  if (lines.main && course.epochs?.sampled)
    said.push("TensorBoard keeps about 1,000 points of a curve; others may be missing.");
  return said.join(" ");
}

/** "val loss", "loss of each batch": of the line that counts. */
export function mainName({ metric, part }: Choice): string {
  return metric === BATCH_LOSS ? "batch loss" : `${part === "train" ? "train" : "val"} ${metricWords(metric)}`;
}
