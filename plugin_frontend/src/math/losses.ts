/**
 * Losses as Keras defines them, of one image, with their derivatives by the output p and by what enters the last activation, z.
 * A prediction is `places` rows of `classes` numbers: one row for a class, one a pixel for a mask.
 */

/** The last activation, between z and p. */
export type Head = "softmax" | "sigmoid" | "linear";

export interface Example {
  readonly z: Float64Array;
  readonly y: Float64Array;
  readonly classes: number;
}

export interface LossValue {
  readonly value: number;
  /** ∂L/∂p and ∂L/∂z, an entry each as z has them. */
  readonly byOutput: Float64Array;
  readonly byInput: Float64Array;
}

/** What a loss is computed from; `log` and `logRest` are ln p and ln(1 − p), exact where p is 0 or 1 to rounding. */
export interface Parts {
  readonly p: Float64Array;
  readonly y: Float64Array;
  readonly classes: number;
  readonly places: number;
  log(i: number): number;
  logRest(i: number): number;
  /** 1 − p. */
  rest(i: number): number;
}

export interface Loss {
  readonly name: string;
  readonly title: string;
  /** Of one image; K is the number of classes. */
  readonly formula: string;
  /** Behind these it is a loss. */
  readonly heads: readonly Head[];
  value(parts: Parts): number;
  byOutput(parts: Parts): (i: number) => number;
}

const EPSILON = 1e-7;
const HUBER_DELTA = 1;
const SHARES: readonly Head[] = ["softmax", "sigmoid"];
const ALL: readonly Head[] = ["softmax", "sigmoid", "linear"];

/** 0 · ∞ is 0 here: what a label of 0 leaves out is left out. */
const times = (a: number, b: number): number => (a === 0 ? 0 : a * b);
const sum = (count: number, of: (i: number) => number): number => {
  let total = 0;
  for (let i = 0; i < count; i++) total += of(i);
  return total;
};
const mean = ({ p }: Parts, of: (i: number) => number): number => sum(p.length, of) / p.length;
const huber = (e: number): number =>
  Math.abs(e) <= HUBER_DELTA ? e ** 2 / 2 : HUBER_DELTA * Math.abs(e) - HUBER_DELTA ** 2 / 2;
const diceSums = ({ p, y }: Parts): readonly [both: number, all: number] => [
  sum(p.length, (i) => p[i]! * y[i]!),
  sum(p.length, (i) => p[i]! + y[i]!) + EPSILON,
];

export const LOSSES: readonly Loss[] = [
  {
    name: "categorical_crossentropy",
    title: "categorical cross-entropy",
    formula: "−Σ y · ln p",
    heads: ["softmax"],
    value: ({ p, y, places, log }) => sum(p.length, (i) => -times(y[i]!, log(i))) / places,
    byOutput:
      ({ p, y, places }) =>
      (i) =>
        -times(y[i]!, 1 / p[i]!) / places,
  },
  {
    name: "binary_crossentropy",
    title: "binary cross-entropy",
    formula: "−Σ (y · ln p + (1 − y) · ln(1 − p)) / K",
    heads: SHARES,
    value: (parts) => mean(parts, (i) => -times(parts.y[i]!, parts.log(i)) - times(1 - parts.y[i]!, parts.logRest(i))),
    byOutput:
      ({ p, y, rest }) =>
      (i) =>
        (times(1 - y[i]!, 1 / rest(i)) - times(y[i]!, 1 / p[i]!)) / p.length,
  },
  {
    name: "mean_squared_error",
    title: "mean squared error",
    formula: "Σ (p − y)² / K",
    heads: ALL,
    value: (parts) => mean(parts, (i) => (parts.p[i]! - parts.y[i]!) ** 2),
    byOutput:
      ({ p, y }) =>
      (i) =>
        (2 * (p[i]! - y[i]!)) / p.length,
  },
  {
    name: "huber",
    title: "Huber",
    formula: "Σ h(p − y) / K, h(e) = e² / 2 up to |e| = 1, then |e| − 1 / 2",
    heads: ALL,
    value: (parts) => mean(parts, (i) => huber(parts.p[i]! - parts.y[i]!)),
    byOutput:
      ({ p, y }) =>
      (i) =>
        Math.max(-HUBER_DELTA, Math.min(HUBER_DELTA, p[i]! - y[i]!)) / p.length,
  },
  {
    name: "dice",
    title: "Dice",
    formula: "1 − 2 · Σ p · y / (Σ p + Σ y)",
    heads: SHARES,
    value: (parts) => {
      const [both, all] = diceSums(parts);
      return 1 - (2 * both) / all;
    },
    byOutput: (parts) => {
      const [both, all] = diceSums(parts);
      return (i) => (2 * both - 2 * parts.y[i]! * all) / all ** 2;
    },
  },
  {
    name: "mean_absolute_error",
    title: "mean absolute error",
    formula: "Σ |p − y| / K",
    heads: ALL,
    value: (parts) => mean(parts, (i) => Math.abs(parts.p[i]! - parts.y[i]!)),
    byOutput:
      ({ p, y }) =>
      (i) =>
        Math.sign(p[i]! - y[i]!) / p.length,
  },
];

