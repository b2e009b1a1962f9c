/** Shares of a variable's values that have no size (zeros, NaN, Inf), as bars over steps. */
import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { stepColumns, type StepColumns } from "../../math/step_columns.ts";
import { formatPercent } from "../../math/percent.ts";

export interface Band {
  readonly kind: "zero" | "nan" | "inf";
  readonly name: string;
  readonly steps: ArrayLike<number>;
  readonly shares: Float64Array;
  readonly height: number;
  /** What stands in the gutter at the current step. */
  readonly value: string;
}

/** "41.6 %", never rounded to 0 or 100 where it is not. */
export function percent(share: number): string {
  const text = formatPercent(share);
  return /[<>]|NaN/.test(text) || share === 0 || share === 1 ? text : `${(100 * share).toFixed(1)} %`;
}

/** Bars from the base line of a box of width × height; a column shows the largest share of its steps. */
export function bandPath(columns: StepColumns, shares: ArrayLike<number>, height: number): string {
  let path = "";
  let before = NaN;
  for (let x = 0; x < columns.width; x++) {
    const share = largestShare(shares, columns.first[x]!, columns.last[x]!);
    // What is there at all can be seen.
    const top = share > 0 ? height - Math.max(1, Math.round(share * height)) : height;
    if (top !== before) path += `${x ? `H${x}` : `M0 ${height}`}V${top}`;
    before = top;
  }
  return path && `${path}H${columns.width}V${height}Z`;
}

function largestShare(shares: ArrayLike<number>, first: number, last: number): number {
  let largest = 0;
  if (first >= 0) for (let i = first; i <= last; i++) largest = Math.max(largest, shares[i]!);
  return largest;
}

export function bandSvg(band: Band, width: number, toShare: (step: number) => number): SVGTemplateResult {
  const columns = stepColumns(band.steps, width, toShare);
  return svg`<path class="band ${band.kind}" d=${bandPath(columns, band.shares, band.height)}></path>
    <path class="rule" d=${`M0 ${band.height - 0.5}H${width}`}></path>`;
}

export function bandRow(
  band: Band,
  width: number,
  toShare: (step: number) => number,
  press: (event: PointerEvent) => void,
): TemplateResult {
  const line = `line-height:${band.height}px`;
  return html`<div class="band-row" data-band=${band.kind} .style=${`height:${band.height}px`}>
    <span class="gutter-name" .style=${line}>${band.name}</span>
    <svg width=${width} height=${band.height} @pointerdown=${press} aria-hidden="true">${bandSvg(band, width, toShare)}</svg>
    <span class="gutter-value" .style=${line}>${band.value}</span>
  </div>`;
}
