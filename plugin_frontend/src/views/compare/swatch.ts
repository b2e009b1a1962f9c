import { html, svg } from "lit";
import { runStyle } from "../../state/run_style.ts";

/** A piece of a run's line. */
export function swatch(run: string, thin = false): unknown {
  const { colour, dash } = runStyle(run);
  return html`<svg width="18" height="10" aria-hidden="true">
    ${svg`<line x1="1" x2="17" y1="5" y2="5" style=${`stroke:${colour}`} stroke-width=${thin ? 1 : 3} stroke-dasharray=${dash || "none"}></line>`}
  </svg>`;
}
