import { nothing, svg, type SVGTemplateResult } from "lit";
import { formatShort } from "../../math/format.ts";
import { formatPercent } from "../../math/percent.ts";
import { times } from "../../state/shapes.ts";
import type { Column } from "./columns.ts";
import { fitted, fittedNumber, sumOf, type Drawing, type TextStyle } from "./drawing.ts";
import { fieldOf, same, typeWords, windowWords } from "./facts.ts";
import { barSvg, blockSvg, fieldSvg, foldGlyph, glyphSvg, shareSvg, sparkSvg } from "./layer_svg.ts";
import { RULE, type RowCurves } from "./row_numbers.ts";
import { nameOf, type MapRow } from "./rows.ts";
import { sparkHeight, type SparkScale } from "./spark.ts";
import { spineSvg } from "./spine_svg.ts";

export const HEAD_HEIGHT = 38;
/** A strip above the first row of an unfolded run. */
const FOLD_HEIGHT = 20;
export const SPARK_HEIGHT = 24;
/** Number beside a curve. */
const SPARK_NUMBER = 46;
const BAR = 44;

export interface TableLayout {
  readonly tops: readonly number[];
  readonly middles: readonly number[];
  readonly row: number;
  readonly height: number;
}

/** Rows as high as the room lets them be, within what can be read. */
export function tableLayout(rows: readonly MapRow[], room: number): TableLayout {
  const row = Math.max(36, Math.min(46, Math.floor(room / Math.max(1, rows.length))));
  const tops: number[] = [];
  let y = 0;
  for (const each of rows) {
    if (each.unfolded) y += FOLD_HEIGHT;
    tops.push(y);
    y += row;
  }
  return { tops, middles: tops.map((top) => top + row / 2), row, height: y };
}

/** Width of a column's curves. */
export function sparkWidth(column: Column): number {
  return Math.max(24, column.width - SPARK_NUMBER - 12);
}

export function headSvg({ columns: { columns, width } }: Drawing): SVGTemplateResult {
  return svg`<g class="titles">
    ${columns.map(
      (column) => svg`<g><title>${column.words}</title>
      <text x=${column.x} y=${column.note ? 15 : 29}>${column.title}</text>
      ${column.note ? svg`<text class="small" x=${column.x} y="29">${column.note}</text>` : nothing}
    </g>`,
    )}
    <path class="line strong" d=${`M0 ${HEAD_HEIGHT - 0.5}H${width}`}/>
  </g>`;
}

export function rowsSvg(drawing: Drawing, layout: TableLayout): SVGTemplateResult {
  const { rows, columns, here, cursor, hovered } = drawing;
  const x = columns.spine - 18;
  return svg`
    ${rows.map((_, i) => {
      const top = layout.tops[i] ?? 0;
      const state = [i === here ? "chosen" : "", i === hovered ? "hovered" : "", i === cursor ? "cursor" : ""].join(
        " ",
      );
      return svg`<g class="ground ${state}">
        ${i > 0 ? svg`<path class="line" d=${`M${columns.spine} ${top}H${columns.width}`}/>` : nothing}
        <rect class="wash" x="-8" y=${top} width=${columns.width + 16} height=${layout.row} rx="3"/>
      </g>`;
    })}
    ${spineSvg(drawing.edges, layout.middles, x)}
    ${rows.map((row, i) => rowSvg(drawing, row, i, layout, x))}
  `;
}

function rowSvg(drawing: Drawing, row: MapRow, i: number, layout: TableLayout, x: number): SVGTemplateResult {
  const { here, columns } = drawing;
  const top = layout.tops[i] ?? 0;
  return svg`
    ${row.unfolded ? unfoldedSvg(drawing, row, top) : nothing}
    <g class="row ${i === here ? "chosen" : ""}" id="row-${i}" role="row" data-row=${row.key} aria-selected=${i === here}
      aria-rowindex=${i + 1} transform="translate(0 ${top + layout.row / 2})">
      <rect class="target" x="-8" y=${-layout.row / 2} width=${columns.width + 16} height=${layout.row}/>
      ${row.folded ? foldGlyph(x, 0) : glyphSvg(row.face, x, 0)}
      ${columns.columns.map(
        (column) => svg`<g class="cell" role="gridcell" data-column=${column.id}
        transform="translate(${column.x} 0)">${cellSvg(column, row, drawing)}</g>`,
      )}
    </g>`;
}

/** Folds its run again. */
function unfoldedSvg({ columns, font }: Drawing, row: MapRow, top: number): SVGTemplateResult {
  const words = `▾ ${row.unfolded} layers of ${times(row.face.output_shape)}, fold`;
  return svg`<g class="unfolded" data-fold=${row.key}>
    <rect class="target" x="0" y=${top - FOLD_HEIGHT} width=${columns.width} height=${FOLD_HEIGHT}/>
    <text class="small" x=${columns.spine} y=${top - 6}>${fitted(words, columns.width - columns.spine, "small", font)}</text>
  </g>`;
}

