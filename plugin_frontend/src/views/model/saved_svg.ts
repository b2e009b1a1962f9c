import { render, svg, type SVGTemplateResult } from "lit";
import { svgDocument } from "../../parts/svg_document.ts";
import { fitted } from "./drawing.ts";

const MARGIN = 16;
const HEAD = 32;

export interface Saved {
  readonly title: string;
  readonly content: SVGTemplateResult;
  readonly width: number;
  readonly height: number;
  readonly font: string;
}

/** The whole map as a document, with its title, also what is scrolled away. `host`: where the map's styles hold. */
export function wholeSvg(host: HTMLElement, { title, content, width, height, font }: Saved): string {
  const [w, h] = [Math.max(320, width) + 2 * MARGIN, height + HEAD + 2 * MARGIN];
  const place = document.createElement("div");
  place.setAttribute("style", "position:absolute;visibility:hidden;pointer-events:none");
  host.append(place);
  try {
    render(
      svg`<svg width=${w} height=${h} viewBox="0 0 ${w} ${h}">
        <text class="name" x=${MARGIN} y=${MARGIN + 10}>${fitted(title, w - 2 * MARGIN, "name", font)}</text>
        <g transform="translate(${MARGIN} ${MARGIN + HEAD})">${content}</g>
      </svg>`,
      place,
    );
    return svgDocument(place.querySelector("svg") as SVGSVGElement);
  } finally {
    place.remove();
  }
}
