/** What the mode draws: the path that a weight really took, and the one under each optimizer from the same gradients. */
import type { DataRecord } from "../../../data/binary.ts";
import type { VariableRecord } from "../../../data/schema.ts";
import {
  agreementOf,
  courseOf,
  exactSteps,
  loggedAfter,
  MOST_UPDATES,
  type Agreement,
  type Course,
  type Recorded,
} from "../../../math/optimizer_course.ts";
import { IDS, type OptimizerId } from "../../../math/optimizer_ids.ts";
import { clipped, OPTIMIZERS, type Optimizer, type Values } from "../../../math/optimizers.ts";
import { byLargest } from "../../../math/order.ts";
import { keyOf, RATE, type ByHand } from "./by_hand.ts";
import { movements, numberAt, placeInShape, type Followed } from "./followed.ts";
import type { OwnOptimizer } from "./own_optimizer.ts";

/** Where a number comes from. */
export type Origin = "hand" | "run" | "usual" | "Keras";

export interface Path {
  readonly optimizer: Optimizer;
  readonly isOwn: boolean;
  readonly settings: Values;
  readonly origins: Readonly<Record<string, Origin>>;
  readonly rateAt: (step: number) => number;
  readonly course: Course;
}

export interface Weight {
  /** Among those followed, and in the variable. */
  readonly place: number;
  readonly index: number;
  readonly label: string;
  readonly moved: number;
}

export interface OptimizerShown {
  readonly variable: VariableRecord;
  readonly followed: Followed;
  /** The followed weights, the one that moved most first. */
  readonly weights: readonly Weight[];
  readonly weight: Weight;
  /** As received, and as applied: after clipping. */
  readonly received: ArrayLike<number>;
  readonly recorded: Recorded;
  /** The weight before each recorded step's update, and behind the last. */
  readonly logged: Float64Array;
  readonly own: OwnOptimizer;
  readonly paths: readonly Path[];
  readonly chosen: Path;
  /** How many recorded steps follow one another from step 0: until then nothing is estimated. */
  readonly exact: number;
  /** Of the run's own optimizer; null where it cannot be compared, and `incomparable` says why. */
  readonly agreement: Agreement | null;
  readonly incomparable: string;
  readonly notes: readonly string[];
}

export interface Sources {
  readonly variable: VariableRecord;
  readonly losses: DataRecord | null;
  /** Norms of gradients, of this variable or of all: where clipping needs them. */
  readonly norms: DataRecord | null;
  readonly own: OwnOptimizer;
}

export function weightsOf(followed: Followed, { shape }: VariableRecord): Weight[] {
  const moved = movements(followed);
  const sizes = moved.map((each) => (Number.isFinite(each) ? Math.abs(each) : -1));
  return Array.from(byLargest(sizes), (place) => {
    const index = followed.indices[place]!;
    return { place, index, label: placeInShape(index, shape), moved: moved[place]! };
  });
}

/** Null where no weight is followed. */
export function optimizerShown(
  followed: Followed,
  weights: readonly Weight[],
  sources: Sources,
  wished: number | null,
  chosen: OptimizerId | "own",
  hand: ByHand,
): OptimizerShown | null {
  const weight = weights.find(({ index }) => index === wished) ?? weights[0];
  if (!weight || !followed.steps.length) return null;
  const { own, losses } = sources;
  const raw = followed.of(weight.place);
  const recorded = { ...raw, gradients: appliedGradients(raw, sources) };
  const runRate = numberAt(losses, "learning_rate");
  const paths = IDS.map((id) => pathOf(OPTIMIZERS[id], recorded, own, runRate, hand));
  const ownPath = paths.find(({ isOwn }) => isOwn);
  const exact = exactSteps(raw.steps);
  const byHand = ownPath && Object.values(ownPath.origins).includes("hand");
  const agreement = ownPath && !byHand ? agreementOf(ownPath.course, recorded, exact) : null;
  return {
    variable: sources.variable,
    followed,
    weights,
    weight,
    received: raw.gradients,
    recorded,
    logged: Float64Array.from({ length: raw.steps.length + 1 }, (_, i) => loggedAfter(raw, i)),
    own,
    paths,
    chosen: paths.find(({ optimizer }) => optimizer.id === chosen) ?? ownPath ?? paths.find(isAdam)!,
    exact,
    agreement,
    incomparable: byHand ? "Its settings are by hand, so it is not compared with the log." : "",
    notes: notesOf(followed, sources, exact),
  };
}

