import { css, html, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { VerdictEntry } from "../data/schema.ts";

export type Severity = VerdictEntry["severity"];

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = { error: "Error", warning: "Warning", note: "Note" };

/** Told apart by their outlines, not by their colours alone. In a box of 12 × 12. */
const SHAPES: Readonly<Record<Severity, SVGTemplateResult>> = {
  error: svg`<path d="M3.7 0.5h4.6L11.5 3.7v4.6L8.3 11.5H3.7L0.5 8.3V3.7z"/><path class="sign" d="M4 4l4 4M8 4l-4 4"/>`,
  warning: svg`<path d="M6 0.8 11.8 11.2H0.2z"/><path class="sign" d="M6 4.4v3.2M6 9v1"/>`,
  note: svg`<circle cx="6" cy="6" r="5.5"/><path class="sign" d="M6 5.2v3.6M6 2.9v1"/>`,
};

function icon(severity: Severity): TemplateResult {
  return html`<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">${SHAPES[severity]}</svg>`;
}

/** Its sign, and its word for who cannot see that. */
export function severityMark(severity: Severity): TemplateResult {
  return html`<span class="severity ${severity}">${icon(severity)}<span class="sr-only">, ${severity}</span></span>`;
}

/** Its sign and its word. */
export function severityLabel(severity: Severity): TemplateResult {
  return html`<span class="severity ${severity}">${icon(severity)}<b>${SEVERITY_WORDS[severity]}</b></span>`;
}

export const severityStyles = css`
  .severity {
    display: inline-flex;
    flex: none;
    align-items: center;
    gap: var(--s1);
    position: relative;
    color: var(--ink-2);
  }
  .severity.error {
    color: var(--bad);
  }
  .severity.warning {
    color: var(--warn);
  }
  .severity svg {
    position: static;
    flex: none;
    fill: currentColor;
    stroke: none;
  }
  .severity .sign {
    fill: none;
    stroke: var(--page);
    stroke-width: 1.4;
  }
`;
