import type { LayerRecord, RunDetail } from "../../data/schema.ts";
import { hasKind } from "../../state/selectors.ts";

export type Mode = "convolution" | "pooling" | "activation" | "optimizer";

/** The layer decides; on a convolution one may also pool, and ask what its activation does where that was measured. */
export function modeOf(chosen: Mode, role: string | null, detail: RunDetail | null): Mode {
  if (role === "pooling") return "pooling";
  return chosen === "activation" && !hasKind(detail, "activations") ? "convolution" : chosen;
}

/** Layers that have, or feed, an activation. */
export function activates({ role, activation }: LayerRecord): boolean {
  return (
    ["convolution", "dense", "normalization", "activation"].includes(role) || (role === "other" && activation !== null)
  );
}

/** Layers that an optimizer trains. */
export function trains({ trainable, parameters }: LayerRecord): boolean {
  return trainable && parameters > 0;
}
