/** What the layer itself gave, against what is computed here. No effects. */
import type { LayerRecord } from "../../../data/schema.ts";
import type { Planes } from "../../../math/planes.ts";
import { isolated } from "../../../parts/isolated.ts";
import type { PooledMap } from "./pooled_map.ts";

/** The largest distance from the logged output, over one channel; NaN only where one side is NaN and the other is not. */
export function largestDeviation(computed: ArrayLike<number>, logged: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < computed.length; i++) {
    const [a, b] = [computed[i]!, logged[i]!];
    if (Object.is(a, b) || a === b) continue;
    const distance = Math.abs(a - b);
    if (Number.isNaN(distance)) return NaN;
    most = Math.max(most, distance);
  }
  return most;
}

export type Agreement =
  | {
      readonly is: "compared";
      readonly with: "max" | "average";
      readonly deviation: number;
      readonly logged: Float32Array;
    }
  | { readonly is: "none"; readonly why: string };

/** `logged`: the layer's output, the chosen channel alone. */
export function agreement(layer: LayerRecord, own: boolean, pooled: PooledMap, logged: Planes): Agreement {
  if (layer.role !== "pooling") {
    return {
      is: "none",
      why: `${isolated(layer.name)} is a convolution: its output is pooled here by hand, so there is no logged result to compare with.`,
    };
  }
  if (layer.pool !== "max" && layer.pool !== "average") {
    return {
      is: "none",
      why: `What ${isolated(layer.name)} computes (${layer.type}) is not among the operations here.`,
    };
  }
  if (!own)
    return {
      is: "none",
      why: `Window, stride or padding were changed by hand: ${isolated(layer.name)} did not compute this. Reset compares again.`,
    };
  const column = pooled.columns.find(({ pooling }) => pooling === layer.pool)!;
  if (column.output.length !== logged.values.length) {
    return {
      is: "none",
      why: `The logged output has ${logged.values.length} cells a channel, not the ${column.output.length} that its settings give.`,
    };
  }
  return {
    is: "compared",
    with: layer.pool,
    deviation: largestDeviation(column.output, logged.values),
    logged: logged.values,
  };
}
