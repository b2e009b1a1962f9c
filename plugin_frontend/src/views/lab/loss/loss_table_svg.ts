/** The picture below: each loss at this prediction, and over the logit that is moved. */
import { svg, type SVGTemplateResult } from "lit";
import { formatNumber, formatSigned } from "../../../math/format.ts";
import { along, PANEL, type LossLayout, type Span } from "./loss_layout.ts";
import type { LossPanel, LossShown } from "./loss_view_model.ts";
import { inputName, twoLines } from "./loss_words.ts";

const INSET = 6;

export function lossesSvg(shown: LossShown, layout: LossLayout): SVGTemplateResult {
  const { table, curve, slope, numbers, width } = layout;
  const { panels, xs, focus } = shown;
  const end = table.top + panels.length * PANEL;
  const x = inputName(shown);
  const heads = ["loss", x === "p" ? "" : "∂/∂p", `∂/∂${x}`, "loss", `∂/∂${x}`];
  return svg`
    <path class="axis" d=${`M0 ${table.y}H${width}`}></path>
    <text class="strong" x=${curve.x} y=${table.y + 16}>loss</text>
    <text class="quiet-text" x=${curve.x} y=${table.y + 30}>over ${x}</text>
    <text class="strong slope-label" x=${slope.x} y=${table.y + 16}>its slope ∂/∂${x}</text>
    <text class="quiet-text" x=${slope.x} y=${table.y + 30}>how hard it pushes</text>
    <text class="strong" x=${numbers[2]} y=${table.y + 16} text-anchor="end">this image: loss, slopes</text>
    <text class="strong" x=${numbers[4]} y=${table.y + 16} text-anchor="end">mean of ${shown.source.examples.length}</text>
    ${heads.map((head, i) => svg`<text class="quiet-text" x=${numbers[i]} y=${table.y + 30} text-anchor="end">${head}</text>`)}
    ${panels.map((panel, i) => panelSvg(layout, panel, table.top + i * PANEL, x === "p"))}
    ${[curve, slope].map(
      (
        span,
      ) => svg`<rect class="cursor" x=${along(span, xs, focus.z) - 1} y=${table.top} width="2" height=${end - table.top}></rect>
      ${focus.isMoved ? svg`<path class="before" d=${`M${along(span, xs, focus.loggedZ)} ${table.top}V${end}`}></path>` : null}
      ${[0, 0.5, 1].map((at) => svg`<text class="tick" x=${span.x + at * span.width} y=${end + 12} text-anchor=${["start", "middle", "end"][at * 2]}>${formatNumber(xs[Math.round(at * (xs.length - 1))]!, { digits: 2 }).replace(/\.0$/, "")}</text>`)}`,
    )}
    ${panels.map((panel, i) => dotsSvg(shown, layout, panel, table.top + i * PANEL))}`;
}

function panelSvg(layout: LossLayout, panel: LossPanel, y: number, isPlain: boolean): SVGTemplateResult {
  const { curve, slope, numbers, width } = layout;
  const [first, second] = twoLines(panel.loss.title);
  const digits = { digits: 3 };
  const cells = [
    formatNumber(panel.value, digits),
    isPlain ? "" : formatSigned(panel.byOutput, 3),
    formatSigned(panel.byInput, 3),
    formatNumber(panel.mean, digits),
    formatSigned(panel.meanByInput, 3),
  ];
  const name = panel.isOwn ? "strong" : "";
  return svg`<g data-loss=${panel.loss.name}>
    <title>${panel.loss.title}: ${panel.loss.formula}</title>
    ${panel.isOwn ? svg`<rect class="own-ground" x="0" y=${y + 1} width=${width} height=${PANEL - 2}></rect>` : null}
    <text class=${name} x="4" y=${y + 18}>${first}</text>
    <text class=${name} x="4" y=${y + 31}>${second}</text>
    ${panel.isOwn ? svg`<text class="quiet-text" x="4" y=${y + 44}>the run’s own</text>` : null}
    <path class="grid" d=${`M${curve.x} ${heightOf(y, panel.curve, true)(0)}h${curve.width}M${slope.x} ${heightOf(y, panel.slope, false)(0)}h${slope.width}`}></path>
    <path class="output" d=${line(curve, panel.curve, heightOf(y, panel.curve, true))}></path>
    <path class="slope" d=${line(slope, panel.slope, heightOf(y, panel.slope, false))}></path>
    ${cells.map((words, i) => svg`<text class=${i === 2 || i === 0 ? "strong" : ""} x=${numbers[i]} y=${y + PANEL / 2 + 4} text-anchor="end">${words}</text>`)}
    <path class="grid" d=${`M0 ${y + PANEL}H${width}`}></path>
  </g>`;
}

/** Where the moved number stands on both curves. */
function dotsSvg(
  { focus, xs }: LossShown,
  { curve, slope }: LossLayout,
  panel: LossPanel,
  y: number,
): SVGTemplateResult {
  const dot = (span: Span, value: number, height: (value: number) => number): SVGTemplateResult | null =>
    Number.isFinite(value)
      ? svg`<circle class="handle" cx=${along(span, xs, focus.z)} cy=${height(value)} r="4"></circle>`
      : null;
  return svg`${dot(curve, panel.value, heightOf(y, panel.curve, true))}${dot(slope, panel.byInput, heightOf(y, panel.slope, false))}`;
}

/** Each loss has its own scale: their forms are compared, and their numbers stand beside. A loss from 0, a slope around it. */
function heightOf(y: number, values: readonly number[], isLoss: boolean): (value: number) => number {
  const most = Math.max(...values.map(Math.abs).filter(Number.isFinite), 1e-30);
  const [top, bottom] = [y + INSET, y + PANEL - INSET];
  const low = isLoss ? Math.min(0, ...values.filter(Number.isFinite)) : -most;
  return (value) => bottom - ((Math.max(low, Math.min(most, value)) - low) / (most - low)) * (bottom - top);
}

function line({ x, width }: Span, values: readonly number[], height: (value: number) => number): string {
  let path = "";
  let isDrawn = false;
  values.forEach((value, i) => {
    if (Number.isFinite(value))
      path += `${isDrawn ? "L" : "M"}${(x + (width * i) / (values.length - 1)).toFixed(1)} ${height(value).toFixed(1)}`;
    isDrawn = Number.isFinite(value);
  });
  return path;
}
