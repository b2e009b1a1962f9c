import { formatCount } from "../../math/format.ts";
import { bestIndex, isBetter, type Better } from "../../math/line_facts.ts";
import type { ValueAxis } from "../../math/value_axis.ts";
import { runStyle } from "../../state/run_style.ts";
import { timeAxis, type TimeAxis } from "../../state/time_axis.ts";
import { acrossOf, type Across } from "./across.ts";
import { chartLine, goingOn, oddPoints, valuesOf, type Chart, type ChartLine } from "./chart.ts";
import { endLabels } from "./chart_svg.ts";
import { DRAWN } from "./compare_data.ts";
import { mainName, trainingBeside, type Courses, type RunCourse } from "./courses.ts";
import type { Facts } from "./facts.ts";
import { placeInWords, placingOf } from "./places.ts";
import type { Zoom } from "./own_fields.ts";

/** The axes of the chart. */
export interface Axes {
  readonly axis: TimeAxis;
  readonly across: Across;
  readonly values: ValueAxis;
}

export interface SceneOf {
  readonly courses: Courses;
  readonly facts: readonly Facts[];
  readonly better: Better;
  readonly target: number | null;
  readonly runA: string;
  readonly runB: string | null;
  readonly axis: "log" | "linear";
  /** The step that is shown. */
  readonly step: number | null;
}

/** The runs that are drawn, in the list's order: A, B and the best of those with a curve. */
export function drawnRuns({ runs }: Courses, first: readonly (string | null)[], better: Better): readonly RunCourse[] {
  const curves = runs.filter(({ lines }) => lines.main !== null);
  if (curves.length <= DRAWN) return curves;
  const best = new Map(
    curves.map((run) => [run, run.lines.main!.y[bestIndex(run.lines.main!.y, better)] ?? Number.NaN]),
  );
  const isFirst = (run: RunCourse): boolean => first.includes(run.summary.name);
  const order = (a: RunCourse, b: RunCourse): number =>
    Number(isFirst(b)) - Number(isFirst(a)) ||
    (isBetter(best.get(a)!, best.get(b)!, better) ? -1 : isBetter(best.get(b)!, best.get(a)!, better) ? 1 : 0);
  const chosen = new Set(curves.toSorted(order).slice(0, DRAWN));
  return curves.filter((run) => chosen.has(run));
}

/** All lines, A and B on top. `beside`: the training curve of A. */
export function linesOfChart(
  courses: Courses,
  smooth: number,
  runA: string,
  runB: string | null,
  better: Better,
): { lines: ChartLine[]; gap: Chart["gap"] } {
  const drawn = drawnRuns(courses, [runA, runB], better);
  const seconds = drawn.flatMap(({ lines }) => (lines.second ? [chartLine(lines.second, smooth, "second")] : []));
  const rank = (run: string): number => (run === runA ? 2 : run === runB ? 1 : 0);
  const mains = drawn
    .map(({ lines, summary }) => chartLine(lines.main!, smooth, rank(summary.name) > 0 ? "here" : "main"))
    .sort((a, b) => rank(a.run) - rank(b.run));
  const a = drawn.find(({ summary }) => summary.name === runA);
  const beside = a && trainingBeside(a, courses);
  const below = beside && (seconds.find((line) => line.run === runA) ?? chartLine(beside, smooth, "beside"));
  const above = mains.at(-1);
  const lines = [...seconds, ...(below && !seconds.includes(below) ? [below] : []), ...mains];
  return { lines, gap: below && above?.run === runA ? { above, below } : null };
}

/** `page`: the page's time axis, which is the chart's too where it counts steps. */
export function axesOf(
  courses: Courses,
  lines: readonly ChartLine[],
  runA: string,
  page: TimeAxis,
  scale: "linear" | "log",
  zoom: Zoom | null,
): Axes {
  const source = courses.runs.find(({ summary }) => summary.name === runA)?.summary.source;
  const bySteps = courses.choice.align === "step";
  const longest = Math.max(1, ...lines.map((line) => line.x.at(-1) ?? 0));
  const axis = bySteps && source !== "scalars" ? page : timeAxis(bySteps ? page.kind : "linear", longest);
  const part = zoom && zoom.x[1] > 0 ? ([Math.max(0, zoom.x[0]), zoom.x[1]] as const) : null;
  const across = acrossOf(axis, part);
  return { axis, across, values: valuesOf(lines, across, scale, part && zoom!.y) };
}

