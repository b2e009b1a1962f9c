import { describe, expect, it } from "vitest";
import type { Edge } from "../../src/math/edges.ts";
import { layered, type Place } from "../../src/math/layered.ts";
import { wrapGraph, type Point } from "../../src/math/wrapped_graph.ts";
import { seeded } from "../support.ts";

const chain = (count: number): Edge[] => Array.from({ length: count - 1 }, (_, i) => ({ from: i, to: i + 1 }));

/** Any network: each node reads one to three of those before it, mostly near ones; a few read none. */
function generated(random: () => number, most: number): { count: number; edges: Edge[] } {
  const count = 1 + Math.floor(random() * most);
  const edges: Edge[] = [];
  for (let to = 1; to < count; to++) {
    const reads = random() < 0.1 ? 0 : 1 + Math.floor(random() ** 3 * 3);
    const from = new Set(Array.from({ length: reads }, () => Math.max(0, to - 1 - Math.floor(random() ** 3 * 9))));
    for (const each of from) edges.push({ from: each, to });
  }
  return { count, edges };
}

/** The longest way from any start, by trying all ways. */
function longest(edges: readonly Edge[], node: number): number {
  return Math.max(0, ...edges.filter((edge) => edge.to === node).map((edge) => 1 + longest(edges, edge.from)));
}

describe("layered", () => {
  it("draws a chain as one straight line", () => {
    const { nodes, lanes, ranks } = layered(200, chain(200));
    expect(nodes).toEqual(Array.from({ length: 200 }, (_, rank) => ({ rank, lane: 0 })));
    expect([lanes, ranks]).toEqual([1, 200]);
  });

  it("gives nodes without any edge a column each, and nothing to nothing", () => {
    expect(layered(3, []).nodes.map(({ rank }) => rank)).toEqual([0, 1, 2]);
    expect(layered(0, [])).toEqual({ nodes: [], edges: [], ranks: 0, lanes: 0 });
  });

  it("puts a skip beside the line, and nests those of a U", () => {
    const residual = layered(4, [...chain(4), { from: 0, to: 3 }]);
    expect(residual.nodes.map(({ lane }) => lane)).toEqual([0, 0, 0, 0]);
    expect(residual.edges.at(-1)?.lane).toBe(1);
    const unet = layered(9, [...chain(9), { from: 1, to: 7 }, { from: 3, to: 5 }, { from: 2, to: 6 }]);
    expect(unet.edges.slice(-3).map(({ lane }) => lane)).toEqual([3, 1, 2]);
  });

  it("keeps a branch of several layers in one lane", () => {
    // 0 → 1 → 2 → 3 → 6, and 0 → 4 → 5 → 6.
    const { nodes, lanes } = layered(7, [
      ...chain(4),
      { from: 3, to: 6 },
      { from: 0, to: 4 },
      { from: 4, to: 5 },
      { from: 5, to: 6 },
    ]);
    expect(nodes.map(({ lane }) => lane)).toEqual([0, 0, 0, 0, 1, 1, 0]);
    expect(lanes).toBe(2);
  });

  it("leaves out what leads back", () => {
    expect(layered(3, [...chain(3), { from: 2, to: 0 }, { from: 1, to: 1 }]).edges).toHaveLength(2);
  });

  it("never puts two things into one place, and ranks by the longest way", () => {
    const random = seeded(51);
    for (let round = 0; round < 150; round++) {
      const { count, edges } = generated(random, round % 3 ? 14 : 120);
      const { nodes, edges: laned, lanes } = layered(count, edges);
      const cells = new Set<string>();
      const take = (rank: number, lane: number): void => {
        expect(cells.has(`${rank} ${lane}`), `rank ${rank}, lane ${lane}`).toBe(false);
        expect(lane).toBeLessThan(lanes);
        cells.add(`${rank} ${lane}`);
      };
      for (const { rank, lane } of nodes) take(rank, lane);
      expect(laned).toHaveLength(edges.length);
      for (const { from, to, lane } of laned) {
        const [a, b] = [nodes[from] as Place, nodes[to] as Place];
        expect(a.rank).toBeLessThan(b.rank);
        expect(lane === null).toBe(b.rank - a.rank === 1);
        for (let rank = a.rank + 1; rank < b.rank; rank++) take(rank, lane as number);
      }
      if (count > 14) continue;
      for (const [node, { rank }] of nodes.entries()) {
        if (edges.some((edge) => edge.to === node)) expect(rank).toBe(longest(edges, node));
      }
    }
  });
});

describe("wrapGraph", () => {
  const sizes = { box: { width: 120, height: 60 }, gap: 28, lane: 14 };

  it("keeps boxes apart and on the page, and leads every line from box to box", () => {
    const random = seeded(52);
    for (let round = 0; round < 100; round++) {
      const { count, edges } = generated(random, 60);
      const width = 400 + Math.floor(random() * 900);
      const graph = wrapGraph(layered(count, edges), { ...sizes, width });
      expect(graph.width).toBeLessThanOrEqual(width);
      for (const [i, a] of graph.boxes.entries()) {
        expect(Math.min(a.x, a.y)).toBeGreaterThanOrEqual(0);
        expect(a.x + 120).toBeLessThanOrEqual(graph.width);
        expect(a.y + 60).toBeLessThanOrEqual(graph.height);
        for (const b of graph.boxes.slice(0, i))
          expect(Math.abs(a.x - b.x) >= 120 || Math.abs(a.y - b.y) >= 60).toBe(true);
      }
      for (const line of graph.lines) {
        const [from, to] = [graph.boxes[line.from] as Point, graph.boxes[line.to] as Point];
        expect(line.points[0]).toEqual({ x: from.x + 120, y: from.y + 30 });
        expect(line.points.at(-1)).toEqual({ x: to.x, y: to.y + 30 });
        for (const { x, y } of line.points) {
          expect(x >= 0 && x <= graph.width && y >= 0 && y <= graph.height).toBe(true);
        }
      }
    }
  });

  it("runs no line through a box", () => {
    const random = seeded(53);
    for (let round = 0; round < 60; round++) {
      const { count, edges } = generated(random, 40);
      const graph = wrapGraph(layered(count, edges), { ...sizes, width: 760 });
      for (const { points } of graph.lines) {
        for (let i = 1; i < points.length; i++) {
          const [a, b] = [points[i - 1] as Point, points[i] as Point];
          if (a.y !== b.y) continue;
          for (const box of graph.boxes) {
            const over = Math.min(a.x, b.x) < box.x + 119 && Math.max(a.x, b.x) > box.x + 1;
            expect(over && a.y > box.y && a.y < box.y + 60, JSON.stringify([points, box])).toBe(false);
          }
        }
      }
    }
  });

  it("cuts between the blocks of a residual network, where one line crosses", () => {
    const edges = chain(33);
    for (let block = 0; block < 8; block++) edges.push({ from: block * 4, to: block * 4 + 3 });
    const graph = wrapGraph(layered(33, edges), { ...sizes, width: 1000 });
    const tops = [...new Set(graph.boxes.map(({ y }) => y))];
    expect(tops.length).toBeGreaterThan(3);
    for (const top of tops.slice(1)) expect(graph.boxes.findIndex(({ y }) => y === top) % 4).toBe(0);
  });
});
