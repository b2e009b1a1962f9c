import { html, nothing, svg } from "lit";
import type { Picture } from "../../parts/picture.ts";
import type { Mark } from "./map_painter.ts";

/** The image with the part that one cell sees: the rest dimmed, the part framed, and its size in words. */
export function imageWindow(picture: Picture, scale: number, seen: Mark | null, words: string): unknown {
  const [width, height] = [picture.width * scale, picture.height * scale];
  return html`<div class="image" .style=${`width:${width}px;height:${height}px`}>
    <cnn-picture role="img" aria-label=${picture.words} .picture=${picture} .style=${`width:${width}px;height:${height}px`}></cnn-picture>
    ${seen ? overlay(width, height, scale, seen, words) : nothing}
  </div>`;
}

const LETTER_WIDTH = 6;

function overlay(width: number, height: number, scale: number, seen: Mark, words: string): unknown {
  const [x, y, w, h] = [seen.x * scale, seen.y * scale, seen.width * scale, seen.height * scale];
  const outside = `M0 0H${width}V${height}H0ZM${x} ${y}V${y + h}H${x + w}V${y}Z`;
  const label = words.length * LETTER_WIDTH + 8;
  // Beside the frame where there is room, else inside it.
  const right = x + w + label <= width;
  const left = !right && x >= label;
  const at = right ? x + w + 6 : left ? x - 6 : Math.min(Math.max(x + 6, 4), Math.max(4, width - label));
  const [below, above] = [y + h + 18, y - 9];
  const line = right || left ? Math.max(14, Math.min(height - 6, y + 14)) : below < height ? below : above > 12 ? above : y + 18;
  return html`<svg class="window" width=${width} height=${height} aria-hidden="true">
    ${svg`<path class="outside" d=${outside} fill-rule="evenodd"></path>
      <rect class="halo" x=${x} y=${y} width=${w} height=${h}></rect>
      <rect class="frame" x=${x} y=${y} width=${w} height=${h}></rect>
      <text x=${at} y=${line} text-anchor=${left ? "end" : "start"}>${words}</text>`}
  </svg>`;
}