export function chartOf(
  of: SceneOf,
  { lines, gap }: ReturnType<typeof linesOfChart>,
  { axis, across, values }: Axes,
): Chart {
  const { courses, facts, better, target, runA, runB } = of;
  const drawn = new Set(lines.map((line) => line.run));
  const shown = facts.filter((each) => drawn.has(each.run));
  const order = wantedOrder(shown, better, [runA, ...(runB === null ? [] : [runB])]);
  const strong = new Set([runA, ...(runB === null ? [] : [runB])]);
  const mains = lines.filter((line) => line !== gap?.below && line.part === (lines.at(-1)?.part ?? "train"));
  const byRun = new Map(mains.map((line) => [line.run, line]));
  return {
    lines,
    gap,
    axis,
    across,
    values,
    target,
    unit: unitWords(courses, of.axis),
    rings: shown.flatMap(({ run, reach }) =>
      reach ? [{ ...reach, colour: runStyle(run).colour, strong: strong.has(run) }] : [],
    ),
    labels: endLabels(
      order.flatMap((run) => byRun.get(run) ?? []),
      { across, values },
      strong,
    ),
    here: hereOf(of),
    stops: byRun.get(runA)?.x ?? mains[0]?.x ?? new Float64Array(),
    words: `${mainName(courses.choice)} of ${drawn.size} runs by ${courses.choice.align}. Arrow keys move the crosshair, plus and minus zoom, 0 shows all.`,
  };
}

/** First those that must be named, then the best. */
function wantedOrder(facts: readonly Facts[], better: Better, first: readonly string[]): string[] {
  const best = (each: Facts): number => each.best?.y ?? Number.NaN;
  const rest = facts
    .filter((each) => !first.includes(each.run))
    .sort((a, b) => (isBetter(best(a), best(b), better) ? -1 : isBetter(best(b), best(a), better) ? 1 : 0));
  return [...first, ...rest.map((each) => each.run)];
}

function unitWords({ choice, unit }: Courses, axis: "log" | "linear"): string {
  return {
    step: `step${axis === "log" ? ", log" : ""}`,
    epoch: "epochs finished",
    examples: "examples seen",
    time: `${unit} since the run's start`,
  }[choice.align];
}

function hereOf({ courses, runA, step }: SceneOf): number | null {
  const a = courses.runs.find(({ summary }) => summary.name === runA);
  if (step === null || !a || a.summary.source === "scalars") return null;
  const place = placingOf(courses.choice.align, a.course, null);
  const at = typeof place === "string" ? Number.NaN : place(step) / courses.scale;
  return Number.isFinite(at) ? at : null;
}

function withCurve({ runs }: Courses): number {
  return runs.filter(({ lines }) => lines.main).length;
}

/** "7 runs", "100 of 1,000 drawn". */
export function countWords(courses: Courses): string {
  const [all, curves] = [courses.runs.length, withCurve(courses)];
  if (curves > DRAWN) return `${formatCount(DRAWN)} of ${formatCount(curves)} drawn`;
  return `${formatCount(all)} ${all === 1 ? "run" : "runs"}`;
}

/** What the picture does not show by itself, in sentences. */
export function notesOf(courses: Courses, chart: Chart, smooth: number): string[] {
  const notes: string[] = [];
  if (withCurve(courses) > DRAWN)
    notes.push(`${countWords(courses)}: A, B and the best. Filter or hide runs to see others; the table has all.`);
  if (smooth > 0)
    notes.push(
      `Smoothed by ${smooth / 100}; the values as logged are pale. Table, target and rings go by the values as logged.`,
    );
  const behind = chart.across.zoomed ? 0 : goingOn(chart.lines, chart.axis);
  if (behind)
    notes.push(
      `${behind} ${behind === 1 ? "run goes" : "runs go"} on behind ${placeInWords(courses.unit, chart.axis.last)}, where this axis ends with run A.`,
    );
  notes.push(...oddWords(chart));
  const beyond = leaving(chart);
  if (beyond)
    notes.push(
      `${beyond} ${beyond === 1 ? "line leaves" : "lines leave"} the chart at its edge. A logarithmic scale has room for all.`,
    );
  const thinned = courses.runs.some(({ course }) => course.losses && course.losses.of > course.losses.steps.length);
  if (thinned && chart.lines.some((line) => line.x.length > 1000))
    notes.push("Of long runs, the smallest and largest losses of each stretch of batches are drawn.");
  return notes;
}

const NAMED = 6;

/** Values that have no place on the axis, by run. */
function oddWords({ lines, values }: Chart): string[] {
  const counts = lines.flatMap((line) => {
    const odd = oddPoints(line, values);
    const count = (what: string): number => odd.filter((each) => each.what === what).length;
    const words = [
      [count("nan"), "NaN"],
      [count("inf"), "Inf"],
      [count("below"), "not above 0"],
    ] as const;
    const said = words.filter(([many]) => many > 0).map(([many, word]) => `${formatCount(many)} ${word}`);
    return said.length ? [`${line.run} (${line.part}): ${said.join(", ")}`] : [];
  });
  if (counts.length <= NAMED) return counts;
  return [...counts.slice(0, NAMED), `and ${counts.length - NAMED} more lines with values that are no numbers`];
}

/** Lines with a value above or below the axis, while it is not a chosen part. */
function leaving({ lines, values, across }: Chart): number {
  if (across.zoomed) return 0;
  return lines.filter(({ shown }) =>
    shown.some(
      (value) => Number.isFinite(value) && (value > values.hi || (value < values.lo && values.kind === "linear")),
    ),
  ).length;
}
