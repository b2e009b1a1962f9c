/** Activations of one value, with the defaults of Keras 3. */

import { erf } from "./erf.ts";

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const elu = (x: number): number => (x > 0 ? x : Math.expm1(x));
const silu = (x: number): number => (x === -Infinity ? 0 : x * sigmoid(x));
const relu = (x: number): number => (x > 0 ? x : 0 * x || 0);
/** ln(1 + eˣ) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const ACTIVATIONS = new Map<string, (x: number) => number>([
  ["linear", (x) => x],
  ["relu", (x) => (Number.isNaN(x) ? x : relu(x))],
  ["relu6", (x) => (Number.isNaN(x) ? x : Math.min(6, Math.max(0, x)))],
  ["leaky_relu", (x) => (x < 0 ? 0.2 * x : x)],
  ["sigmoid", sigmoid],
  ["hard_sigmoid", (x) => Math.min(6, Math.max(0, x + 3)) / 6],
  ["tanh", Math.tanh],
  ["elu", elu],
  ["selu", (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x))],
  // approximate=False: with erf, not with tanh.
  ["gelu", (x) => (x === -Infinity ? 0 : (x * (1 + erf(x * Math.SQRT1_2))) / 2)],
  ["silu", silu],
  ["swish", silu],
  ["softplus", softplus],
  ["softsign", (x) => x / (1 + Math.abs(x))],
  ["mish", (x) => x * Math.tanh(softplus(x))],
  ["exponential", Math.exp],
]);

/** The activation of that name in the model record; null is linear. Undefined where it is not one of single values. */
export function activationOf(name: string | null): ((x: number) => number) | undefined {
  return ACTIVATIONS.get(name ?? "linear");
}
