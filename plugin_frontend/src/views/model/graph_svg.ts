import type { LayerRecord } from "../../data/schema.ts";
import { nothing, svg, type SVGTemplateResult } from "lit";
import { formatShort } from "../../math/format.ts";
import { layered } from "../../math/layered.ts";
import type { Edge } from "../../math/edges.ts";
import { wrapGraph, type Point, type WrappedGraph } from "../../math/wrapped_graph.ts";
import { times } from "../../state/shapes.ts";
import { fitted, sumOf, widthOf, type Drawing } from "./drawing.ts";
import { typeWords, windowWords } from "./facts.ts";
import { foldGlyph, glyphSvg } from "./layer_svg.ts";
import { nameOf, type MapRow } from "./rows.ts";

const BOX_HEIGHT = 66;
/** Boxes are as wide as the longest name asks for, within these. */
const BOX_WIDTH = { least: 126, most: 176 } as const;
/** What stands beside a name in its box. */
const BESIDE_NAME = 38;
const GAP = 28;
const LANE = 16;
const MARGIN = 8;
/** Sizes that are tried until the whole graph is in sight. */
const FITTING = [1, 0.9, 0.8] as const;

export interface GraphLayout {
  readonly graph: WrappedGraph;
  readonly scale: number;
  readonly box: { readonly width: number; readonly height: number };
  readonly width: number;
  readonly height: number;
}

/** `zoom`: per cent, or 0 for the largest size at which all is in sight, as long as it can be read. */
export function graphLayout(
  rows: readonly MapRow[],
  edges: readonly Edge[],
  room: { width: number; height: number },
  zoom: number,
  font: string,
): GraphLayout {
  const ranked = layered(rows.length, edges);
  const longest = Math.max(0, ...rows.map((row) => widthOf(nameOf(row), "name", font)));
  const box = {
    width: Math.min(BOX_WIDTH.most, Math.max(BOX_WIDTH.least, Math.ceil(longest) + BESIDE_NAME)),
    height: BOX_HEIGHT,
  };
  const at = (scale: number): GraphLayout => {
    const width = Math.max(box.width + 40, room.width / scale - 2 * MARGIN);
    const graph = wrapGraph(ranked, { width, box, gap: GAP, lane: LANE });
    return {
      graph,
      scale,
      box,
      width: (graph.width + 2 * MARGIN) * scale,
      height: (graph.height + 2 * MARGIN) * scale,
    };
  };
  if (zoom > 0) return at(zoom / 100);
  const tried = FITTING.map(at);
  return tried.find(({ height }) => height <= room.height) ?? (tried.at(-1) as GraphLayout);
}

export function graphSvg(drawing: Drawing, { graph, scale, box }: GraphLayout): SVGTemplateResult {
  const entered = new Set(graph.lines.map((line) => line.to));
  return svg`<g transform="scale(${scale}) translate(${MARGIN} ${MARGIN})">
    <g class="edges">${graph.lines.map((line) => svg`<path d=${linePath(line.points)}/>`)}</g>
    ${drawing.rows.map((row, i) => boxSvg(drawing, row, i, graph.boxes[i] as Point, entered.has(i), box.width))}
  </g>`;
}

function boxSvg(
  drawing: Drawing,
  row: MapRow,
  i: number,
  { x, y }: Point,
  entered: boolean,
  width: number,
): SVGTemplateResult {
  const { here, hovered, cursor, font } = drawing;
  const state = [
    i === here ? "chosen" : "",
    i === hovered ? "hovered" : "",
    i === cursor ? "cursor" : "",
    row.folded ? "folded" : "",
  ].join(" ");
  const { face } = row;
  const room = width - 16;
  const parameters = sumOf(row, (layer) => layer.parameters);
  const second = row.folded ? `${row.layers.length} layers` : operationWords(face);
  const amount = parameters ? formatShort(parameters) : "";
  return svg`<g class="box ${state}" id="row-${i}" role="row" data-row=${row.key} aria-selected=${i === here} aria-rowindex=${i + 1}
    transform="translate(${x} ${y})"><g role="gridcell">
    ${row.folded ? svg`<rect class="sheet" x="6" y="-6" width=${width} height=${BOX_HEIGHT} rx="4"/><rect class="sheet" x="3" y="-3" width=${width} height=${BOX_HEIGHT} rx="4"/>` : nothing}
    <rect class="face" width=${width} height=${BOX_HEIGHT} rx="4"/>
    ${entered ? svg`<path class="arrow" d=${`M0 ${BOX_HEIGHT / 2}l-7 -4v8z`}/>` : nothing}
    ${row.folded ? foldGlyph(15, 16) : glyphSvg(face, 15, 16)}
    <text class="name" x="28" y="20">${fitted(nameOf(row), width - BESIDE_NAME + 2, "name", font)}</text>
    <text class="small" x="8" y="38">${fitted(second, room, "small", font)}</text>
    <text class="plain" x="8" y="56">${fitted(times(face.output_shape), room - (amount ? 46 : 0), "plain", font)}</text>
    ${amount ? svg`<text class="plain end" x=${width - 8} y="56">${amount}</text>` : nothing}
    ${
      row.unfolded
        ? svg`<g class="unfolded" data-fold=${row.key}><rect class="target" x="0" y="-16" width=${width} height="16"/><text class="small" x="0" y="-4">▾ ${row.unfolded} layers, fold</text></g>`
        : nothing
    }
  </g></g>`;
}

/** "Conv2D 3×3 / 2, relu". */
function operationWords(layer: LayerRecord): string {
  const [type, ...rest] = typeWords(layer).split(", ");
  return [[type, windowWords(layer)[0]].filter(Boolean).join(" "), ...rest].join(", ");
}

/** Straight pieces; where a line changes its height between two columns it bends. */
function linePath(points: readonly Point[]): string {
  const [first] = points as [Point, ...Point[]];
  let path = `M${first.x} ${first.y}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1] as Point, points[i] as Point];
    const middle = (a.x + b.x) / 2;
    path += a.x !== b.x && a.y !== b.y ? `C${middle} ${a.y} ${middle} ${b.y} ${b.x} ${b.y}` : `L${b.x} ${b.y}`;
  }
  return path;
}
