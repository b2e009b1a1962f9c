/** The picture: a panel a function, its curve and slope over the inputs that were measured, and what the slopes do to a gradient. */
import { svg, type SVGTemplateResult } from "lit";
import { formatNumber, formatSigned } from "../../../math/format.ts";
import { formatPercent } from "../../../math/percent.ts";
import { functionWords, type ActivationShown, type Panel } from "./activation_view_model.ts";
import { boxOf, GAP, HEAD, type Layout, type PanelBox } from "./activation_layout.ts";

/** Numbers drawn upwards: of outputs and slopes. */
const LOW = -1.25;
const HIGH = 3.2;
const SAMPLES = 240;
/** Where the first panel's curve is named, as a share of the range. */
const LABEL = 0.55;

export function activationSvg(shown: ActivationShown, layout: Layout, cursor: number | null): SVGTemplateResult {
  const most = Math.sqrt(Math.max(...shown.bars.map(({ density }) => density), 1e-30));
  return svg`
    <defs><pattern id="flat" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="flat-ground" width="6" height="6"></rect><rect class="flat-line" width="1.6" height="6"></rect>
    </pattern></defs>
    ${shown.panels.map((panel, i) => panelSvg(shown, panel, boxOf(layout, i), most, i === 0, cursor))}
    ${layersSvg(shown, layout)}`;
}

function panelSvg(
  { range, bars }: ActivationShown,
  panel: Panel,
  box: PanelBox,
  most: number,
  isFirst: boolean,
  cursor: number | null,
): SVGTemplateResult {
  const x = (value: number): number => box.x + ((value + range) / (2 * range)) * box.width;
  const y = (value: number): number => box.bottom - ((value - LOW) / (HIGH - LOW)) * (box.bottom - box.top);
  const path = (of: (value: number) => number): string => curve(of, range, x, y, box);
  const rects = bars.map(({ lo, hi, density }) => ({
    lo,
    hi,
    top: box.bottom - 0.8 * (box.bottom - box.top) * (Math.sqrt(density) / most),
  }));
  const rect = (lo: number, hi: number, top: number, name: string): SVGTemplateResult | null =>
    hi > lo
      ? svg`<rect class=${name} x=${x(lo)} y=${top} width=${Math.max(0.5, x(hi) - x(lo) - (name === "bar" ? 1 : 0))} height=${Math.max(1, box.bottom - top)}></rect>`
      : null;
  const above = (value: number): number => Math.max(box.top + 10, y(Math.max(LOW, value)) - 6);
  const { flat, rms } = panel.facts;
  return svg`<g data-panel=${panel.name}>
    <text class=${panel.isOwn ? "name own" : "name"} x=${box.x} y=${box.y + 14}>${functionWords(panel.name)} <tspan class="quiet-text">${panel.note}</tspan></text>
    <text class="facts" x=${box.twoLines ? box.x : box.x + box.width} y=${box.y + (box.twoLines ? 29 : 14)} text-anchor=${box.twoLines ? "start" : "end"}><tspan
      class="strong">${panel.isCounted || flat === 0 ? "" : "≈ "}${formatPercent(flat)}</tspan> slope &lt; 0.05, rms slope <tspan class="strong">${formatNumber(rms, { digits: 2 })}</tspan></text>
    ${[0, 1].map((level) => svg`<path class="grid" d=${`M${box.x} ${y(level)}H${box.x + box.width}`}></path>`)}
    <path class="grid" d=${`M${x(0)} ${box.top}V${box.bottom}`}></path>
    ${rects.map(({ lo, hi, top }) => rect(lo, hi, top, "bar"))}
    ${panel.flat.flatMap(([lo, hi]) => rects.map((bar) => rect(Math.max(lo, bar.lo), Math.min(hi, bar.hi), bar.top, "flat")))}
    <path class="axis" d=${`M${box.x} ${box.bottom}H${box.x + box.width}`}></path>
    ${[0, 1].map((level) => svg`<text class="tick label" x=${box.x + 2} y=${y(level) - 3}>${level}</text>`)}
    ${[-1, -0.5, 0, 0.5, 1].map(
      (at) => svg`<text class="tick" x=${x(at * range)} y=${box.bottom + 14}
      text-anchor=${at === -1 ? "start" : at === 1 ? "end" : "middle"}>${formatNumber(at * range, { digits: 1 }).replace(/\.0$/, "")}</text>`,
    )}
    <path class="slope" d=${path(panel.fn.slope)}></path>
    <path class="output" d=${path(panel.fn.value)}></path>
    ${
      isFirst
        ? svg`<text class="strong label" x=${x(LABEL * range) - 6} y=${above(panel.fn.value(LABEL * range))} text-anchor="end">output</text>
      <text class="strong label slope-label" x=${box.x + box.width} y=${above(panel.fn.slope(range))} text-anchor="end">slope</text>`
        : null
    }
    ${cursor === null ? null : cursorSvg(panel, box, x(cursor), cursor, y)}
  </g>`;
}

