/**
 * What optimizers make of one weight's gradients: the updates of Keras 3 (keras/src/optimizers), operation by operation in
 * float32 as a training computes them. One row an optimizer: name, settings, state, update and formula.
 */
import { formatNumber } from "./format.ts";
import type { OptimizerId } from "./optimizer_ids.ts";
import { formatPlain } from "./plain_number.ts";

const f = Math.fround;
const root = (value: number): number => f(Math.sqrt(value));

export type Values = Readonly<Record<string, number>>;

export interface Setting {
  readonly key: string;
  readonly symbol: string;
  /** Keras' default, unless `usual` says that it is another one. */
  readonly value: number;
  /** What it must lie within to mean anything. */
  readonly least: number;
  readonly most: number;
  /** Keras' default switches it off, so that it is shown only where the run has it on. */
  readonly isOption?: true;
}

/** One update of one weight. */
export interface Moment {
  /** The gradient that is applied, and the weight before. */
  readonly g: number;
  readonly w: number;
  readonly rate: number;
  /** Number of the update, from 1. */
  readonly t: number;
  readonly settings: Values;
}

export interface Applied {
  /** The weight after the update. */
  readonly w: number;
  readonly state: Values;
}

/** A line of the formula: in symbols, with numbers, and what comes out. */
export type Line = readonly [symbols: string, numbers: string, result: number];

export interface Optimizer {
  readonly id: OptimizerId;
  readonly name: string;
  /** In one sentence for somebody who never heard of it. */
  readonly what: string;
  /** Keras' default learning rate. */
  readonly rate: number;
  /** Those of one family mean the same by their learning rate. */
  readonly family: string;
  readonly settings: readonly Setting[];
  /** Of each number that it keeps: its symbol, what it is, and where it starts. */
  readonly state: readonly StateOf[];
  apply(moment: Moment, state: Values): Applied;
  /** `after`: what `apply` made of it. The last line is Δw, the change of the weight. */
  lines(moment: Moment, before: Values, after: Applied): Line[];
}

export interface StateOf {
  readonly key: string;
  readonly symbol: string;
  readonly what: string;
  start(settings: Values): number;
  /** Only where this setting is on. */
  readonly only?: string;
}

const share = (key: string, symbol: string, value: number): Setting => ({ key, symbol, value, least: 0, most: 1 });
const EPSILON: Setting = { key: "epsilon", symbol: "ε", value: 1e-7, least: 0, most: 1 };
const DECAY: Setting = { key: "weight_decay", symbol: "λ", value: 0, least: 0, most: 1 };
const option = (key: string, symbol: string): Setting => ({ ...share(key, symbol, 0), isOption: true });
const kept = (key: string, symbol: string, what: string): StateOf => ({ key, symbol, what, start: () => 0 });

const n = (value: number): string => formatPlain(value, 3);
/** In brackets where a sign would stand behind an operator. */
const b = (value: number): string => (value < 0 ? `(${n(value)})` : n(value));

// SGD and its kin ------------------------------------------------------------------------------------------------------

function velocityOf({ g, rate, settings }: Moment, { v = 0 }: Values): number {
  return f(f(v * f(settings["momentum"]!)) - f(g * f(rate)));
}

const velocityLine = (m: Moment, before: Values, after: Applied): Line => [
  "v ← μ·v − η·g",
  `${n(m.settings["momentum"]!)}·${b(before["v"]!)} − ${n(m.rate)}·${b(m.g)}`,
  after.state["v"]!,
];

const SGD: Optimizer = {
  id: "sgd",
  name: "SGD",
  what: "Goes against the gradient, by the learning rate times its size. It remembers nothing.",
  rate: 0.01,
  family: "SGD",
  settings: [DECAY],
  state: [],
  apply: ({ g, w, rate }) => ({ w: f(w - f(g * f(rate))), state: {} }),
  lines: (m, _, after) => [["Δw = −η·g", `−${n(m.rate)}·${b(m.g)}`, after.w - m.w]],
};

const MOMENTUM: Optimizer = {
  ...SGD,
  id: "momentum",
  name: "Momentum",
  what: "Keeps a velocity: past gradients go on pushing, as a ball goes on rolling.",
  settings: [share("momentum", "μ", 0.9), DECAY],
  state: [kept("v", "v", "velocity")],
  apply(m, state) {
    const v = velocityOf(m, state);
    return { w: f(m.w + v), state: { v } };
  },
  lines: (m, before, after) => [velocityLine(m, before, after), ["Δw = v", "", after.w - m.w]],
};

