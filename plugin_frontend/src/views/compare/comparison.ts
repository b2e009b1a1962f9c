import type { RunSummary } from "../../data/schema.ts";
import type { Better } from "../../math/line_facts.ts";
import { memoizeLast } from "../../math/memoize_last.ts";
import type { Session } from "../../state/session.ts";
import { timeAxis, type TimeAxis } from "../../state/time_axis.ts";
import type { Chart } from "./chart.ts";
import { DRAWN, filteredRuns, listedRuns, type CompareData, type Needs } from "./compare_data.ts";
import type { Align, Part } from "./compare_definition.ts";
import { allFacts, coursesOf, targetOf, wantedEnd, type Choice, type Courses } from "./courses.ts";
import { sortedFacts, type Facts } from "./facts.ts";
import type { Options } from "./head.ts";
import { withGradients } from "./multiples.ts";
import { zoom, type Zoom } from "./own_fields.ts";
import { BATCH_LOSS, metricsOf, validationName, type Rows } from "./rows.ts";
import { axesOf, chartOf, linesOfChart, type Axes } from "./scene.ts";

/** Everything that the view shows, computed anew only where it changed. */
export interface Compared {
  readonly metrics: readonly string[];
  readonly choice: Choice;
  readonly better: Better;
  readonly target: number | null;
  readonly courses: Courses;
  /** In the order of the table. */
  readonly facts: readonly Facts[];
  readonly chart: Chart;
}

export class Comparison {
  readonly #listed = memoizeLast((_runs: unknown, _filter: string, _hidden: unknown, session: Session) =>
    listedRuns(session),
  );
  readonly #filtered = memoizeLast((_runs: unknown, _filter: string, session: Session) => filteredRuns(session));
  readonly #known = memoizeLast((listed: readonly RunSummary[], _revision: number, data: CompareData) =>
    listed.map((run) => data.course(run)),
  );
  readonly #choice = memoizeLast((metric: string, part: Part, align: Align): Choice => ({ metric, part, align }));
  readonly #all = memoizeLast((listed: readonly RunSummary[], _revision: number, choice: Choice, data: CompareData) =>
    coursesOf(listed, data, choice),
  );
  readonly #courses = memoizeLast((all: Courses, listed: readonly RunSummary[]): Courses => {
    const shown = new Set(listed);
    return { ...all, runs: all.runs.filter(({ summary }) => shown.has(summary)) };
  });
  readonly #facts = memoizeLast((courses: Courses, better: Better, target: number | null, data: CompareData) =>
    allFacts(courses, data, better, target),
  );
  readonly #sorted = memoizeLast(sortedFacts);
  readonly #lines = memoizeLast(linesOfChart);
  readonly #page = memoizeLast(timeAxis);
  // The same zoom is another object after every change of the URL.
  readonly #zoom = memoizeLast((text: string): Zoom | null => zoom.parse(text) ?? null);
  readonly #axes = memoizeLast(axesOf);
  readonly #chart = memoizeLast(
    (
      courses: Courses,
      facts: readonly Facts[],
      lines: ReturnType<typeof linesOfChart>,
      axes: Axes,
      better: Better,
      target: number | null,
      runA: string,
      runB: string | null,
      axis: "log" | "linear",
      step: number | null,
    ) => chartOf({ courses, facts, better, target, runA, runB, axis, step }, lines, axes),
  );

  listed(session: Session): readonly RunSummary[] {
    return this.#listed(session.runs, session.state.filter, session.state.hidden, session);
  }

  /** Batches' losses are asked for where they are drawn, or say how many examples a step had seen. */
  needs(session: Session, { metric, part, align }: Options, multiples: number): Needs {
    const listed = this.listed(session);
    const all = metric === BATCH_LOSS || align === "examples";
    const beside = metric === "loss" && part === "validation";
    const losses = all ? firstRuns(listed, session) : beside ? listed.filter((run) => run.name === session.runA) : [];
    return { losses, gradients: withGradients(listed, multiples) };
  }

  /** The axis of the scrubber, and of everything that stands over it. */
  pageAxis(session: Session): TimeAxis {
    return this.#page(session.state.axis, lastStepOf(session));
  }

  of(session: Session, options: Options, data: CompareData): Compared {
    const listed = this.listed(session);
    const known = this.#known(listed, data.revision, data);
    const metrics = metricsOf(
      known.map((course) => course.epochs),
      listed.some((run) => run.kinds.includes("losses")),
    );
    const metric = metrics.includes(options.metric) ? options.metric : (metrics[0] ?? options.metric);
    const choice = this.#choice(
      metric,
      usablePart(
        options.part,
        metric,
        known.map((course) => course.epochs),
      ),
      options.align,
    );
    const better = wantedEnd(options.better, metric);
    const all = this.#all(this.#filtered(session.runs, session.state.filter, session), data.revision, choice, data);
    const courses = this.#courses(all, listed);
    // While runs come in, neither target nor order jumps: both are settled once all are here.
    const target = data.isComplete || options.target !== null ? targetOf(options.target, all, better) : null;
    const facts = this.#facts(courses, better, target, data);
    const runA = session.runA ?? "";
    const lines = this.#lines(courses, options.smooth, runA, session.runB, better);
    const page = this.pageAxis(session);
    const axes = this.#axes(courses, lines.lines, runA, page, options.scale, this.#zoom(zoom.format(options.zoom)));
    const chart = this.#chart(courses, facts, lines, axes, better, target, runA, session.runB, page.kind, session.step);
    return {
      metrics,
      choice,
      better,
      target,
      courses,
      facts: data.isComplete ? this.#sorted(facts, options.sort, options.descending, better) : facts,
      chart,
    };
  }
}

/** As many as are drawn, A and B among them. */
function firstRuns(listed: readonly RunSummary[], { runA, runB }: Session): readonly RunSummary[] {
  const isChosen = ({ name }: RunSummary): boolean => name === runA || name === runB;
  return [...listed.filter(isChosen), ...listed.filter((run) => !isChosen(run))].slice(0, DRAWN);
}

/** Where the page's time axis ends, as the scrubber has it. */
function lastStepOf(session: Session): number {
  const summary = session.runs?.runs.find((run) => run.name === session.runA);
  return Math.max(summary?.last_step ?? 0, session.steps.at(-1) ?? 0);
}

/** Training data where no run has the metric on validation data. */
function usablePart(part: Part, metric: string, epochs: readonly (Rows | null)[]): Part {
  if (metric === BATCH_LOSS) return "train";
  const loaded = epochs.filter((rows) => rows !== null);
  return loaded.length && !loaded.some((rows) => rows.columns.has(validationName(metric))) ? "train" : part;
}