function cursorSvg(
  panel: Panel,
  box: PanelBox,
  at: number,
  input: number,
  y: (value: number) => number,
): SVGTemplateResult {
  const value = panel.fn.value(input);
  const words = `${formatSigned(input, 3)} → ${formatNumber(value, { digits: 3 })}, slope ${formatNumber(panel.fn.slope(input), { digits: 2 })}`;
  const isRight = at > box.x + box.width / 2;
  return svg`<rect class="cursor" x=${at - 1} y=${box.top} width="2" height=${box.bottom - box.top}></rect>
    ${value >= LOW && value <= HIGH ? svg`<circle class="cursor" cx=${at} cy=${y(value)} r="3.5"></circle>` : null}
    <text class="words" x=${at + (isRight ? -6 : 6)} y=${box.bottom - 6} text-anchor=${isRight ? "end" : "start"}>${words}</text>`;
}

/** Where it leaves the box it is cut off. */
function curve(
  of: (x: number) => number,
  range: number,
  x: (value: number) => number,
  y: (value: number) => number,
  box: PanelBox,
): string {
  let path = "";
  let isDrawn = false;
  for (let i = 0; i <= SAMPLES; i++) {
    const at = -range + (2 * range * i) / SAMPLES;
    const height = y(of(at));
    const isInside = height >= box.top - 1 && height <= box.bottom + 1;
    if (isInside) path += `${isDrawn ? "L" : "M"}${x(at).toFixed(1)} ${height.toFixed(1)}`;
    isDrawn = isInside;
  }
  return path;
}

const LEAST_POWER = -8;

/** After one, two and three layers of that slope a gradient has this size. */
function layersSvg({ panels }: ActivationShown, { layers, width }: Layout): SVGTemplateResult {
  return svg`<path class="axis" d=${`M0 ${layers.y}H${width}`}></path>
    <text class="strong" x="0" y=${layers.y + 18}>What the slopes alone do to a gradient on its way back through three such layers</text>
    <text class="quiet-text" x="0" y=${layers.y + 33}>dots: size after one, two, three layers; log₂ axis from 2⁻⁸ to 1</text>
    ${panels.map((panel, i) => {
      const column = i % layers.columns;
      const left = column * (layers.each + GAP);
      const top = layers.y + HEAD + 24 + Math.floor(i / layers.columns) * layers.row;
      const from = left + 74;
      const length = Math.max(40, layers.each - 74 - 68);
      const { rms } = panel.facts;
      const at = (size: number): number => from + length * Math.min(1, Math.max(0, 1 - Math.log2(size) / LEAST_POWER));
      return svg`<text class=${panel.isOwn ? "own" : ""} x=${left} y=${top + 4}>${functionWords(panel.name)}</text>
        <rect class="bar" x=${from} y=${top - 3} width=${length} height="6"></rect>
        ${rms > 0 ? [1, 2, 3].map((power) => svg`<circle class=${power === 3 ? "dot last" : "dot"} cx=${at(rms ** power)} cy=${top} r="4"></circle>`) : null}
        <text class="strong" x=${left + layers.each} y=${top + 4} text-anchor="end">×${formatNumber(rms ** 3, { digits: 2 })}</text>`;
    })}`;
}
