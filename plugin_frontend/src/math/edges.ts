/** Which layers hand their output to which, as lines of a picture. */

import type { LayerRecord } from "../data/schema.ts";

/** What stands for one or several layers: a tile, a row, a box. */
export interface LayerGroup {
  readonly layers: readonly Pick<LayerRecord, "path" | "inbound">[];
}

/** An edge between two groups, by index; from < to unless the network's order is unusual. */
export interface Edge {
  readonly from: number;
  readonly to: number;
}

/** Which group hands its output to which; each pair once. */
export function edgesOf(items: readonly LayerGroup[]): Edge[] {
  const groupOf = new Map<string, number>();
  for (const [index, item] of items.entries()) for (const layer of item.layers) groupOf.set(layer.path, index);
  const seen = new Set<string>();
  const edges: Edge[] = [];
  for (const [to, item] of items.entries()) {
    for (const path of item.layers.flatMap((layer) => layer.inbound)) {
      const from = groupOf.get(path);
      if (from === undefined || from === to || seen.has(`${from} ${to}`)) continue;
      seen.add(`${from} ${to}`);
      edges.push({ from, to });
    }
  }
  return edges;
}

/** Rows beside the line, so that arcs that overlap do not lie on each other: 0 is the nearest. */
export function arcLevels(arcs: readonly Edge[], most = 3): number[] {
  const placed: { from: number; to: number; level: number }[] = [];
  const order = arcs.map((_, i) => i).sort((a, b) => width(arcs[a]) - width(arcs[b]));
  const levels = arcs.map(() => 0);
  for (const i of order) {
    const { from, to } = arcs[i] as Edge;
    const taken = new Set(placed.filter((p) => p.from < to && from < p.to).map((p) => p.level));
    let level = 0;
    while (taken.has(level) && level < most - 1) level++;
    placed.push({ from, to, level });
    levels[i] = level;
  }
  return levels;
}

function width(edge: Edge | undefined): number {
  return edge ? Math.abs(edge.to - edge.from) : 0;
}
