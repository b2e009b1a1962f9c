import type { LayerRecord } from "../data/schema.ts";

/** Spatial axes of a layer's output, [] where it has none (dense, global pooling). */
export function spatialShape(layer: LayerRecord): readonly (number | null)[] {
  const shape = layer.output_shape;
  if (shape.length < 2) return [];
  return layer.data_format === "channels_first" ? shape.slice(1) : shape.slice(0, -1);
}

/** Channels of a layer's output, or its units. */
export function channelCount(layer: LayerRecord): number | null {
  const shape = layer.output_shape;
  return (layer.data_format === "channels_first" && shape.length > 1 ? shape[0] : shape.at(-1)) ?? null;
}

/** The longest spatial axis; null where there is none or it is unknown. */
export function spatialSide(layer: LayerRecord): number | null {
  const known = spatialShape(layer).filter((axis) => axis !== null);
  return known.length ? Math.max(...known) : null;
}

export function times(axes: readonly (number | null)[]): string {
  return axes.map((axis) => axis ?? "?").join("×");
}

/** The layer in a few characters: "7×7, 24", "max 2×2", "64 → 10", "conv2 + conv3". */
export function describeLayer(layer: LayerRecord): string {
  const kernel = layer.kernel_size ? times(layer.kernel_size) : "";
  switch (layer.role) {
    case "input":
      return times(layer.output_shape);
    case "convolution":
      return `${kernel}${strided(layer)}, ${layer.filters ?? channelCount(layer) ?? "?"}`;
    case "recurrent":
      return [kernel, layer.type].filter(Boolean).join(" ");
    case "pooling":
      return [layer.pool === "average" ? "mean" : layer.pool, kernel].filter(Boolean).join(" ");
    case "dense":
      return `${layer.input_shapes[0]?.at(-1) ?? "?"} → ${layer.output_shape.at(-1) ?? "?"}`;
    case "merge":
      return mergeInWords(layer);
    default:
      return layer.activation && layer.activation !== "linear" ? layer.activation : layer.type;
  }
}

function mergeInWords(layer: LayerRecord): string {
  const names = layer.inbound.map((path) => path.split("/").at(-1));
  const text = names.join(layer.type === "Add" ? " + " : ", ");
  return text.length <= 18 ? text : `${names.length} inputs`;
}

function strided(layer: LayerRecord): string {
  const strides = layer.strides ?? [];
  return strides.some((stride) => stride > 1) ? ` / ${new Set(strides).size === 1 ? strides[0] : times(strides)}` : "";
}
