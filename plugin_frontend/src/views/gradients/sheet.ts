/** The view's picture as one SVG sheet: title, heatmaps, histograms, flow and colour bars. */
import { svg, type SVGTemplateResult, type TemplateResult, html } from "lit";
import type { StepHeatmap } from "../../canvas/step_heatmap.ts";
import { heatmapSvg } from "../../canvas/step_heatmap_svg.ts";
import { pixelCss, type Palette } from "../../math/colour.ts";
import type { BarLabel } from "../../parts/colour_bar.ts";
import { bandSvg, type Band } from "./bands.ts";
import { flowHeight, flowSvg, type Flow } from "./flow.ts";
import { barSvg } from "./legend.ts";

/** A figure from top to bottom: heatmaps, and bands between them. */
export interface SheetFigure {
  readonly caption: string;
  readonly note: string;
  readonly at: string;
  readonly parts: readonly (StepHeatmap | Band)[];
}

export interface Sheet {
  readonly title: string;
  readonly figures: readonly SheetFigure[];
  /** Width of the cells, and where a step stands on it. */
  readonly width: number;
  readonly toShare: (step: number) => number;
  readonly step: number;
  readonly bars: readonly {
    readonly heading: string;
    readonly palette: Palette;
    readonly labels: readonly BarLabel[];
  }[];
  readonly flow: Flow | null;
  /** Width of what stands at the right: flow and colour bars. */
  readonly side: number;
  readonly notes: readonly string[];
}

const LEFT = 88;
const RIGHT = 104;
const MARGIN = 16;
const GAP = 24;
const LINE = 16;

export async function sheetSvg(sheet: Sheet): Promise<TemplateResult> {
  const right = LEFT + sheet.width + RIGHT;
  const picture = await figuresSvg(sheet);
  const side = sideSvg(sheet, right);
  const notesTop = Math.max(picture.bottom, side.bottom) + GAP;
  const width = right + sheet.side + MARGIN;
  const height = notesTop + sheet.notes.length * LINE + MARGIN;
  return html`<svg class="sheet" xmlns="http://www.w3.org/2000/svg" width=${width} height=${height} viewBox="0 0 ${width} ${height}">
    <text class="title" x=${MARGIN} y=${MARGIN + 12}>${sheet.title}</text>
    ${picture.content} ${side.content}
    ${sheet.notes.map((note, i) => svg`<text x=${MARGIN} y=${notesTop + i * LINE}>${note}</text>`)}
  </svg>`;
}

interface Drawn {
  readonly content: SVGTemplateResult[];
  readonly bottom: number;
}

async function figuresSvg({ figures, width, toShare, step }: Sheet): Promise<Drawn> {
  const content: SVGTemplateResult[] = [];
  const line = LEFT + toShare(step) * width;
  let y = MARGIN + LINE;
  for (const { caption, note, at, parts } of figures) {
    y += GAP;
    content.push(svg`<text class="strong" x=${LEFT} y=${y - 6}>${caption}</text>
      <text class="quiet-text" x=${LEFT + width} y=${y - 6} text-anchor="end">${note}</text>
      <text class="value" x=${LEFT + width + 8} y=${y - 6}>${at}</text>`);
    for (const part of parts) {
      if ("kind" in part) {
        content.push(svg`<g transform="translate(${LEFT} ${y + 3})">${bandSvg(part, width, toShare)}</g>
          <rect class="here-line" x=${line - 1} y=${y + 3} width="2" height=${part.height}></rect>
          <text x=${LEFT - 8} y=${y + 7 + part.height / 2} text-anchor="end">${part.name}</text>
          <text class="value" x=${LEFT + width + 8} y=${y + 7 + part.height / 2}>${part.value}</text>`);
        y += part.height + 6;
      } else {
        content.push(await heatmapSvg(part, LEFT, y));
        y += part.height;
      }
    }
  }
  return { content, bottom: y };
}

function sideSvg({ bars, flow, side }: Sheet, x: number): Drawn {
  const content: SVGTemplateResult[] = [];
  let y = MARGIN + LINE + GAP;
  for (const { heading, palette, labels } of bars) {
    const colours = Array.from({ length: 64 }, (_, i) => pixelCss(palette.pixels[Math.round((i / 63) * 255)]!));
    content.push(svg`<text class="strong" x=${x} y=${y - 6}>${heading}</text>${barSvg(colours, labels, x, y, side)}`);
    y += 24 + GAP + LINE;
  }
  if (!flow) return { content, bottom: y };
  content.push(svg`<text class="strong" x=${x} y=${y - 6}>${flow.heading} at step ${flow.steps.join(" and ")}</text>
    <g transform="translate(${x} ${y})">${flowSvg(flow)}</g>`);
  return { content, bottom: y + flowHeight(flow) };
}
