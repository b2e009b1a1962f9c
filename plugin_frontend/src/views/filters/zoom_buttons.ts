import { html, type TemplateResult } from "lit";
import type { GridElement } from "../../canvas/grid_element.ts";

export function zoomButtons(grid: () => GridElement | null, zoomed: boolean): TemplateResult {
  const button = (text: string, name: string, key: string, off: boolean, act: () => void): TemplateResult =>
    html`<button title="${name} (${key})" aria-label=${name} ?disabled=${off} @click=${act}>${text}</button>`;
  return html`<div class="zoom">
    ${button("−", "Zoom out", "−", !zoomed, () => grid()?.zoomBy(1 / 1.5))}
    ${button("+", "Zoom in", "+", false, () => grid()?.zoomBy(1.5))}
    ${button("fit", "Fit", "0", !zoomed, () => grid()?.fit())}
  </div>`;
}