const isAdam = ({ optimizer }: Path): boolean => optimizer.id === "adam";

function appliedGradients({ steps, gradients }: Recorded, { own, norms }: Sources): Float64Array {
  const globalNorms = rootsOfSquares(norms);
  const norm = numberAt(norms, "norm");
  return Float64Array.from(gradients, (gradient, i) =>
    clipped(gradient, own.clipping, norm(steps[i]!), globalNorms(steps[i]!)),
  );
}

/** Over all variables. */
function rootsOfSquares(norms: DataRecord | null): (step: number) => number {
  const { step, norm } = norms?.arrays ?? {};
  const columns = norm?.shape[1] ?? 0;
  if (!norms || !step || !norm) return () => NaN;
  const values = Float64Array.from(step.values, (_, row) =>
    Math.hypot(...norm.values.subarray(row * columns, (row + 1) * columns)),
  );
  return numberAt({ ...norms, arrays: { step, all: { dtype: "float64", shape: [values.length], values } } }, "all");
}

function pathOf(
  optimizer: Optimizer,
  recorded: Recorded,
  own: OwnOptimizer,
  runRate: (step: number) => number,
  hand: ByHand,
): Path {
  const isOwn = optimizer.id === own.id;
  const origins: Record<string, Origin> = {};
  const settings: Record<string, number> = {};
  for (const { key, value } of optimizer.settings) {
    const byHand = hand.get(keyOf(optimizer.id, key));
    const logged = isOwn ? own.settings[key] : undefined;
    settings[key] = byHand ?? logged ?? value;
    const fallback = key === "momentum" && optimizer.family === "SGD" ? "usual" : "Keras";
    origins[key] = byHand !== undefined ? "hand" : logged !== undefined ? "run" : fallback;
  }
  const { rateAt, origin } = rateOf(optimizer, own, runRate, hand);
  origins[RATE] = origin;
  return { optimizer, isOwn, settings, origins, rateAt, course: courseOf(optimizer, settings, recorded, rateAt) };
}

/** The run's rate at each step, schedule and all, for those that mean the same by it; Keras' default for the others. */
function rateOf(
  { id, family, rate }: Optimizer,
  own: OwnOptimizer,
  runRate: (step: number) => number,
  hand: ByHand,
): { rateAt: (step: number) => number; origin: Origin } {
  const byHand = hand.get(keyOf(id, RATE));
  if (byHand !== undefined) return { rateAt: () => byHand, origin: "hand" };
  const isFamily = own.id !== null && OPTIMIZERS[own.id].family === family;
  if (isFamily && Number.isFinite(runRate(0))) return { rateAt: runRate, origin: "run" };
  const logged = isFamily ? own.rate : null;
  return { rateAt: () => logged ?? rate, origin: logged === null ? "Keras" : "run" };
}

function notesOf(followed: Followed, { own, norms }: Sources, exact: number): string[] {
  const { steps, logged, leftOut, areMeans } = followed;
  const notes = [...own.notes];
  if (own.clips)
    notes.push(
      `All lines take the gradient as the run applied it, clipped by ${own.clips}; the one drawn below is from before that.`,
    );
  if ((own.clipping.clipnorm > 0 || own.clipping.globalClipnorm > 0) && !norms)
    notes.push("The norms that clipping needs were not logged, so the lines end.");
  if (areMeans) notes.push("Gradients are the means of each update’s micro-batches, as they were applied.");
  if (logged > steps.length)
    notes.push(`${steps.length} of ${logged} logged steps are read: the first ones all, then some.`);
  if (leftOut > 0) notes.push(`${leftOut} records could not be used.`);
  if (exact === 0)
    notes.push(
      "The log does not begin at step 0, so what an optimizer remembered before it is not known: nothing is exact.",
    );
  if ((steps.at(-1) ?? 0) - (steps[0] ?? 0) >= MOST_UPDATES) notes.push(`The lines end after ${MOST_UPDATES} updates.`);
  return notes;
}

/** The recorded step nearest to one. */
export function nearestPlace(steps: ArrayLike<number>, step: number): number {
  let best = 0;
  for (let i = 1; i < steps.length; i++) if (Math.abs(steps[i]! - step) < Math.abs(steps[best]! - step)) best = i;
  return best;
}

/** Behind how many recorded updates nothing is exact any longer, as a step. */
export function exactUntil({ exact, recorded }: Pick<OptimizerShown, "exact" | "recorded">): number {
  return exact ? exact : (recorded.steps[0] ?? 0);
}