function cellSvg(column: Column, row: MapRow, drawing: Drawing): SVGTemplateResult | typeof nothing {
  const { face } = row;
  const room = column.width - 10;
  const narrow = drawing.columns.narrow;
  const text = (words: string, style: TextStyle, x: number, y: number): SVGTemplateResult =>
    svg`<text class=${style} x=${x} y=${y}>${fitted(words, room - x, style, drawing.font)}</text>`;
  switch (column.id) {
    case "layer":
      return row.folded
        ? svg`${text(`▸ ${nameOf(row)}`, "name", 0, -3)}${text(`${row.layers.length} layers`, "small", 0, 11)}`
        : svg`${text(nameOf(row), "name", 0, -3)}${text(typeWords(face), "small", 0, 11)}`;
    case "output":
      return face.output_shape.length === 0
        ? nothing
        : svg`${narrow ? nothing : blockSvg(face, drawing.largest)}${text(times(face.output_shape), "plain", narrow ? 0 : 38, 4)}`;
    case "window": {
      const [window, rest] = row.folded ? ["", ""] : windowWords(face);
      return window ? svg`${text(window, "plain", 0, -3)}${text(rest, "small", 0, 11)}` : nothing;
    }
    case "field":
      return fieldCell(row, drawing, text);
    case "parameters":
      return barCell(
        sumOf(row, (layer) => layer.parameters),
        drawing.mostParameters,
        narrow,
        text,
      );
    case "adds":
      return barCell(
        sumOf(row, (layer) => layer.multiply_adds),
        drawing.mostAdds,
        narrow,
        text,
      );
    case "zeros":
      return zerosCell(row, drawing, text);
    default:
      return normCell(column, row, drawing);
  }
}

type Write = (words: string, style: TextStyle, x: number, y: number) => SVGTemplateResult;

function fieldCell({ face }: MapRow, { input, columns }: Drawing, text: Write): SVGTemplateResult | typeof nothing {
  if (face.role === "input") return nothing;
  const side = columns.narrow ? 18 : 28;
  const field = fieldOf(face, input);
  return field ? svg`${fieldSvg(field.size, input, side)}${text(same(field.size), "plain", side + 6, 4)}` : nothing;
}

function barCell(value: number, most: number, narrow: boolean, text: Write): SVGTemplateResult | typeof nothing {
  if (value === 0) return nothing;
  const width = Math.max(1, (value / Math.max(1, most)) * BAR);
  return narrow
    ? text(formatShort(value), "plain", 0, 4)
    : svg`${barSvg(value / Math.max(1, most), BAR)}${text(formatShort(value), "plain", width + 5, 4)}`;
}

function zerosCell(row: MapRow, { numbers, columns }: Drawing, text: Write): SVGTemplateResult | typeof nothing {
  const zeros = numbers.get(row.key)?.zeros ?? null;
  if (zeros === null) return nothing;
  if (columns.narrow) return text(formatPercent(zeros), "plain", 0, 4);
  return svg`${shareSvg(zeros, BAR)}${text(formatPercent(zeros), "plain", BAR + 6, 4)}`;
}

/** The logarithm that the column's curve shows, and the number itself. */
function normValue(column: "gradient" | "ratio", norms: { norm: number; ratio: number }) {
  return column === "ratio"
    ? { place: Math.log10(norms.ratio), value: norms.ratio, digits: 2 }
    : { place: Math.log2(norms.norm), value: norms.norm, digits: 3 };
}

function normCell(column: Column, row: MapRow, drawing: Drawing): SVGTemplateResult | typeof nothing {
  const { curves, numbers, share, colour } = drawing;
  const id = column.id as "gradient" | "ratio";
  const norms = numbers.get(row.key)?.norms ?? null;
  const width = sparkWidth(column);
  const own = curves?.byRow.get(row.key);
  const value = norms && normValue(id, norms);
  const scale = curves?.scales[id === "gradient" ? "norm" : "ratio"];
  return svg`
    ${own && scale ? curveSvg(own, id, scale, value && share !== null ? [share * width, value.place] : null, width, colour) : nothing}
    ${value ? svg`<text class="plain" x=${width + 7} y="4">${fittedNumber(value.value, value.digits, column.width - width - 7, "plain", drawing.font)}</text>` : nothing}`;
}

function curveSvg(
  own: RowCurves,
  id: "gradient" | "ratio",
  scale: SparkScale,
  at: readonly [x: number, place: number] | null,
  width: number,
  colour: string,
): SVGTemplateResult {
  const here = at && Number.isFinite(at[1]) ? ([at[0], sparkHeight(at[1], scale, SPARK_HEIGHT)] as const) : null;
  const rule = id === "ratio" ? sparkHeight(RULE, scale, SPARK_HEIGHT) : null;
  return sparkSvg(id === "gradient" ? own.norm : own.ratio, { here, rule }, width, SPARK_HEIGHT, colour);
}
