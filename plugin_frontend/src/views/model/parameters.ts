import type { LayerRecord, VariableRecord } from "../../data/schema.ts";
import { formatCount } from "../../math/format.ts";
import { channelCount } from "../../state/shapes.ts";

/**
 * Where the number of a layer's parameters comes from: "48·9·64 + 64 = 27,712", inputs · cells · outputs + biases. From
 * the trained variables, or, of a frozen layer, from its settings; just the number where neither explains it.
 */
export function parameterArithmetic(layer: LayerRecord, variables: readonly VariableRecord[]): string {
  const total = formatCount(layer.parameters);
  if (layer.parameters === 0) return "0";
  const terms = variables.length ? variables.map(termOf) : settingTerms(layer);
  const sum = terms.reduce((all, { size }) => all + size, 0);
  const rest = layer.parameters - sum;
  if (terms.length === 0 || rest < 0 || (rest > 0 && variables.length === 0)) return total;
  const words = terms.map(({ factors }) => factors.join("·"));
  if (rest > 0) words.push(`${formatCount(rest)} not trained`);
  return words.length === 1 && words[0] === String(layer.parameters) ? total : `${words.join(" + ")} = ${total}`;
}

interface Term {
  readonly factors: readonly number[];
  readonly size: number;
}

/** Of a kernel [...window, inputs, outputs] the window's cells stand as one number between inputs and outputs. */
function termOf(variable: VariableRecord): Term {
  const { shape } = variable;
  if (shape.length < 3 || !/kernel/.test(variable.role)) return term(shape.length ? shape : [1]);
  const cells = product(shape.slice(0, -2));
  return term([shape.at(-2) as number, ...(cells === 1 ? [] : [cells]), shape.at(-1) as number]);
}

function settingTerms(layer: LayerRecord): Term[] {
  const input = layer.input_shapes[0];
  if (!input || layer.filters === null || !(layer.role === "convolution" || layer.role === "dense")) return [];
  const channels = layer.role === "dense" ? (input.at(-1) ?? null) : channelCount({ ...layer, output_shape: input });
  if (channels === null) return [];
  const cells = product(layer.kernel_size ?? []);
  const own = channels / (layer.groups || 1);
  return [
    term([own, ...(cells === 1 ? [] : [cells]), layer.filters]),
    ...(layer.use_bias ? [term([layer.filters])] : []),
  ];
}

function term(factors: readonly number[]): Term {
  return { factors, size: product(factors) };
}

function product(factors: readonly number[]): number {
  return factors.reduce((all, factor) => all * factor, 1);
}
