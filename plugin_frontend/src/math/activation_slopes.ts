/** How steep an activation function is: what a gradient is multiplied by on its way back through it. */
import { activationOf } from "./activations.ts";
import { erf } from "./erf.ts";

/** A slope below it, of either sign, passes less than a twentieth of the gradient on. */
export const FLAT = 0.05;

export interface ActivationFunction {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const SLOPES = new Map<string, (x: number) => number>([
  ["linear", () => 1],
  // At the bend frameworks give 0.
  ["relu", (x) => (x > 0 ? 1 : 0)],
  ["relu6", (x) => (x > 0 && x < 6 ? 1 : 0)],
  ["sigmoid", (x) => sigmoid(x) * sigmoid(-x)],
  ["tanh", (x) => 1 - Math.tanh(x) ** 2],
  ["gelu", (x) => (1 + erf(x * Math.SQRT1_2)) / 2 + (x * Math.exp(-(x * x) / 2)) / Math.sqrt(2 * Math.PI)],
  ["silu", (x) => sigmoid(x) * (1 + x * sigmoid(-x))],
]);

/** An activation by its name in the model record, or its layer's class; undefined where it is not one of single values. */
export function activationFunction(name: string | null, leak = 0.2): ActivationFunction | undefined {
  const own = ofLayerClass(name);
  if (own === "leaky_relu") return { value: (x) => (x < 0 ? leak * x : x), slope: (x) => (x > 0 ? 1 : leak) };
  const value = activationOf(own);
  return value && { value, slope: SLOPES.get(own === "swish" ? "silu" : (own ?? "linear")) ?? differenceOf(value) };
}

/** "ReLU" and "LeakyReLU" are layers of the functions relu and leaky_relu. */
export function ofLayerClass(name: string | null): string | null {
  const known: Readonly<Record<string, string>> = { ReLU: "relu", LeakyReLU: "leaky_relu", ELU: "elu" };
  return name !== null && Object.hasOwn(known, name) ? known[name]! : name;
}

/** For functions whose slope is not written down here: the central difference, right to about 10⁻⁸. */
function differenceOf(value: (x: number) => number): (x: number) => number {
  return (x) => {
    const step = 1e-5 * Math.max(1, Math.abs(x));
    return (value(x + step) - value(x - step)) / (2 * step);
  };
}
