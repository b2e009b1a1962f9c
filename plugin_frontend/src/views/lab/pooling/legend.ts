/** The three colour bars, what agrees with the log, and the whole map's numbers. */
import { html, nothing } from "lit";
import "../../../parts/badge.ts";
import "../../../parts/colour_bar.ts";
import type { BarLabel } from "../../../parts/colour_bar.ts";
import { formatNumber } from "../../../math/format.ts";
import { histogram } from "../../../math/histogram.ts";
import { formatPercent } from "../../../math/percent.ts";
import type { Range } from "../../../math/ranges.ts";
import type { Lab } from "../lab_mode.ts";
import type { Agreement } from "./agreement.ts";
import type { Shown } from "./view_model.ts";

const BINS = 48;
const short = (value: number): string => formatNumber(value, { digits: 2 });

/** Both ends and the middle. */
export function linearLabels({ lo, hi }: Range): BarLabel[] {
  if (!(hi > lo)) return [{ at: 0, text: short(lo) }];
  const signed = lo < 0;
  return [
    { at: 0, text: short(lo) },
    { at: 0.5, text: signed ? "0" : short((lo + hi) / 2) },
    { at: 1, text: `${signed ? "+" : ""}${short(hi)}` },
  ];
}

/** The same where the ramp is the signed square root of what is written. */
export function rootLabels({ lo, hi }: Range): BarLabel[] {
  if (!(hi > lo)) return [{ at: 0, text: short(lo) }];
  const middle = (lo + hi) / 2;
  return [
    { at: 0, text: short(-(lo * lo)) },
    { at: 0.5, text: short(middle * middle) },
    { at: 1, text: short(hi * hi) },
  ];
}

export function poolingLegend(shown: Shown, lab: Lab): unknown {
  const { scales, pooled } = shown;
  const zeros = pooled.plane.values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
  const input = pooled.plane.values.filter((value) => value !== 0);
  const minus = pooled.columns.filter(({ pooling }) => pooling !== "average").map((column) => column.minus);
  return html`
    <cnn-colour-bar
      slot="legend"
      heading="Value"
      note="input and outputs, one scale"
      .map=${scales.value.map}
      .counts=${bins([input], scales.value.range)}
      .labels=${linearLabels(scales.value.range)}
      sentence="Grey bars: the input's cells. ${formatPercent(zeros / pooled.plane.values.length)} are exactly zero and left out."
    ></cnn-colour-bar>
    <cnn-colour-bar
      slot="legend"
      heading="Minus average"
      .map=${scales.minus.map}
      .counts=${bins(minus, scales.minus.range)}
      .labels=${linearLabels(scales.minus.range)}
    ></cnn-colour-bar>
    <cnn-colour-bar
      slot="legend"
      heading="Gradient received"
      .map=${scales.gradient.map}
      .labels=${rootLabels(scales.gradient.range)}
      sentence="From 1 in each output, on a square-root scale. A cell in several windows receives from each."
    ></cnn-colour-bar>
    ${agreementPart(shown.agreement, lab)}
    <p slot="legend" class="badges">
      <cnn-badge title="The probe's first image, not the training batch">probe</cnn-badge>
      ${
        shown.volume.exact
          ? html`<cnn-badge title="float32, as the network computed it">exact</cnn-badge>`
          : html`<cnn-badge title="float32 of all layers took more room than a step may">float16</cnn-badge>`
      }
    </p>
  `;
}

function bins(arrays: readonly ArrayLike<number>[], range: Range): number[] {
  return range.hi > range.lo ? Array.from(histogram(arrays, range, BINS).counts) : [];
}

function agreementPart(agreement: Agreement, { layer }: Lab): unknown {
  const [heading, text] = agreementWords(agreement, layer.name);
  return html`<div slot="legend" class="agreement">
    <h2><b>${heading}</b></h2>
    ${text ? html`<p>${text}</p>` : nothing}
  </div>`;
}

/** What is above float32's rounding: a deviation larger than this share of the values is said to be one. */
const ROUNDING = 1e-5;

function agreementWords(agreement: Agreement, name: string): [heading: string, text: string] {
  if (agreement.is === "none") return ["Not compared with the log", agreement.why];
  const { deviation, logged } = agreement;
  const largest = logged.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const differs = !(deviation <= ROUNDING * largest);
  const reason = deviation === 0 ? "" : differs ? "" : ", which is rounding";
  return [
    differs ? "Differs from the log" : "Agrees with the log",
    `${agreement.with} here against what ${name} gave: largest deviation ${formatNumber(deviation, { digits: 2 })}${reason}.`,
  ];
}
