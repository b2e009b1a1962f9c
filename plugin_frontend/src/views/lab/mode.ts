import type { LayerRecord, RunDetail } from "../../data/schema.ts";
import { hasKind, layersOf, stepsOf } from "../../state/selectors.ts";

export type Mode = "convolution" | "pooling" | "activation" | "loss" | "optimizer";

/**
 * The layer decides; on a convolution one may also pool, and ask what its activation does where that was measured. The loss is
 * asked of the layer that gives the prediction alone, where one need not choose it if nothing else can be shown.
 */
export function modeOf(chosen: Mode, layer: LayerRecord | null, detail: RunDetail | null): Mode {
  const isOpen = hasKind(detail, "predictions") && (layer === null || layer.path === outputLayer(detail)?.path);
  if (isOpen && chosen === "loss") return "loss";
  if (layer?.role === "pooling") return "pooling";
  if (chosen === "optimizer") return "optimizer";
  if (chosen === "activation" && hasKind(detail, "activations")) return "activation";
  const operates = layer === null || stepsOf(detail, "operations", layer.path).length > 0;
  return isOpen && !operates ? "loss" : chosen === "pooling" ? "pooling" : "convolution";
}

/** Layers that have, or feed, an activation. */
export function activates({ role, activation }: LayerRecord): boolean {
  return (
    ["convolution", "dense", "normalization", "activation"].includes(role) || (role === "other" && activation !== null)
  );
}

/** The layer whose output is the prediction: the last one that feeds no other. */
export function outputLayer(detail: RunDetail | null): LayerRecord | null {
  const layers = layersOf(detail);
  const fed = new Set(layers.flatMap(({ inbound }) => inbound));
  return layers.findLast(({ path, role }) => role !== "input" && !fed.has(path)) ?? null;
}

/** Where a mode leads from a layer: to the prediction's, or from one without operations to the last that has some. */
export function layerFor(mode: Mode, layer: LayerRecord, detail: RunDetail | null): LayerRecord {
  if (mode === "loss") return outputLayer(detail) ?? layer;
  const operates = ({ path }: LayerRecord): boolean => stepsOf(detail, "operations", path).length > 0;
  if (mode === "activation" || mode === "optimizer" || operates(layer)) return layer;
  return layersOf(detail).findLast((each) => each.role === mode && operates(each)) ?? layer;
}

/** Layers that an optimizer trains. */
export function trains({ trainable, parameters }: LayerRecord): boolean {
  return trainable && parameters > 0;
}