const NESTEROV: Optimizer = {
  ...MOMENTUM,
  id: "nesterov",
  name: "Nesterov",
  what: "Momentum that looks ahead: it moves as if the velocity had pushed once more.",
  apply(m, state) {
    const v = velocityOf(m, state);
    return { w: f(m.w + f(f(v * f(m.settings["momentum"]!)) - f(m.g * f(m.rate)))), state: { v } };
  },
  lines: (m, before, after) => [
    velocityLine(m, before, after),
    ["Δw = μ·v − η·g", `${n(m.settings["momentum"]!)}·${b(after.state["v"]!)} − ${n(m.rate)}·${b(m.g)}`, after.w - m.w],
  ],
};

// Divided by the size of past gradients --------------------------------------------------------------------------------

const ADAGRAD: Optimizer = {
  id: "adagrad",
  name: "Adagrad",
  what: "Divides by the root of all squared gradients so far, so that its steps can only shrink.",
  rate: 0.001,
  family: "Adagrad",
  settings: [{ key: "initial_accumulator_value", symbol: "a₀", value: 0.1, least: 0, most: 1e6 }, EPSILON, DECAY],
  state: [
    {
      key: "a",
      symbol: "a",
      what: "sum of squared gradients",
      start: (settings) => f(settings["initial_accumulator_value"]!),
    },
  ],
  apply({ g, w, rate, settings }, state) {
    const a = f(state["a"]! + f(g * g));
    return { w: f(w - f(f(f(rate) * g) / root(f(a + f(settings["epsilon"]!))))), state: { a } };
  },
  lines: (m, before, after) => [
    ["a ← a + g²", `${n(before["a"]!)} + ${b(m.g)}²`, after.state["a"]!],
    [
      "Δw = −η·g / √(a + ε)",
      `−${n(m.rate)}·${b(m.g)} / √(${n(after.state["a"]!)} + ${n(m.settings["epsilon"]!)})`,
      after.w - m.w,
    ],
  ],
};

const ADADELTA: Optimizer = {
  id: "adadelta",
  name: "Adadelta",
  what: "Multiplies the gradient by the recent size of its own steps, over the recent size of gradients. Keras’ default rate hardly moves it; its paper has 1.",
  rate: 0.001,
  family: "Adadelta",
  settings: [share("rho", "ρ", 0.95), EPSILON, DECAY],
  state: [kept("a", "a", "mean squared gradient"), kept("d", "d", "mean squared step")],
  apply({ g, w, rate, settings }, state) {
    const [rho, rest, epsilon] = [f(settings["rho"]!), f(1 - settings["rho"]!), f(settings["epsilon"]!)];
    const a = f(f(rho * state["a"]!) + f(rest * f(g * g)));
    const step = -f(f(root(f(state["d"]! + epsilon)) * g) / root(f(a + epsilon)));
    const d = f(f(rho * state["d"]!) + f(rest * f(step * step)));
    return { w: f(w + f(f(rate) * step)), state: { a, d, step } };
  },
  lines(m, before, after) {
    const { rho = 0, epsilon = 0 } = m.settings;
    const { a = 0, d = 0, step = 0 } = after.state;
    return [
      ["a ← ρ·a + (1 − ρ)·g²", `${n(rho)}·${n(before["a"]!)} + ${n(1 - rho)}·${b(m.g)}²`, a],
      [
        "u = −√(d + ε) / √(a + ε)·g",
        `−√(${n(before["d"]!)} + ${n(epsilon)}) / √(${n(a)} + ${n(epsilon)})·${b(m.g)}`,
        step,
      ],
      ["d ← ρ·d + (1 − ρ)·u²", `${n(rho)}·${n(before["d"]!)} + ${n(1 - rho)}·${b(step)}²`, d],
      ["Δw = η·u", `${n(m.rate)}·${b(step)}`, after.w - m.w],
    ];
  },
};

