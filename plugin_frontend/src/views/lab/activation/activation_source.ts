/** Which function a layer's output goes through, and where what enters it was measured. */
import type { LayerRecord } from "../../../data/schema.ts";

export interface ActivationSource {
  /** The function's name in the model record; null: none. */
  readonly name: string | null;
  /** The layer that applies it, and the one of which the input was measured, with its place in the record. */
  readonly owner: LayerRecord;
  readonly source: string;
  readonly place: "pre_activation" | "output";
}

/** On the way from a layer to its activation: they leave single values single. */
const PASSED = new Set(["normalization", "dropout"]);

export function activationSourceOf(layer: LayerRecord, layers: readonly LayerRecord[]): ActivationSource {
  if (layer.role === "activation") return ofActivation(layer);
  if (layer.activation !== null && layer.activation !== "linear") {
    return { name: layer.activation, owner: layer, source: layer.path, place: "pre_activation" };
  }
  const own = nextActivation(layer, layers);
  return own ? ofActivation(own) : { name: null, owner: layer, source: layer.path, place: "output" };
}

function ofActivation(layer: LayerRecord): ActivationSource {
  return {
    name: layer.activation ?? layer.type,
    owner: layer,
    source: layer.inbound[0] ?? layer.path,
    place: "output",
  };
}

/** The activation that a linear layer feeds alone, normalisation and dropout between them. */
function nextActivation(layer: LayerRecord, layers: readonly LayerRecord[]): LayerRecord | null {
  let at = layer;
  for (let passed = 0; passed < layers.length; passed++) {
    const next = layers.filter(({ inbound }) => inbound.includes(at.path));
    const [only] = next;
    if (next.length !== 1 || !only) return null;
    if (only.role === "activation") return only;
    if (!PASSED.has(only.role)) return null;
    at = only;
  }
  return null;
}
