/** What the mode draws: the chosen image's prediction row by row, and each loss of it over the row that is moved. */
import {
  evaluate,
  isDifference,
  LOSSES,
  outputsOf,
  partsOf,
  type Example,
  type Loss,
  type LossValue,
} from "../../../math/losses.ts";
import { smoothed } from "./loss_comparison.ts";
import { hasPlaces, meanOf, rowGroups, sumOf, thinned, withRowAt, type RowGroup } from "./loss_rows.ts";
import type { LossSource } from "./loss_source.ts";
import type { Moved } from "./moved.ts";

export interface LossRow {
  readonly index: number;
  readonly label: string;
  /** Numbers that it stands for. */
  readonly count: number;
  readonly isTrue: boolean;
  readonly isMoved: boolean;
  /** Means over what it stands for. */
  readonly z: number;
  readonly loggedZ: number;
  readonly p: number;
  readonly y: number;
  /** ∂L/∂z of the loss whose error is drawn; of several numbers the sum. */
  readonly error: number;
  /** The same as logged, times the factor that the mean over images takes away; NaN where it is not known. */
  readonly logged: number;
}

export interface LossPanel {
  readonly loss: Loss;
  readonly isOwn: boolean;
  readonly value: number;
  readonly byOutput: number;
  readonly byInput: number;
  /** Over all probe images, this one as it was moved. */
  readonly mean: number;
  readonly meanByOutput: number;
  readonly meanByInput: number;
  /** Over `xs`. */
  readonly curve: readonly number[];
  readonly slope: readonly number[];
  /** The largest magnitude of the slope, and that where the prediction is most wrong, as a share of it. */
  readonly steepest: number;
  readonly atWrong: number;
}

export interface LossShown {
  readonly source: LossSource;
  readonly image: number;
  readonly rows: readonly LossRow[];
  /** `rows` has the largest of them, the true one and the moved one. */
  readonly all: readonly LossRow[];
  readonly focus: LossRow;
  readonly isMoved: boolean;
  /** The loss whose error the bars are: the run's own, or what is usual behind this activation. */
  readonly drawn: Loss;
  readonly isDifference: boolean;
  readonly panels: readonly LossPanel[];
  readonly xs: readonly number[];
  /** The moved row's p at the end where it is most wrong. */
  readonly wrongP: number;
  /** The curves are of every k-th place. */
  readonly every: number;
  /** Of every number of the image, in the layout of its labels. */
  readonly p: Float64Array;
}

const MOST_ROWS = 12;
const SAMPLES = 80;
const CURVE_NUMBERS = 4096;

/** What all images have before anything is moved; made once a record. */
export interface LossBase {
  readonly groups: readonly (readonly RowGroup[])[];
  /** By image and loss. */
  readonly values: readonly (readonly LossValue[])[];
  readonly losses: readonly Loss[];
}

export function lossBase(source: LossSource, names: readonly string[]): LossBase {
  const { head, own, classes, examples } = source;
  const usual = LOSSES.filter(({ heads, name }) => heads.includes(head) && name !== "mean_absolute_error");
  const losses = [...(own?.heads.includes(head) ? [own] : []), ...usual.filter((loss) => loss !== own)].filter(
    ({ name }) => classes > 1 || name !== "categorical_crossentropy",
  );
  return {
    losses,
    groups: examples.map((example) => rowGroups(source, example, names)),
    values: examples.map((example) => losses.map((loss) => evaluate(loss, smoothed(example, loss, source), head))),
  };
}

export interface Choice {
  readonly image: number;
  readonly row: number | null;
  readonly moved: Moved;
}

/** `logged`: the error of the log by class, times its factor. Null where the image has no prediction. */
export function lossShown(
  source: LossSource,
  base: LossBase,
  { image, row, moved }: Choice,
  logged: Float64Array | null,
): LossShown | null {
  const { head, classes } = source;
  const example = source.examples[image];
  const groups = base.groups[image];
  const before = base.values[image];
  if (!example || !groups || !before) return null;
  const now: Example = { ...example, z: movedInputs(example, groups, moved) };
  const isMoved = now.z !== example.z;
  const values = isMoved ? base.losses.map((loss) => evaluate(loss, smoothed(now, loss, source), head)) : before;
  const p = outputsOf(now, head);
  const all = groups.map((group, index): LossRow => {
    const y = meanOf(example.y, group.entries);
    return {
      index,
      label: group.label,
      count: group.entries.length,
      isTrue: head !== "linear" && y >= 0.5 && (!hasPlaces(source) || groups.length === 2),
      isMoved: isMoved && moved.has(index),
      z: meanOf(now.z, group.entries),
      loggedZ: meanOf(example.z, group.entries),
      p: meanOf(p, group.entries),
      y,
      error: sumOf(values[0]!.byInput, group.entries),
      logged: logged?.[index] ?? NaN,
    };
  });
  const focus = all[row ?? -1] ?? all.find(({ isTrue }) => isTrue) ?? all.find(({ count }) => count > 0) ?? all[0]!;
  const xs = inputsAlong(source, focus);
  const thin = thinned(now, now.z, hasPlaces(source) ? CURVE_NUMBERS : Infinity);
  const group = (thin.every === 1 ? groups : rowGroups(source, thin.example, []))[focus.index]!;
  const wrong = focus.y < 0.5 ? xs.length - 1 : 0;
  const courses = coursesOf(source, base.losses, thin.example, group, xs);
  const there = { z: withRowAt(thin.example.z, group, xs[wrong]!), classes };
  return {
    source,
    image,
    rows: largest(all, focus.index),
    all,
    focus,
    isMoved,
    drawn: base.losses[0]!,
    isDifference: isDifference(base.losses[0]!, head),
    panels: courses.map((course, l) =>
      panelOf(source, base, l, { image, row: focus.index, mine: values[l]!, course, wrong }),
    ),
    xs,
    wrongP: meanOf(outputsOf(there, head), group.entries),
    every: thin.every,
    p,
  };
}