const RMSPROP: Optimizer = {
  id: "rmsprop",
  name: "RMSprop",
  what: "Divides by the recent size of gradients, so that its steps are about as large as the learning rate.",
  rate: 0.001,
  family: "RMSprop",
  settings: [share("rho", "ρ", 0.9), EPSILON, DECAY, option("momentum", "μ"), option("centered", "centered")],
  state: [
    kept("v", "v", "mean squared gradient"),
    { ...kept("a", "ḡ", "mean gradient"), only: "centered" },
    { ...kept("p", "p", "velocity"), only: "momentum" },
  ],
  apply({ g, w, rate, settings }, state) {
    const { momentum = 0, centered = 0 } = settings;
    const [rho, rest] = [f(settings["rho"]!), f(1 - settings["rho"]!)];
    const v = f(f(rho * state["v"]!) + f(rest * f(g * g)));
    const a = centered ? f(f(rho * state["a"]!) + f(rest * g)) : 0;
    const under = f((centered ? f(v - f(a * a)) : v) + f(settings["epsilon"]!));
    const step = f(f(f(rate) * g) / root(under));
    const p = momentum > 0 ? f(f(f(momentum) * state["p"]!) + step) : step;
    return { w: f(w - p), state: { v, a, p } };
  },
  lines(m, before, after) {
    const { rho = 0, epsilon = 0, momentum = 0, centered = 0 } = m.settings;
    const { v = 0, a = 0, p = 0 } = after.state;
    const under = centered ? "v − ḡ² + ε" : "v + ε";
    const numbers = centered ? `${n(v)} − ${b(a)}² + ${n(epsilon)}` : `${n(v)} + ${n(epsilon)}`;
    const lines: Line[] = [["v ← ρ·v + (1 − ρ)·g²", `${n(rho)}·${n(before["v"]!)} + ${n(1 - rho)}·${b(m.g)}²`, v]];
    if (centered) lines.push(["ḡ ← ρ·ḡ + (1 − ρ)·g", `${n(rho)}·${b(before["a"]!)} + ${n(1 - rho)}·${b(m.g)}`, a]);
    const step: Line = [`η·g / √(${under})`, `${n(m.rate)}·${b(m.g)} / √(${numbers})`, p];
    if (momentum > 0) {
      lines.push([`p ← μ·p + ${step[0]}`, `${n(momentum)}·${b(before["p"]!)} + ${step[1]}`, p]);
      return [...lines, ["Δw = −p", "", after.w - m.w]];
    }
    return [...lines, [`Δw = −${step[0]}`, `−${step[1]}`, after.w - m.w]];
  },
};

// Both -----------------------------------------------------------------------------------------------------------------

/** 1 − βᵗ in float32, where a β near 1 leaves few digits. */
const correction = (beta: number, t: number): number => f(1 - f(f(beta) ** t));

const ADAM: Optimizer = {
  id: "adam",
  name: "Adam",
  what: "Momentum over the recent size of gradients; both are corrected for their start at zero.",
  rate: 0.001,
  family: "Adam",
  settings: [share("beta_1", "β₁", 0.9), share("beta_2", "β₂", 0.999), EPSILON, DECAY, option("amsgrad", "amsgrad")],
  state: [
    kept("m", "m", "mean gradient"),
    kept("v", "v", "mean squared gradient"),
    { ...kept("most", "v max", "largest v so far"), only: "amsgrad" },
  ],
  apply({ g, w, rate, t, settings }, state) {
    const { beta_1 = 0, beta_2 = 0, epsilon = 0, amsgrad = 0 } = settings;
    const alpha = f(f(f(rate) * root(correction(beta_2, t))) / correction(beta_1, t));
    const m = f(state["m"]! + f(f(g - state["m"]!) * f(1 - beta_1)));
    const v = f(state["v"]! + f(f(f(g * g) - state["v"]!) * f(1 - beta_2)));
    const most = amsgrad ? Math.max(state["most"]!, v) : v;
    return { w: f(w - f(f(m * alpha) / f(root(most) + f(epsilon)))), state: { m, v, most } };
  },
  lines(moment, before, after) {
    const { beta_1 = 0, beta_2 = 0, epsilon = 0, amsgrad = 0 } = moment.settings;
    const { m = 0, v = 0, most = 0 } = after.state;
    const [one, two] = [correction(beta_1, moment.t), correction(beta_2, moment.t)];
    const [mHat, vHat] = [m / one, most / two];
    const hat = epsilon / Math.sqrt(two);
    return [
      ["m ← β₁·m + (1 − β₁)·g", `${n(beta_1)}·${b(before["m"]!)} + ${n(1 - beta_1)}·${b(moment.g)}`, m],
      ["v ← β₂·v + (1 − β₂)·g²", `${n(beta_2)}·${n(before["v"]!)} + ${n(1 - beta_2)}·${b(moment.g)}²`, v],
      ["m̂ = m / (1 − β₁ᵗ)", `${n(m)} / ${n(one)}`, mHat],
      [amsgrad ? "v̂ = v max / (1 − β₂ᵗ)" : "v̂ = v / (1 − β₂ᵗ)", `${n(most)} / ${n(two)}`, vHat],
      ["ε̂ = ε / √(1 − β₂ᵗ)", `${n(epsilon)} / √${n(two)}`, hat],
      ["Δw = −η·m̂ / (√v̂ + ε̂)", `−${n(moment.rate)}·${b(mHat)} / (√${n(vHat)} + ${n(hat)})`, after.w - moment.w],
    ];
  },
};

