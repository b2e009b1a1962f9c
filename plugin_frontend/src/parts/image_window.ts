import { css, html, nothing, svg } from "lit";
import type { PixelRect } from "../math/receptive_field.ts";
import type { Picture } from "./picture.ts";
import "./picture.ts";

/**
 * The image with the part that one cell sees: the rest dimmed, the part framed, and its size in words. `down`: pixels of
 * the screen a pixel of the picture downwards, of a signal more than across.
 */
export function imageWindow(
  picture: Picture,
  scale: number,
  seen: PixelRect | null,
  words: string,
  down = scale,
): unknown {
  const [width, height] = [picture.width * scale, picture.height * down];
  return html`<div class="image" .style=${`width:${width}px;height:${height}px`}>
    <cnn-picture role="img" aria-label=${picture.words} .picture=${picture} .style=${`width:${width}px;height:${height}px`}></cnn-picture>
    ${seen ? overlay(width, height, [scale, down], seen, words) : nothing}
  </div>`;
}

const LETTER_WIDTH = 6;

function overlay(
  width: number,
  height: number,
  [across, down]: readonly [number, number],
  seen: PixelRect,
  words: string,
): unknown {
  const [x, y, w, h] = [seen.x * across, seen.y * down, seen.width * across, seen.height * down];
  const outside = `M0 0H${width}V${height}H0ZM${x} ${y}V${y + h}H${x + w}V${y}Z`;
  const label = words.length * LETTER_WIDTH + 8;
  // Beside the frame where there is room, else inside it.
  const right = x + w + label <= width;
  const left = !right && x >= label;
  const at = right ? x + w + 6 : left ? x - 6 : Math.min(Math.max(x + 6, 4), Math.max(4, width - label));
  const [below, above] = [y + h + 18, y - 9];
  const line =
    right || left ? Math.max(14, Math.min(height - 6, y + 14)) : below < height ? below : above > 12 ? above : y + 18;
  return html`<svg class="window" width=${width} height=${height} aria-hidden="true">
    ${svg`<path class="outside" d=${outside} fill-rule="evenodd"></path>
      <rect class="halo" x=${x} y=${y} width=${w} height=${h}></rect>
      <rect class="frame" x=${x} y=${y} width=${w} height=${h}></rect>
      <text x=${at} y=${line} text-anchor=${left ? "end" : "start"}>${words}</text>`}
  </svg>`;
}

/** The orange window on data, with its white halo. */
export const frameStyles = css`
  .halo,
  .frame {
    fill: none;
  }
  .halo {
    stroke: #fff;
    stroke-width: 5px;
  }
  .frame {
    stroke: var(--here);
    stroke-width: 2px;
  }
`;

export const imageWindowStyles = css`
  ${frameStyles}
  .image {
    position: relative;
    flex: none;
    background: var(--sunken);
  }
  .window {
    position: absolute;
    inset: 0;
    overflow: visible;
  }
  .outside {
    fill: #000;
    fill-opacity: 0.42;
  }
  .window text {
    font: var(--w-b) var(--t-xs) var(--font);
    fill: #fff;
    stroke: #000;
    stroke-opacity: 0.75;
    stroke-width: 3px;
    stroke-linejoin: round;
    paint-order: stroke;
  }
`;
