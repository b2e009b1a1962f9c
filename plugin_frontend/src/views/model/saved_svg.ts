import { render, svg, type SVGTemplateResult } from "lit";
import { svgDocument } from "../../parts/svg_document.ts";
import { fitted, type Drawing } from "./drawing.ts";
import { graphSvg, type GraphLayout } from "./graph_svg.ts";
import { HEAD_HEIGHT, headSvg, rowsSvg, type TableLayout } from "./table_svg.ts";

const MARGIN = 16;
const HEAD = 32;

export interface Saved {
  readonly title: string;
  readonly drawing: Drawing;
  readonly layout: TableLayout | GraphLayout;
}

/** The whole map as a document, with its title, also what is scrolled away. `host`: where the map's styles hold. */
export function wholeSvg(host: HTMLElement, { title, drawing, layout }: Saved): string {
  const { content, width, height } = bodyOf(drawing, layout);
  const [w, h] = [Math.max(320, width) + 2 * MARGIN, height + HEAD + 2 * MARGIN];
  const place = document.createElement("div");
  place.setAttribute("style", "position:absolute;visibility:hidden;pointer-events:none");
  host.append(place);
  try {
    render(
      svg`<svg width=${w} height=${h} viewBox="0 0 ${w} ${h}">
        <text class="name" x=${MARGIN} y=${MARGIN + 10}>${fitted(title, w - 2 * MARGIN, "name", drawing.font)}</text>
        <g transform="translate(${MARGIN} ${MARGIN + HEAD})">${content}</g>
      </svg>`,
      place,
    );
    return svgDocument(place.querySelector("svg") as SVGSVGElement);
  } finally {
    place.remove();
  }
}

function bodyOf(
  drawing: Drawing,
  layout: TableLayout | GraphLayout,
): { content: SVGTemplateResult; width: number; height: number } {
  if ("graph" in layout) return { content: graphSvg(drawing, layout), width: layout.width, height: layout.height };
  const rows = svg`<g transform="translate(0 ${HEAD_HEIGHT})">${rowsSvg(drawing, layout)}</g>`;
  return {
    content: svg`${headSvg(drawing)}${rows}`,
    width: drawing.columns.width,
    height: HEAD_HEIGHT + layout.height,
  };
}
