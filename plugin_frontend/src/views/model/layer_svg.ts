/** Small drawings of one layer. All are placed by their middle's height, and start at x = 0. */

import { nothing, svg, type SVGTemplateResult } from "lit";
import type { LayerRecord } from "../../data/schema.ts";
import { glyphOf } from "../../parts/glyph.ts";
import { channelCount, spatialShape } from "../../state/shapes.ts";
import type { Spark } from "./spark.ts";

/** Roles with weights that learn patterns stand out among what only passes on. */
const SOLID = new Set(["convolution", "dense"]);
const GLYPH_SCALE = 0.62;

export function glyphSvg(layer: LayerRecord, x: number, y: number): SVGTemplateResult {
  const solid = SOLID.has(layer.role);
  return svg`<g class="glyph ${solid ? "solid" : ""}" transform="translate(${x} ${y}) scale(${GLYPH_SCALE})">${
    solid ? svg`<rect x="-10" y="-10" width="20" height="20" rx="3"/>` : glyphOf(layer)
  }</g>`;
}

/** For several layers that are folded to one. */
export function foldGlyph(x: number, y: number): SVGTemplateResult {
  return svg`<g class="glyph" transform=${`translate(${x} ${y}) scale(${GLYPH_SCALE})`}>
    <rect x="-4" y="-12" width="16" height="16" rx="2"/><rect x="-8" y="-8" width="16" height="16" rx="2"/><rect x="-12" y="-4" width="16" height="16" rx="2"/>
  </g>`;
}

const BLOCK = 24;
/** The block is never smaller than this and never deeper. */
const LEAST = 3;
const DEEPEST = 9;

/** Height and width of the output against the largest one's, channels by their logarithm into the depth. */
export function blockSvg(layer: LayerRecord, largest: number): SVGTemplateResult | typeof nothing {
  if (layer.output_shape.length === 0) return nothing;
  const axes = spatialShape(layer);
  const side = (axis: number | null | undefined): number =>
    axis == null ? LEAST : Math.max(LEAST, BLOCK * Math.min(1, axis / Math.max(1, largest)) ** 0.75);
  const width = side(axes.at(-1));
  const height = axes.length === 1 ? LEAST : side(axes.at(-2));
  const depth = Math.min(DEEPEST, Math.log2(Math.max(1, channelCount(layer) ?? 1)) * 1.2);
  const [x, y] = [(BLOCK - width) / 2, (depth * 0.5 - height) / 2];
  const [dx, dy] = [depth, -depth * 0.5];
  return svg`<g class="block">
    <path class="shade" d="M${x} ${y}l${dx} ${dy}h${width}l${-dx} ${-dy}z"/>
    <path class="shade" d="M${x + width} ${y}l${dx} ${dy}v${height}l${-dx} ${-dy}z"/>
    <rect x=${x} y=${y} width=${width} height=${height}/>
  </g>`;
}

/** The square that one number sees inside the input's square; nothing where the input's shape is not known. */
export function fieldSvg(
  size: readonly number[],
  input: readonly (number | null)[],
  side: number,
): SVGTemplateResult | typeof nothing {
  const [height, width] = input.length === 1 ? [null, input[0]] : input.slice(-2);
  if (width == null || (height == null && input.length > 1)) return nothing;
  const rows = height ?? Math.ceil(width / 5);
  const scale = side / Math.max(width, rows);
  const [w, h] = [
    Math.min(width, size.at(-1) ?? 1) * scale,
    Math.min(rows, size.length > 1 ? (size.at(-2) ?? 1) : rows) * scale,
  ];
  const left = (side - width * scale) / 2;
  return svg`<g class="field">
    <rect class="whole" x=${left} y=${(-rows * scale) / 2} width=${width * scale} height=${rows * scale}/>
    <rect class="seen" x=${left + (width * scale - w) / 2} y=${-h / 2} width=${w} height=${h}/>
  </g>`;
}

export function barSvg(share: number, width: number): SVGTemplateResult {
  return svg`<rect class="bar" x="0" y="-6" width=${Math.max(1, share * width)} height="12"/>`;
}

/** A share of a whole: the frame is all of it. */
export function shareSvg(share: number, width: number): SVGTemplateResult {
  return svg`<rect class="all" x="0.5" y="-5.5" width=${width - 1} height="11"/><rect class="bar" x="1" y="-5" width=${share * (width - 2)} height="10"/>`;
}

export interface SparkMarks {
  /** Where the shown step is; null where it has no place. */
  readonly here: readonly [x: number, y: number] | null;
  /** Height of the dashed line. */
  readonly rule: number | null;
}

/** The curve as logged, its mean in the run's colour, and the shown step. `height` is its whole height. */
export function sparkSvg(
  spark: Spark,
  marks: SparkMarks,
  width: number,
  height: number,
  colour: string,
): SVGTemplateResult {
  const { here, rule } = marks;
  return svg`<g class="spark" transform="translate(0 ${-height / 2})">
    ${rule === null ? nothing : svg`<path class="rule" d="M0 ${rule}H${width}"/>`}
    <path class="raw" d=${spark.raw}/>
    <path class="mean" d=${spark.smooth} .style=${`stroke:${colour}`}/>
    ${spark.zeros.map((x) => svg`<path class="zero" d="M${x} ${height - 3}V${height}"/>`)}
    ${spark.broken.map((x) => svg`<path class="broken" d="M${x} 0V${height}"/>`)}
    ${here ? svg`<circle class="ring" cx=${here[0]} cy=${here[1]} r="3.3"/><circle class="here" cx=${here[0]} cy=${here[1]} r="2.3"/>` : nothing}
  </g>`;
}
