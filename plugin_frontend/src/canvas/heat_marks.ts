/** Flags on a heatmap: since when something holds of a row. */
import { css, html, type TemplateResult } from "lit";

export interface HeatMark {
  readonly row: number;
  readonly step: number;
  readonly severity: "error" | "warning";
  /** What is drawn: 12 × 12 pixels. */
  readonly sign: TemplateResult;
  readonly words: string;
}

export interface MarkPlace {
  readonly width: number;
  readonly rowHeight: number;
  readonly toShare: (step: number) => number;
}

/** Pixels of a sign with its ground. */
const SIGN = 16;

/** A line as high as the row where it begins, and a sign on the side that has room. */
export function heatMarks(
  marks: readonly HeatMark[],
  { width, rowHeight, toShare }: MarkPlace,
  go: (mark: HeatMark) => void,
): TemplateResult[] {
  return marks.map((mark) => {
    const x = Math.max(0, Math.min(width - 2, toShare(mark.step) * width));
    const side = x + SIGN > width ? "left" : "right";
    return html`<button class="mark ${mark.severity} ${side}" tabindex="-1" title=${mark.words} aria-label=${mark.words}
      .style=${`left:${x}px;top:${mark.row * rowHeight}px;height:${rowHeight}px`} @click=${() => go(mark)}
      >${mark.sign}</button>`;
  });
}

export const heatMarkStyles = css`
  .mark {
    position: absolute;
    right: auto;
    max-width: none;
    width: 2px;
    overflow: visible;
    background: currentColor;
    color: var(--warn);
    box-shadow: 0 0 0 1px var(--page);
  }
  .mark.error {
    color: var(--bad);
  }
  .mark .severity {
    position: absolute;
    top: 0;
    left: 2px;
    display: grid;
    place-items: center;
    width: 16px;
    height: min(16px, 100%);
    overflow: hidden;
    background: var(--page);
  }
  .mark.left .severity {
    left: auto;
    right: 2px;
  }
  .mark svg {
    fill: currentColor;
    stroke: none;
  }
  .mark .sign {
    fill: none;
    stroke: var(--page);
    stroke-width: 1.4;
  }
  .mark .sr-only {
    display: none;
  }
`;
