/** A layered network as boxes and lines on a page of a given width: columns run to the right and wrap as words do. */

import type { Layered, LanedEdge, Place } from "./layered.ts";

export interface GraphSizes {
  readonly width: number;
  readonly box: { readonly width: number; readonly height: number };
  /** Between columns, where lines change lanes. */
  readonly gap: number;
  /** Height of a lane that holds lines only, and what every lane keeps from its neighbour. */
  readonly lane: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface GraphLine {
  readonly from: number;
  readonly to: number;
  /** Corners; the first two and the last two lie on one height each, between lanes the line may bend. */
  readonly points: readonly Point[];
}

export interface WrappedGraph {
  /** Left upper corner of each box. */
  readonly boxes: readonly Point[];
  readonly lines: readonly GraphLine[];
  readonly width: number;
  readonly height: number;
}

/** Lines that wrap lie so far apart. */
const WIRE = 6;
const EDGE = 10;

interface Row {
  readonly start: number;
  readonly end: number;
  /** Heights of the middles of its lanes, from the row's top. */
  readonly middles: readonly number[];
  readonly height: number;
  /** Edges that go on into the next row. */
  readonly crossing: readonly number[];
  top: number;
}

export function wrapGraph(graph: Layered, sizes: GraphSizes): WrappedGraph {
  const { box, gap } = sizes;
  const side = EDGE + WIRE * Math.min(6, mostAcross(graph));
  const pitch = box.width + gap;
  const columns = Math.max(1, Math.floor((sizes.width - 2 * side + gap) / pitch));
  const rows = rowsOf(graph, columns, sizes);
  let top = 0;
  for (const row of rows) {
    row.top = top;
    top += row.height + sizes.lane + WIRE * (row.crossing.length + 1);
  }
  const rowOf = (rank: number): Row => rows.findLast((row) => row.start <= rank) as Row;
  const left = (rank: number): number => side + (rank - rowOf(rank).start) * pitch;
  const height = (rank: number, lane: number): number => rowOf(rank).top + (rowOf(rank).middles[lane] as number);
  const boxes = graph.nodes.map(({ rank, lane }) => ({ x: left(rank), y: height(rank, lane) - box.height / 2 }));
  const widest = Math.max(0, ...rows.map((row) => row.end - row.start));
  const right = Math.max(box.width, widest * pitch - gap);
  const lines = graph.edges.map((edge, i) => ({ from: edge.from, to: edge.to, points: pointsOf(edge, i) }));
  const last = rows.at(-1);
  return { boxes, lines, width: right + 2 * side, height: last ? last.top + last.height : 0 };

  function pointsOf(edge: LanedEdge, index: number): Point[] {
    const [a, b] = [graph.nodes[edge.from] as Place, graph.nodes[edge.to] as Place];
    const points: Point[] = [{ x: left(a.rank) + box.width, y: height(a.rank, a.lane) }];
    let y = (points[0] as Point).y;
    for (let rank = a.rank + 1; rank <= b.rank; rank++) {
      const here = rowOf(rank);
      if (here.start === rank && rank > 0) points.push(...turn(rowOf(rank - 1), index, y));
      const next = height(rank, rank === b.rank ? b.lane : (edge.lane ?? b.lane));
      if (here.start === rank && rank > 0) points.push({ x: side - wireOf(rowOf(rank - 1), index), y: next });
      else if (next !== y) points.push({ x: left(rank) - gap, y }, { x: left(rank), y: next });
      y = next;
    }
    points.push({ x: left(b.rank), y });
    return points;
  }

  /** Out to the right edge, down between the rows, and to the left edge. */
  function turn(row: Row, index: number, y: number): Point[] {
    const wire = wireOf(row, index);
    const x = side + (row.end - row.start) * pitch - gap + wire;
    const between = row.top + row.height + WIRE * (1 + row.crossing.indexOf(index));
    return [
      { x, y },
      { x, y: between },
      { x: side - wire, y: between },
    ];
  }

  function wireOf(row: Row, index: number): number {
    return EDGE / 2 + WIRE * Math.min(5, row.crossing.length - 1 - row.crossing.indexOf(index));
  }
}

/** Edges from ranks before `rank` to it or behind it. */
function across(graph: Layered, rank: number): number[] {
  const found: number[] = [];
  for (const [i, edge] of graph.edges.entries()) {
    if ((graph.nodes[edge.from] as Place).rank < rank && (graph.nodes[edge.to] as Place).rank >= rank) found.push(i);
  }
  return found;
}

function mostAcross(graph: Layered): number {
  let most = 0;
  for (let rank = 1; rank < graph.ranks; rank++) most = Math.max(most, across(graph, rank).length);
  return most;
}

/** Rows of at most `columns` ranks, cut where few lines cross; of equal cuts the later one. */
function rowsOf(graph: Layered, columns: number, sizes: GraphSizes): Row[] {
  const rows: Row[] = [];
  for (let start = 0; start < graph.ranks;) {
    let end = Math.min(graph.ranks, start + columns);
    if (end < graph.ranks) {
      const least = start + Math.max(1, Math.ceil(columns * 0.65));
      for (let cut = end - 1; cut >= least; cut--) if (across(graph, cut).length < across(graph, end).length) end = cut;
    }
    rows.push({
      start,
      end,
      ...lanesOf(graph, start, end, sizes),
      crossing: end < graph.ranks ? across(graph, end) : [],
      top: 0,
    });
    start = end;
  }
  return rows;
}

/** Lane 0 lies lowest; a lane is as high as what it holds in this row, and takes no room where that is nothing. */
function lanesOf(
  graph: Layered,
  start: number,
  end: number,
  { box, lane }: GraphSizes,
): { middles: number[]; height: number } {
  const inside = (from: number, to: number): boolean => from < end && to >= start;
  const heights = Array.from<number>({ length: Math.max(1, graph.lanes) }).fill(0);
  for (const edge of graph.edges) {
    const [a, b] = [graph.nodes[edge.from] as Place, graph.nodes[edge.to] as Place];
    if (edge.lane !== null && inside(a.rank + 1, b.rank - 1))
      heights[edge.lane] = Math.max(heights[edge.lane] as number, lane);
  }
  for (const node of graph.nodes) if (inside(node.rank, node.rank)) heights[node.lane] = box.height + lane;
  const total = heights.reduce((sum, each) => sum + each, 0);
  let bottom = total;
  const middles = heights.map((own) => {
    bottom -= own;
    return bottom + own / 2;
  });
  return { middles, height: total };
}
