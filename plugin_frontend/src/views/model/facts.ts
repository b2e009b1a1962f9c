/** What the model record says of a layer, in words. */

import type { LayerRecord, ModelRecord, VariableRecord } from "../../data/schema.ts";
import { formatCount, formatNumber } from "../../math/format.ts";
import { windowAxis, type Padding } from "../../math/window_geometry.ts";
import type { TableRow } from "../../parts/table_rows.ts";
import { channelCount, spatialShape, times } from "../../state/shapes.ts";
import { parameterArithmetic } from "./parameters.ts";

/** "Conv2D, relu, frozen". */
export function typeWords(layer: LayerRecord): string {
  const activation = layer.role === "activation" && layer.activation === layer.type ? null : layer.activation;
  const frozen = layer.parameters > 0 && !layer.trainable ? "frozen" : null;
  return [layer.type || "layer", activation === "linear" ? null : activation, frozen].filter(Boolean).join(", ");
}

/** Whether the layer's output has passed an activation, so that its zeros are worth counting. */
export function isActivated(layer: LayerRecord): boolean {
  return layer.role === "activation" || (layer.activation !== null && layer.activation !== "linear");
}

/** "3×3 / 2 dil. 2" and "same, 4 groups"; the stride where it is not 1, and always of pooling. */
export function windowWords(layer: LayerRecord): readonly [string, string] {
  if (layer.role === "pooling" && !layer.kernel_size)
    return ["global", layer.pool === "average" ? "mean" : (layer.pool ?? "")];
  if (!layer.kernel_size) return ["", ""];
  const strides = layer.strides ?? [];
  const shown = layer.role === "pooling" || strides.some((stride) => stride !== 1);
  const rest = [layer.padding, layer.groups !== null && layer.groups !== 1 ? `${layer.groups} groups` : null];
  const dilation = layer.dilation?.some((each) => each !== 1) ? ` dil. ${same(layer.dilation)}` : "";
  return [
    times(layer.kernel_size) + (shown && strides.length ? ` / ${same(strides)}` : "") + dilation,
    rest.filter(Boolean).join(", "),
  ];
}

/** "3" where all axes agree, else "3×1". */
export function same(axes: readonly number[]): string {
  return new Set(axes).size === 1 ? formatNumber(axes[0] as number).replace(/\.0+$/, "") : times(axes);
}

/** What one number of a map can see: size of its square and how far neighbours are apart; null where that is not known. */
export function fieldOf(
  layer: LayerRecord,
  input: readonly (number | null)[],
): { size: number[]; stride: number[] | null } | null {
  if (layer.receptive_field?.size.length) return layer.receptive_field;
  const whole = input.filter((axis) => axis !== null);
  return spatialShape(layer).length === 0 && layer.output_shape.length && whole.length === input.length && whole.length
    ? { size: whole, stride: null }
    : null;
}

/** Spatial axes of the network's image: those of the first input that has any. */
export function inputShape(layers: readonly LayerRecord[]): readonly (number | null)[] {
  return (
    layers
      .filter((layer) => layer.role === "input")
      .map(spatialShape)
      .find((shape) => shape.length) ?? []
  );
}

/** "12 layers, 100,042 parameters, 31.4 M multiply-adds an image". */
export function totalsInWords(
  layers: readonly LayerRecord[],
  model: ModelRecord | null,
  short: (count: number) => string,
): string {
  const count = `${formatCount(layers.length)} ${layers.length === 1 ? "layer" : "layers"}`;
  if (!model) return `${count} by their records; the model record is missing`;
  const known = layers.filter((layer) => layer.multiply_adds !== null);
  const sum = known.reduce((total, layer) => total + (layer.multiply_adds ?? 0), 0);
  const unknown = layers.length - known.length;
  const adds =
    known.length === 0
      ? null
      : `${short(sum)} multiply-adds an image${unknown ? ` (${unknown} ${unknown === 1 ? "layer" : "layers"} not counted)` : ""}`;
  return [count, `${formatCount(model.parameters)} parameters`, adds].filter(Boolean).join(", ");
}

/** Cells of padding before and behind on each axis: "same: 1 each side", "same: 0 before, 1 after". */
export function paddingWords(layer: LayerRecord): string {
  const { padding, kernel_size: sizes, strides, dilation } = layer;
  const input = layer.input_shapes[0];
  if (!padding || !sizes) return padding ?? "";
  if (padding === "valid") return "valid: none";
  const lengths = input ? spatialShape({ ...layer, output_shape: input }) : [];
  if (layer.transposed || /transpose/i.test(layer.type) || lengths.length !== sizes.length) return padding;
  const sides = lengths.map((length, axis) => {
    try {
      return windowAxis({
        length: length ?? 0,
        size: sizes[axis] ?? 0,
        stride: strides?.[axis] ?? 1,
        dilation: dilation?.[axis] ?? 1,
        padding: padding as Padding,
      });
    } catch {
      return null;
    }
  });
  const words = sides.map((side) =>
    side === null
      ? "?"
      : side.before === side.after
        ? `${side.before} each side`
        : `${side.before} before, ${side.after} after`,
  );
  return `${padding}: ${new Set(words).size === 1 ? words[0] : words.join("; ")}`;
}

/** The table below the image. */
export function factRows(layer: LayerRecord, variables: readonly VariableRecord[]): TableRow[] {
  const rows: [string, string][] = layer.kernel_size ? windowRows(layer) : [];
  const field = layer.receptive_field;
  if (field?.size.length)
    rows.push(["receptive field", `${times(field.size)} px`], ["neighbours apart", `${same(field.stride)} px`]);
  rows.push(["parameters", parameterArithmetic(layer, variables)]);
  if (layer.parameters > 0) rows.push(["", layer.trainable ? "trainable" : "frozen: not trained"]);
  if (layer.multiply_adds !== null) rows.push(["multiply-adds", formatCount(layer.multiply_adds)]);
  const inputs = [...new Set(layer.input_shapes.map(times))];
  if (inputs.length) rows.push(["input", inputs.join(", ")]);
  if (layer.output_shape.length) rows.push(["output", times(layer.output_shape)]);
  return [...rows, ...variableRows(variables)];
}

function windowRows(layer: LayerRecord): [string, string][] {
  const kernel = times(layer.kernel_size ?? []);
  const [inputs, outputs] = [inputChannels(layer), layer.filters ?? channelCount(layer)];
  const convolution = layer.role === "convolution";
  const rows: [string, string][] = [
    convolution
      ? ["kernel", `${kernel}×${inputs === null ? "?" : inputs / (layer.groups || 1)} → ${outputs ?? "?"}`]
      : ["window", kernel],
  ];
  if (layer.strides) {
    rows.push(
      layer.dilation
        ? ["stride, dilation", `${same(layer.strides)}, ${same(layer.dilation)}`]
        : ["stride", same(layer.strides)],
    );
  }
  if (layer.groups !== null) rows.push(["groups", formatCount(layer.groups)]);
  return [...rows, ["padding", paddingWords(layer)]];
}

function inputChannels(layer: LayerRecord): number | null {
  const shape = layer.input_shapes[0];
  return shape ? channelCount({ ...layer, output_shape: shape }) : null;
}

function variableRows(variables: readonly VariableRecord[]): TableRow[] {
  if (variables.length === 0) return [];
  return [
    "line",
    ...variables.map((variable): TableRow => [
      variable.role || variable.path,
      `${times(variable.shape) || "scalar"} ${variable.dtype}`,
    ]),
  ];
}
