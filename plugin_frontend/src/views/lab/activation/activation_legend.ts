import { html, nothing } from "lit";
import { formatCount, formatNumber } from "../../../math/format.ts";
import { shareBetween } from "../../../math/measured_inputs.ts";
import { formatPercent } from "../../../math/percent.ts";
import "../../../parts/badge.ts";
import { isolated } from "../../../parts/isolated.ts";
import "../../../parts/table_rows.ts";
import type { TableRow } from "../../../parts/table_rows.ts";
import type { After } from "./measured.ts";
import { functionWords, type ActivationShown } from "./activation_view_model.ts";

export function activationLegend(shown: ActivationShown): unknown {
  const { site, measured } = shown;
  const { sampled } = measured;
  return html`<div slot="legend" class="legend">
    <div>
      <h2><b>What is drawn</b></h2>
      <ul class="key">
        <li><svg width="24" height="8"><path class="output" d="M0 4H24"></path></svg>output of the function</li>
        <li><svg width="24" height="8"><path class="slope" d="M0 4H24"></path></svg>its slope</li>
        <li><i class="bar-key"></i>measured inputs</li>
        <li><i class="flat-key"></i>inputs where the slope is below 0.05</li>
      </ul>
    </div>
    <cnn-table-rows heading=${site.name === null ? `What leaves ${isolated(site.owner.name)}` : `What enters ${functionWords(site.name)} of ${isolated(site.owner.name)}`} note=${`step ${measured.step}`} .rows=${inputRows(shown)}></cnn-table-rows>
    ${measured.note === null ? nothing : html`<p class="row-note">${isolated(measured.note)}</p>`}
    ${measured.after ? html`<cnn-table-rows heading="What comes out" .rows=${afterRows(measured.after)}></cnn-table-rows>` : nothing}
    <div class="badges">
      <cnn-badge title="Not the probe: the batch of this very step">training batch</cnn-badge>
      ${
        sampled > 1
          ? html`<cnn-badge title="The histogram counts one position in ${formatCount(sampled)}; mean and extremes are of all">sampled 1 in ${formatCount(sampled)}</cnn-badge>`
          : html`<cnn-badge title="The histogram counts every value">exact counts</cnn-badge>`
      }
      <cnn-badge title="Shares and rms slopes are computed from the histogram: a bin is an octave, within which their density is taken to be a straight line. What is counted is exact"
        >slopes from the histogram</cnn-badge>
      <cnn-badge title="Square root of how many values lie there">bar height: square root</cnn-badge>
    </div>
  </div>`;
}

function inputRows({ measured, range }: ActivationShown): TableRow[] {
  const { inputs, numbers, saturation } = measured;
  const number = (value: number): string => formatNumber(value, { digits: 3 });
  const rows: TableRow[] = [
    ["values", formatCount(numbers.count)],
    ["below zero", formatPercent(shareBetween(inputs, -Infinity, 0))],
    [
      `outside ${number(-range).replace(/\.0+$/, "")} to ${number(range).replace(/\.0+$/, "")}`,
      formatPercent(1 - shareBetween(inputs, -range, range)),
    ],
    ["mean", number(numbers.mean)],
    ["deviation", number(numbers.std)],
    ["min", number(numbers.min)],
    ["max", number(numbers.max)],
  ];
  if (saturation !== null) rows.push(["saturated, counted", formatPercent(numbers.saturated / numbers.count)]);
  if (numbers.nan > 0) rows.push(["NaN", formatCount(numbers.nan)]);
  if (numbers.inf > 0) rows.push(["Inf", formatCount(numbers.inf)]);
  return rows;
}

function afterRows({ zero, dead, practically, channels }: After): TableRow[] {
  return [
    ["exactly zero", formatPercent(zero)],
    ["dead channels", `${formatCount(dead)} of ${formatCount(channels)}`],
    ...(practically ? [["of these practically", formatCount(practically)] as const] : []),
  ];
}