const ADAMW: Optimizer = {
  ...ADAM,
  id: "adamw",
  name: "AdamW",
  what: "Adam that also shrinks every weight a little at each step: weight decay λ.",
  settings: ADAM.settings.map((each) => (each.key === "weight_decay" ? { ...each, value: 0.004 } : each)),
};

const LION: Optimizer = {
  id: "lion",
  name: "Lion",
  what: "Only the sign counts: every step is as large as the learning rate.",
  rate: 0.001,
  family: "Lion",
  settings: [share("beta_1", "β₁", 0.9), share("beta_2", "β₂", 0.99), DECAY],
  state: [kept("m", "m", "mean gradient")],
  apply({ g, w, rate, settings }, state) {
    const [one, two, m] = [f(settings["beta_1"]!), f(settings["beta_2"]!), state["m"]!];
    const sign = Math.sign(f(f(m * one) + f(g * f(1 - one))));
    return { w: f(w - f(f(rate) * sign)), state: { m: f(f(m * two) + f(g * f(1 - two))) } };
  },
  lines(m, before, after) {
    const { beta_1 = 0, beta_2 = 0 } = m.settings;
    const mixed = f(f(before["m"]! * f(beta_1)) + f(m.g * f(1 - f(beta_1))));
    return [
      ["c = β₁·m + (1 − β₁)·g", `${n(beta_1)}·${b(before["m"]!)} + ${n(1 - beta_1)}·${b(m.g)}`, mixed],
      ["m ← β₂·m + (1 − β₂)·g", `${n(beta_2)}·${b(before["m"]!)} + ${n(1 - beta_2)}·${b(m.g)}`, after.state["m"]!],
      ["Δw = −η·sign(c)", `−${n(m.rate)}·${b(Math.sign(mixed))}`, after.w - m.w],
    ];
  },
};

export const OPTIMIZERS: Readonly<Record<OptimizerId, Optimizer>> = {
  sgd: SGD,
  momentum: MOMENTUM,
  nesterov: NESTEROV,
  adagrad: ADAGRAD,
  adadelta: ADADELTA,
  rmsprop: RMSPROP,
  adam: ADAM,
  adamw: ADAMW,
  lion: LION,
};

/** The state before the first update. */
export function startOf({ state }: Optimizer, settings: Values): Values {
  return Object.fromEntries(state.map(({ key, start }) => [key, start(settings)]));
}

/** One update; weight decay comes first and moves the weight by itself, as in Keras. */
export function updated(optimizer: Optimizer, moment: Moment, state: Values): Applied {
  return optimizer.apply({ ...moment, w: decayed(moment) }, state);
}

function decayed({ w, rate, settings }: Moment): number {
  const decay = settings["weight_decay"] ?? 0;
  return decay ? f(w - f(f(w * f(decay)) * f(rate))) : w;
}

/** The formula of one update with its numbers: decay where there is some, the optimizer's own lines, and the new weight. */
export function formulaOf(optimizer: Optimizer, moment: Moment, state: Values): Line[] {
  const after = updated(optimizer, moment, state);
  const w = decayed(moment);
  const { rate, settings } = moment;
  const decay: Line = [
    "w ← w − λ·η·w",
    `${n(moment.w)} − ${n(settings["weight_decay"] ?? 0)}·${n(rate)}·${b(moment.w)}`,
    w,
  ];
  const lines = optimizer.lines({ ...moment, w }, state, after);
  return [
    ...(w === moment.w ? [] : [decay]),
    ...lines,
    ["w ← w + Δw", `${formatNumber(w)} + ${b(lines.at(-1)![2])}`, after.w],
  ];
}

// Clipping -------------------------------------------------------------------------------------------------------------

export interface Clipping {
  readonly clipnorm: number;
  readonly globalClipnorm: number;
  readonly clipvalue: number;
}

/**
 * One value of a gradient as it is applied. Of several ways to clip Keras takes the first that is on.
 *
 * norm, globalNorm: of the variable's whole gradient and of all variables', before clipping; NaN where they are not known.
 */
export function clipped(
  g: number,
  { clipnorm, globalClipnorm, clipvalue }: Clipping,
  norm: number,
  globalNorm: number,
): number {
  if (clipnorm > 0) return f(f(g * f(clipnorm)) / (norm > clipnorm || Number.isNaN(norm) ? norm : f(clipnorm)));
  if (globalClipnorm > 0) {
    const scale = f(f(globalClipnorm) * Math.min(f(1 / globalNorm), f(1 / f(globalClipnorm))));
    return f(g * (Number.isFinite(globalNorm) ? scale : NaN));
  }
  return clipvalue > 0 ? Math.min(f(clipvalue), Math.max(f(-clipvalue), g)) : g;
}
