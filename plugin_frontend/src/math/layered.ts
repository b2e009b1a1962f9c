/** A network as columns (ranks) and lanes: the longest way through it runs straight along lane 0, branches lie beside it. */

import type { Edge } from "./edges.ts";

export interface Place {
  /** Columns from the start: the length of the longest way to it. */
  readonly rank: number;
  readonly lane: number;
}

export interface LanedEdge extends Edge {
  /** The lane in which it runs between its ends; null where they are in neighbouring columns. */
  readonly lane: number | null;
}

export interface Layered {
  readonly nodes: readonly Place[];
  /** Edges that lead forward; what leads back or to itself is no part of a network and is left out. */
  readonly edges: readonly LanedEdge[];
  readonly ranks: number;
  readonly lanes: number;
}

/** What takes a lane over the ranks `start` to `end`: a branch of nodes and the long edges between them. */
interface Branch {
  start: number;
  end: number;
  readonly nodes: number[];
  readonly edges: number[];
}

/** Nodes are 0 to count − 1 in an order in which edges lead forward. Without any edge every node has a column of its own. */
export function layered(count: number, edges: readonly Edge[]): Layered {
  const forward = edges.filter(({ from, to }) => from >= 0 && to < count && from < to);
  const ins = adjacency(count, forward, "to");
  const outs = adjacency(count, forward, "from");
  const rank = ranksOf(count, forward, ins, outs);
  const main = mainPath(rank, forward, outs, ins);
  const branches = branchesOf(rank, forward, ins, outs, main);
  const lanes = assignLanes(branches, Math.max(-1, ...rank) + 1);
  const nodeLane = Array.from<number>({ length: count }).fill(0);
  const edgeLane = Array.from<number | null>({ length: forward.length }).fill(null);
  for (const [i, branch] of branches.entries()) {
    for (const node of branch.nodes) nodeLane[node] = lanes[i] as number;
    for (const edge of branch.edges) edgeLane[edge] = lanes[i] as number;
  }
  return {
    nodes: rank.map((own, node) => ({ rank: own, lane: nodeLane[node] as number })),
    edges: forward.map((edge, i) => ({ ...edge, lane: edgeLane[i] as number | null })),
    ranks: Math.max(-1, ...rank) + 1,
    lanes: Math.max(-1, ...lanes) + 1,
  };
}

/** Of each node the indices of the edges that end (or start) there. */
function adjacency(count: number, edges: readonly Edge[], end: "from" | "to"): number[][] {
  const lists = Array.from({ length: count }, (): number[] => []);
  for (const [i, edge] of edges.entries()) (lists[edge[end]] as number[]).push(i);
  return lists;
}

/** Longest ways from a start; a start stands right before the first that reads it, what is joined to nothing behind all before it. */
function ranksOf(count: number, edges: readonly Edge[], ins: readonly number[][], outs: readonly number[][]): number[] {
  const rank: number[] = [];
  let last = -1;
  for (let node = 0; node < count; node++) {
    const before = (ins[node] as number[]).map((i) => rank[(edges[i] as Edge).from] as number);
    const alone = before.length === 0 && (outs[node] as number[]).length === 0;
    rank[node] = alone ? last + 1 : before.length ? Math.max(...before) + 1 : 0;
    last = Math.max(last, rank[node] as number);
  }
  for (let node = 0; node < count; node++) {
    const next = (outs[node] as number[]).map((i) => rank[(edges[i] as Edge).to] as number);
    if ((ins[node] as number[]).length === 0 && next.length) rank[node] = Math.min(...next) - 1;
  }
  return rank;
}

/** The nodes of one longest way to the last rank that is joined to anything; of two as long the one through later nodes. */
function mainPath(
  rank: readonly number[],
  edges: readonly Edge[],
  outs: readonly number[][],
  ins: readonly number[][],
): Set<number> {
  const path = new Set<number>();
  let at = -1;
  for (const [node, own] of rank.entries()) {
    const joined = (ins[node] as number[]).length + (outs[node] as number[]).length > 0;
    if (joined && (at < 0 || own >= (rank[at] as number))) at = node;
  }
  while (at >= 0) {
    path.add(at);
    const before = (ins[at] as number[])
      .map((i) => (edges[i] as Edge).from)
      .filter((from) => rank[from] === (rank[at] as number) - 1);
    at = before.length ? Math.max(...before) : -1;
  }
  return path;
}

function branchesOf(
  rank: readonly number[],
  edges: readonly Edge[],
  ins: readonly number[][],
  outs: readonly number[][],
  main: ReadonlySet<number>,
): Branch[] {
  const taken = new Set<number>();
  const isLong = (edge: Edge): boolean => (rank[edge.to] as number) - (rank[edge.from] as number) > 1;
  const branches: Branch[] = [];
  const straight: Branch = { start: Infinity, end: -1, nodes: [...main], edges: [] };
  for (const node of main) extend(straight, rank[node] as number, rank[node] as number);
  if (main.size) branches.push(straight);
  const seen = new Set(main);
  for (let first = 0; first < rank.length; first++) {
    if (seen.has(first)) continue;
    const branch: Branch = { start: rank[first] as number, end: rank[first] as number, nodes: [], edges: [] };
    takeLongest(branch, ins[first] as number[]);
    for (let node: number | undefined = first; node !== undefined;) {
      branch.nodes.push(node);
      seen.add(node);
      extend(branch, rank[node] as number, rank[node] as number);
      const on: readonly number[] = outs[node] as number[];
      const next: number | undefined = on.find((i) => !seen.has((edges[i] as Edge).to));
      takeLongest(branch, next === undefined ? on : [next]);
      node = next === undefined ? undefined : (edges[next] as Edge).to;
    }
    branches.push(branch);
  }
  for (const [i, edge] of edges.entries()) {
    if (!isLong(edge) || taken.has(i)) continue;
    branches.push({
      start: (rank[edge.from] as number) + 1,
      end: (rank[edge.to] as number) - 1,
      nodes: [],
      edges: [i],
    });
  }
  return branches;

  /** The longest of these edges goes along in the branch's own lane. */
  function takeLongest(branch: Branch, candidates: readonly number[]): void {
    const length = (i: number): number =>
      (rank[(edges[i] as Edge).to] as number) - (rank[(edges[i] as Edge).from] as number);
    const long = candidates.filter((i) => length(i) > 1 && !taken.has(i)).sort((a, b) => length(b) - length(a))[0];
    if (long === undefined) return;
    const edge = edges[long] as Edge;
    taken.add(long);
    branch.edges.push(long);
    extend(branch, (rank[edge.from] as number) + 1, (rank[edge.to] as number) - 1);
  }
}

function extend(branch: Branch, start: number, end: number): void {
  branch.start = Math.min(branch.start, start);
  branch.end = Math.max(branch.end, end);
}

/** The lowest lane that is free all the way; the shorter first, so that what reaches far lies outside. */
function assignLanes(branches: readonly Branch[], ranks: number): number[] {
  const taken: boolean[][] = [];
  const lanes = branches.map(() => 0);
  const length = (i: number): number => (branches[i] as Branch).end - (branches[i] as Branch).start;
  const order = branches.map((_, i) => i).sort((a, b) => (a === 0 ? -1 : b === 0 ? 1 : length(a) - length(b)));
  for (const i of order) {
    const { start, end } = branches[i] as Branch;
    let lane = 0;
    while (taken[lane]?.slice(start, end + 1).some(Boolean)) lane++;
    (taken[lane] ??= Array.from<boolean>({ length: ranks }).fill(false)).fill(true, start, end + 1);
    lanes[i] = lane;
  }
  return lanes;
}