const ALIASES: Readonly<Record<string, string>> = {
  sparsecategoricalcrossentropy: "categorical_crossentropy",
  crossentropyloss: "categorical_crossentropy",
  bce: "binary_crossentropy",
  bceloss: "binary_crossentropy",
  bcewithlogitsloss: "binary_crossentropy",
  mse: "mean_squared_error",
  mseloss: "mean_squared_error",
  mae: "mean_absolute_error",
  huberloss: "huber",
};

/** The loss of a name in the model record, be it a function, a class or a short form; undefined where it is none of these. */
export function lossNamed(name: string | null): Loss | undefined {
  const bare = (name ?? "").toLowerCase().replaceAll(/[_\s]/g, "");
  const known = Object.hasOwn(ALIASES, bare) ? ALIASES[bare]! : bare;
  return LOSSES.find((loss) => loss.name.replaceAll("_", "") === known.replaceAll("_", ""));
}

/** Whether ∂L/∂z of this pair is p − y, over `divisorOf`; of no other pair is it. */
export function isDifference(loss: Loss, head: Head): boolean {
  return (
    (loss.name === "categorical_crossentropy" && head === "softmax") ||
    (loss.name === "binary_crossentropy" && head === "sigmoid")
  );
}

/** p by z. */
export function outputsOf({ z, classes }: Pick<Example, "z" | "classes">, head: Head): Float64Array {
  if (head === "linear") return z.slice();
  if (head === "sigmoid") return z.map(sigmoid);
  return logSoftmax(z, classes).map(Math.exp);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** ln(1 + eˣ) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function logSoftmax(z: Float64Array, classes: number): Float64Array {
  const logs = new Float64Array(z.length);
  for (let from = 0; from < z.length; from += classes) {
    let most = -Infinity;
    for (let i = from; i < from + classes; i++) most = Math.max(most, z[i]!);
    const rest = Math.log(sum(classes, (k) => Math.exp(z[from + k]! - most)));
    for (let i = from; i < from + classes; i++) logs[i] = z[i]! - most - rest;
  }
  return logs;
}

export function partsOf({ z, y, classes }: Example, head: Head): Parts {
  const places = z.length / classes;
  if (head !== "softmax") {
    const p = outputsOf({ z, classes }, head);
    return {
      p,
      y,
      classes,
      places,
      log: (i) => -softplus(-z[i]!),
      logRest: (i) => -softplus(z[i]!),
      rest: (i) => sigmoid(-z[i]!),
    };
  }
  const logs = logSoftmax(z, classes);
  const p = logs.map(Math.exp);
  // Near 1 the others' sum is exact where 1 − p is not.
  const rest = (i: number): number => {
    if (!(p[i]! > 0.5)) return 1 - p[i]!;
    const from = i - (i % classes);
    return sum(classes, (k) => (from + k === i ? 0 : p[from + k]!));
  };
  return { p, y, classes, places, log: (i) => logs[i]!, logRest: (i) => Math.log(rest(i)), rest };
}

/** Value and derivatives of a loss behind an activation; the parts of an example serve all losses. */
export function evaluate(loss: Loss, example: Example, head: Head, parts = partsOf(example, head)): LossValue {
  const slope = loss.byOutput(parts);
  const byOutput = parts.p.map((_, i) => slope(i));
  return { value: loss.value(parts), byOutput, byInput: inputDerivative(loss, parts, byOutput, head) };
}

/** By the chain rule through the activation, in a form that stays exact where p is 0 or 1 to rounding. */
function inputDerivative(loss: Loss, parts: Parts, byOutput: Float64Array, head: Head): Float64Array {
  const { p, y, classes, places, rest } = parts;
  if (head === "linear") return byOutput;
  const isBinary = loss.name === "binary_crossentropy";
  if (head === "sigmoid") {
    return p.map((_, i) => (isBinary ? (p[i]! - y[i]!) / p.length : byOutput[i]! * p[i]! * rest(i)));
  }
  const made = new Float64Array(p.length);
  for (let from = 0; from < p.length; from += classes) {
    if (loss.name === "categorical_crossentropy") {
      const all = sum(classes, (k) => y[from + k]!);
      for (let i = from; i < from + classes; i++) made[i] = (p[i]! * all - y[i]!) / places;
      continue;
    }
    const weighted = Float64Array.from({ length: classes }, (_, k) => {
      const i = from + k;
      return isBinary ? (times(1 - y[i]!, p[i]! / rest(i)) - y[i]!) / p.length : p[i]! * byOutput[i]!;
    });
    const all = sum(classes, (k) => weighted[k]!);
    const size = sum(classes, (k) => Math.abs(weighted[k]!));
    for (let k = 0; k < classes; k++) {
      // All but its own: no difference of large numbers where its own is the largest.
      const own = weighted[k]!;
      const others = Math.abs(own) < size / 2 ? all - own : sum(classes, (j) => (j === k ? 0 : weighted[j]!));
      made[from + k] = own * rest(from + k) - p[from + k]! * others;
    }
  }
  return made;
}
