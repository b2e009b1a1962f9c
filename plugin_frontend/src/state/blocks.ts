import type { LayerRecord } from "../data/schema.ts";
import { spatialShape, times } from "./shapes.ts";

/** Runs of neighbours whose layers' outputs have one spatial size: what a long network folds to. The input stands alone. */
export function blocksOf<T>(items: readonly T[], layerOf: (item: T) => LayerRecord): T[][] {
  const blocks: T[][] = [];
  let size = "";
  for (const item of items) {
    const layer = layerOf(item);
    const own = layer.role === "input" ? "input" : times(spatialShape(layer));
    if (blocks.length && own === size) blocks.at(-1)?.push(item);
    else blocks.push([item]);
    size = own;
  }
  return blocks;
}
