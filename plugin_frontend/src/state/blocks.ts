import type { LayerRecord } from "../data/schema.ts";
import { spatialShape, times } from "./shapes.ts";

/** A layer with the small layers that follow it. */
export interface Tile {
  /** In the network's order. */
  readonly layers: readonly LayerRecord[];
  readonly face: LayerRecord;
}

/** Layers that have no picture of their own: they ride along with the layer they follow. */
const SMALL = new Set(["normalization", "activation", "dropout", "reshape"]);

/** Small layers join the layer that they follow, but not the current one. Every layer is in exactly one tile, in order. */
export function joinSmall(layers: readonly LayerRecord[], current: string | null): Tile[] {
  const tiles: Tile[] = [];
  for (const layer of layers) {
    const last = tiles.at(-1);
    const follows = last?.layers.at(-1)?.path;
    const alone = layer.path === current || !SMALL.has(layer.role) || layer.inbound.length !== 1;
    if (last && !alone && layer.inbound[0] === follows && last.face.role !== "input") {
      tiles[tiles.length - 1] = { ...last, layers: [...last.layers, layer] };
    } else {
      tiles.push({ layers: [layer], face: layer });
    }
  }
  return tiles;
}

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

/** What most of the layers' names begin with ("conv4" of conv4_block1_1_conv …), else first to last. */
export function blockName(layers: readonly LayerRecord[]): string {
  const names = layers.map((layer) => layer.name);
  const counts = new Map<string, number>();
  for (const name of names) {
    const word = name.split(/[_\-./\s]/)[0] ?? "";
    if (word !== "" && word !== name) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1])[0];
  if (most && most[1] >= 0.6 * names.length) return most[0];
  return `${names[0]} … ${names.at(-1)}`;
}
