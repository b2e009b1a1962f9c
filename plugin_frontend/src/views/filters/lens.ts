/** The kernel under the cursor, large, with its numbers: beside the cursor, never over it. */
import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { colourPixel, pixelCss, inkOn, type Palette } from "../../math/colour.ts";
import { formatTiny } from "../../math/format.ts";
import { boundAt } from "./bounds.ts";
import { tileOf, tileSize, type Kernels } from "./kernels.ts";
import { NUMBERED_FROM } from "./painters.ts";
import type { Panel } from "./picture.ts";
import type { WeightPlace } from "./scenes.ts";

const LARGEST_LENS = 49;
const CELL = 34;
const DISTANCE = 28;

export const lensStyles = css`
  .lens {
    position: absolute; z-index: 2; pointer-events: none; padding: var(--s2); border: 1px solid var(--line-strong);
    border-radius: var(--r2); background: var(--raise); font-size: var(--t-xs);
  }
  .lens div { display: grid; gap: 1px; margin-top: var(--s1); }
  .lens i { display: grid; place-items: center; font-style: normal; width: ${CELL}px; height: 26px; }
  .lens i.at { outline: 2px solid var(--here); outline-offset: -1px; box-shadow: inset 0 0 0 2px #fff; z-index: 1; }
`;

/** The lens of a matrix; nothing where cells are large enough for their own numbers, or the kernel is too large. */
export function lensOf(
  panel: Panel,
  weight: WeightPlace,
  cell: number,
  inputName: string,
  at: { x: number; y: number },
  room: { width: number; height: number },
): unknown {
  const { kernels, plan, bounds } = panel;
  if (plan.mode !== "matrix" || tileSize(kernels) > LARGEST_LENS || cell >= NUMBERED_FROM) return nothing;
  const bound = boundAt(bounds, kernels, weight.filter, weight.input);
  const dead = kernels.dead[weight.filter] ? ", practically dead" : "";
  return lens(kernels, weight, `in ${inputName} → filter ${weight.filter}${dead}`, plan.palette, bound, at, room);
}

/** `at` and `room` in pixels of the positioned parent. */
function lens(
  kernels: Kernels,
  weight: WeightPlace,
  title: string,
  palette: Palette,
  bound: number,
  at: { x: number; y: number },
  room: { width: number; height: number },
): TemplateResult {
  const start = tileOf(kernels, weight.filter, weight.input, weight.slice) * tileSize(kernels);
  const cells = kernels.values.subarray(start, start + tileSize(kernels));
  const here = weight.row * kernels.width + weight.column;
  const [width, height] = [kernels.width * (CELL + 1) + 20, kernels.height * 27 + 42];
  const left = at.x + DISTANCE + width <= room.width ? at.x + DISTANCE : Math.max(0, at.x - DISTANCE - width);
  const top = Math.max(0, Math.min(at.y + DISTANCE, room.height - height));
  return html`<div class="lens" style=${styleMap({ left: `${left}px`, top: `${top}px` })}>
    <b>${title}</b>
    <div style=${styleMap({ gridTemplateColumns: `repeat(${kernels.width}, ${CELL}px)` })}>
      ${Array.from(cells, (value, i) => {
        const pixel = colourPixel(value, -bound, bound, palette);
        const style = { background: pixelCss(pixel), color: inkOn(pixel) };
        return html`<i class=${i === here ? "at" : ""} style=${styleMap(style)}>${formatTiny(value)}</i>`;
      })}
    </div>
  </div>`;
}