type Course = Pick<LossPanel, "curve" | "slope">;

interface Standing {
  readonly image: number;
  readonly row: number;
  /** Of the shown image, as it was moved. */
  readonly mine: LossValue;
  readonly course: Course;
  /** Where along the course the prediction is most wrong. */
  readonly wrong: number;
}

function panelOf(
  source: LossSource,
  base: LossBase,
  l: number,
  { image, row, mine, course, wrong }: Standing,
): LossPanel {
  const { entries } = base.groups[image]![row]!;
  const steepest = Math.max(...course.slope.map(Math.abs));
  const mean = (of: (value: LossValue, entries: readonly number[]) => number): number =>
    base.values.reduce((sum, each, i) => sum + of(i === image ? mine : each[l]!, base.groups[i]![row]!.entries), 0) /
    base.values.length;
  return {
    loss: base.losses[l]!,
    isOwn: base.losses[l] === source.own,
    value: mine.value,
    byOutput: sumOf(mine.byOutput, entries),
    byInput: sumOf(mine.byInput, entries),
    mean: mean(({ value }) => value),
    meanByOutput: mean(({ byOutput }, of) => sumOf(byOutput, of)),
    meanByInput: mean(({ byInput }, of) => sumOf(byInput, of)),
    ...course,
    steepest,
    atWrong: Math.abs(course.slope[wrong]!) / steepest,
  };
}

/** By loss: its value, and its slope by the row that is moved. */
function coursesOf(
  source: LossSource,
  losses: readonly Loss[],
  example: Example,
  group: RowGroup,
  xs: readonly number[],
): Course[] {
  const courses = losses.map(() => ({ curve: [] as number[], slope: [] as number[] }));
  for (const x of xs) {
    const there = { ...example, z: withRowAt(example.z, group, x) };
    const parts = partsOf(there, source.head);
    losses.forEach((loss, l) => {
      const of = smoothed(there, loss, source);
      const found = evaluate(loss, of, source.head, of === there ? parts : undefined);
      courses[l]!.curve.push(found.value);
      courses[l]!.slope.push(sumOf(found.byInput, group.entries));
    });
  }
  return courses;
}

/** The image's own numbers where nothing is moved. */
function movedInputs({ z }: Example, groups: readonly RowGroup[], moved: Moved): Float64Array {
  let now = z;
  for (const [row, to] of moved) if (groups[row]?.entries.length) now = withRowAt(now, groups[row], to);
  return now;
}

/** The rows with the largest p, the true one and the moved one, in their order. */
function largest(rows: readonly LossRow[], focus: number): LossRow[] {
  if (rows.length <= MOST_ROWS) return [...rows];
  const rank = ({ index, isTrue, p }: LossRow): number => (isTrue || index === focus ? Infinity : p);
  return rows
    .toSorted((a, b) => (rank(b) === rank(a) ? 0 : rank(b) - rank(a)))
    .slice(0, MOST_ROWS)
    .toSorted((a, b) => a.index - b.index);
}

/** Where the curves are drawn: far enough for the logged number, in powers of two, so that the axis stays while one drags. */
function inputsAlong({ head }: LossSource, { loggedZ, y }: LossRow): number[] {
  const [centre, least] = head === "linear" ? [y, 2] : [0, 8];
  const away = 2 * Math.abs(loggedZ - centre);
  const reach = least * 2 ** Math.max(0, Math.ceil(Math.log2((Number.isFinite(away) ? away : 0) / least)));
  return Array.from({ length: SAMPLES + 1 }, (_, i) => centre + reach * ((2 * i) / SAMPLES - 1));
}
