/** The legend: colours of the norms, flow from layer to layer, colours of the shares, and one variable's numbers. */
import { html, nothing, svg, type TemplateResult } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { VariableRecord } from "../../data/schema.ts";
import { formatCount, formatNumber } from "../../math/format.ts";
import { updateRatio } from "../../math/gradient_norms.ts";
import { exponentTicks, powerText } from "../../math/powers_of_two.ts";
import "../../parts/badge.ts";
import "../../parts/colour_bar.ts";
import type { BarLabel } from "../../parts/colour_bar.ts";
import "../../parts/table_rows.ts";
import type { TableRow } from "../../parts/table_rows.ts";
import { flowHeight, flowSvg, type Flow } from "./flow.ts";
import { formatPercent } from "../../math/percent.ts";
import { percent } from "./bands.ts";
import type { HistogramPicture } from "./histogram_picture.ts";
import type { NormPicture } from "./norm_panels.ts";
import { isShare } from "./run_places.ts";
import { QUANTITY_WORDS, unusualText } from "./labels.ts";

export interface LegendInput {
  readonly picture: NormPicture;
  readonly difference: boolean;
  readonly runs: number;
  /** The logarithm of the number under the cursor, or of the current layer. */
  readonly mark: number | null;
  /** Null where what is shown has no size. */
  readonly flow: Flow | null;
  readonly step: number;
  readonly histogram: HistogramPicture | null;
  readonly variable: VariableRecord | null;
  readonly rows: readonly TableRow[];
}

export function legend(input: LegendInput): TemplateResult {
  const { picture, difference, flow, step } = input;
  const words = QUANTITY_WORDS[picture.quantity];
  const unusual = unusualText(picture.unusual, picture.quantity, difference);
  return html`
    ${normBar(input)}
    <div class="badges">${words.badges.map((badge) => html`<cnn-badge>${badge}</cnn-badge>`)}</div>
    ${unusual ? html`<p class="unusual">${unusual}</p>` : nothing}
    ${
      flow
        ? html`<div>
      <h2><b>${flow.heading} at step ${flow.steps.join(" and ")}</b> <span class="quiet">loss is below</span></h2>
      <svg class="flow" width=${flow.width} height=${flowHeight(flow)} role="img" aria-label=${flowWords(flow)}>${flowSvg(flow)}</svg>
    </div>`
        : nothing
    }
    ${input.histogram ? shareBar(input.histogram) : nothing}
    ${
      input.rows.length && input.variable
        ? html`<cnn-table-rows class="variable" heading=${input.variable.path} note=${`step ${step}`} .rows=${input.rows}></cnn-table-rows>`
        : nothing
    }`;
}

function normBar({ picture, difference, runs, mark }: LegendInput): TemplateResult {
  const { scale } = picture;
  const { title } = QUANTITY_WORDS[picture.quantity];
  if (isShare(picture.quantity)) {
    return html`<cnn-colour-bar heading=${title} note="share of values" .map=${scale.palette.map} .counts=${picture.counts}
      .labels=${powerLabels(picture)} .mark=${mark} sentence="Bars count cells over all steps; the ends clip nothing."></cnn-colour-bar>`;
  }
  const share = (exponent: number): number => (exponent - scale.lo) / (scale.hi - scale.lo);
  return html`<cnn-colour-bar
    heading=${difference ? `${title}, A / B` : title}
    note=${difference ? "log₂ ratio" : runs > 1 ? "log₂, both runs" : "log₂"}
    .map=${scale.palette.map} .counts=${picture.counts} .labels=${powerLabels(picture)}
    .mark=${mark === null || !Number.isFinite(mark) ? null : share(mark)}
    sentence="Bars count cells over all steps; the ends clip nothing."
  ></cnn-colour-bar>`;
}

export function powerLabels({ scale, quantity }: NormPicture): BarLabel[] {
  if (isShare(quantity)) return [0, 0.5, 1].map((at) => ({ at, text: formatPercent(at) }));
  return exponentTicks(scale).map((exponent) => ({
    at: (exponent - scale.lo) / (scale.hi - scale.lo),
    text: powerText(exponent),
  }));
}

function shareBar(picture: HistogramPicture): TemplateResult {
  return html`<cnn-colour-bar
    heading="Share of values" note="histogram, one row" .map=${picture.scale.palette.map} .labels=${shareLabels(picture)}
    .sentence=${picture.octaves.clipped ? "The row beside zero holds all that is smaller." : ""}
  ></cnn-colour-bar>`;
}

export function shareLabels({ scale, clipped }: HistogramPicture): BarLabel[] {
  return [0, 0.5, 1].map((at) => ({ at, text: `${clipped && at === 1 ? "≥ " : ""}${percent(at * scale.hi)}` }));
}

function flowWords({ names, lines }: Flow): string {
  const of = (values: readonly (number | null)[]): string =>
    names.map((name, row) => `${name} ${formatNumber(values[row] ?? NaN, { digits: 3 })}`).join(", ");
  return lines.map(({ id, values }) => `${id}: ${of(values)}`).join("; ");
}

/** A variable's numbers in a gradients record; none where the record has no such column. */
export function variableRows(record: DataRecord | null, place: number, variable: VariableRecord): TableRow[] {
  const at = (name: string): number => record?.arrays[name]?.values[place] ?? NaN;
  if (!record?.arrays["norm"] || place >= record.arrays["norm"].values.length) return [];
  const number = (name: string): string => formatNumber(at(name), { digits: 4 });
  const count = (name: string): string => {
    const value = at(name);
    return `${formatCount(value)}${variable.size > 0 && value > 0 ? `, ${percent(value / variable.size)}` : ""}`;
  };
  return [
    ["gradient norm", number("norm")],
    ["mean", number("mean")],
    ["min", number("min")],
    ["max", number("max")],
    ["zeros", count("zeros")],
    ["NaN", count("nan")],
    ["Inf", count("inf")],
    "line",
    ["weight norm", number("weight_norm")],
    ["update norm", number("update_norm")],
    ["update / weight", formatNumber(updateRatio(at("update_norm"), at("weight_norm")), { digits: 4 })],
    "line",
    ["histogram", histogramWords(at("sampled"))],
  ];
}

/** Older logs do not say it: theirs are exact. */
export function histogramWords(sampled: number): string {
  return sampled > 1 ? `sampled, 1 in ${formatCount(sampled)}` : "exact";
}

/** The colour bar as part of an SVG. */
export function barSvg(
  pixels: readonly string[],
  labels: readonly BarLabel[],
  x: number,
  y: number,
  width: number,
): unknown {
  const each = width / pixels.length;
  return svg`${pixels.map((colour, i) => svg`<rect x=${x + i * each} y=${y} width=${each + 0.5} height="10" fill=${colour}></rect>`)}
    ${labels.map(
      ({ at, text }) => svg`<text class="quiet-text" x=${x + at * width} y=${y + 24}
      text-anchor=${at <= 0 ? "start" : at >= 1 ? "end" : "middle"}>${text}</text>`,
    )}`;
}
