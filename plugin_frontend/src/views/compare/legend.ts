import { html, nothing } from "lit";
import { formatNumber } from "../../math/format.ts";
import type { Better } from "../../math/line_facts.ts";
import { formatPlain } from "../../math/plain_number.ts";
import { cutName } from "../../parts/cut_name.ts";
import { shortRuns } from "../../parts/run_names.ts";
import { longestBehind, type Chart } from "./chart.ts";
import { settingsOf } from "./compare_data.ts";
import type { Compared } from "./comparison.ts";
import type { Facts } from "./facts.ts";
import type { Options, SetOptions } from "./head.ts";
import { namesOf } from "./courses.ts";
import { placeInWords } from "./places.ts";
import { metricWords } from "./rows.ts";
import { notesOf } from "./scene.ts";
import { howSure } from "./settings.ts";
import { swatch } from "./swatch.ts";
import { place } from "./table_columns.ts";
import { valuesAt, type ValueAt } from "./values_at.ts";

interface ReadOut {
  /** Where, on the axis. */
  readonly at: number;
  readonly unit: string;
  /** What stands there. */
  readonly what: "crosshair" | "current step" | "end of the axis";
  readonly values: readonly ValueAt[];
  /** "val" or "train". */
  readonly part: string;
  readonly runA: string;
  /** All runs that are compared, beside which a name is cut. */
  readonly runs: readonly string[];
}

/** Characters of a name that fit in two lines beside one number, and beside two. */
const NAME = [26, 22] as const;

/** The values of all runs where the crosshair stands. */
function readOut({ at, unit, what, values, part, runA, runs }: ReadOut): unknown {
  if (!values.length) return nothing;
  const both = values.some(({ train }) => train !== null);
  const short = shortRuns(runs, NAME[both ? 1 : 0]);
  return html`<section class="readout" aria-label="Values at the crosshair">
    <h2><b>At ${placeInWords(unit, Number(at.toPrecision(4)))}</b> <span class="quiet">${what}, nearest points</span></h2>
    <table>
      <thead class="quiet"><tr><th></th>${both ? html`<th>train</th>` : nothing}<th>${part}</th></tr></thead>
      <tbody>
        ${values.map(
          ({ run, x, y, shown, ended, train }) => html`<tr class=${run === runA ? "here" : ""} data-run=${run}
          title="${run}, nearest logged point at ${placeInWords(unit, x)}: ${formatNumber(y)}">
          <td>${swatch(run)} <bdi>${cutName(run, short.get(run))}</bdi>${ended ? html` <span class="quiet">at ${place(Number(x.toPrecision(4)))}</span>` : nothing}</td>
          ${both ? html`<td class="quiet">${train === null ? "" : formatNumber(train, { digits: 3 })}</td>` : nothing}
          <td class=${Number.isFinite(shown) ? "value" : "value odd"}>${formatNumber(shown)}</td>
        </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

/** A longer list of values stands behind everything else. */
const LONG = 14;

export interface LegendOf {
  readonly compared: Compared;
  /** Where a person points on the axis. */
  readonly pointed: number | null;
  readonly options: Options;
  readonly runA: string;
  readonly set: SetOptions;
}

/** Where values are read while nobody points. */
export function restingPlace({ here, across }: Chart): number {
  return here !== null && here >= across.lo && here <= across.hi ? here : across.hi;
}

export function legendPart(of: LegendOf): unknown {
  const { compared, pointed, options, runA, set } = of;
  const { chart, courses, choice, better } = compared;
  const at = pointed ?? restingPlace(chart);
  const what = pointed !== null ? "crosshair" : at === chart.here ? "current step" : "end of the axis";
  const values = valuesAt(chart, at, better);
  const told = readOut({
    at,
    unit: courses.unit,
    what,
    values,
    part: choice.part === "train" ? "train" : "val",
    runA,
    runs: namesOf(courses),
  });
  const sure = howSure(courses.runs.map(({ summary }) => settingsOf(summary)));
  const long = values.length > LONG;
  return html`
    ${long ? nothing : told} ${targetPart(of)} ${betterChoice(options.better, better, (value) => set({ better: value }))}
    ${sure ? html`<section><b>How sure is the order?</b><p>${sure}</p></section>` : nothing} ${notesPart(of)} ${long ? told : nothing}
  `;
}

/** How many of the runs that have a curve come to the target. */
function reachWords(facts: readonly Facts[]): string {
  const curves = facts.filter(({ best }) => best !== null).length;
  const reached = facts.filter(({ reach }) => reach !== null).length;
  if (curves === 0) return "";
  return reached === curves
    ? `${curves === 1 ? "The run reaches" : "All runs reach"} it. `
    : `${reached} of ${curves} runs reach it. `;
}

function targetPart({ compared: { target, facts }, options, set }: LegendOf): unknown {
  const type = (event: Event): void => {
    const text = (event.target as HTMLInputElement).value.trim();
    set({ target: text === "" || !Number.isFinite(Number(text)) ? null : Number(text) });
  };
  const chosen = options.target !== null;
  return html`<section class="target">
    <label>target <input type="number" step="any" aria-label="Target" .value=${target === null ? "" : String(target)} @change=${type} />${
      chosen ? html`<button @click=${() => set({ target: null })}>auto</button>` : nothing
    }</label>
    <p class="quiet">
      ${reachWords(facts)}Rings: the first logged value at ${target === null ? "it" : formatPlain(target)} or better.
    </p>
  </section>`;
}

function notesPart({ compared: { chart, courses, choice }, options, set }: LegendOf): unknown {
  const { across, gap } = chart;
  const beyond = across.zoomed ? null : longestBehind(chart.lines, chart.axis);
  const zoomed = `Zoomed: ${placeInWords(courses.unit, Number(across.lo.toPrecision(4)))} to ${formatPlain(across.hi)}.`;
  return html`<ul class="notes">
    ${
      gap && choice.part === "validation"
        ? html`<li>Thin: training ${metricWords(choice.metric)} of run A. Shaded: its gap to validation.</li>`
        : nothing
    }
    ${notesOf(courses, chart, options.smooth).map((note) => html`<li>${note}</li>`)}
    ${beyond === null ? nothing : html`<li><button @click=${() => set({ zoom: { x: [0, beyond], y: null } })}>Show all of them</button></li>`}
    ${across.zoomed ? html`<li>${zoomed} <button @click=${() => set({ zoom: null })}>Show all</button></li>` : nothing}
  </ul>`;
}

/** Which end is better, and whether it was a person who said so. */
function betterChoice(chosen: "auto" | Better, found: Better, set: (value: "auto" | Better) => void): unknown {
  return html`<cnn-select
    label="better is"
    .options=${[
      { value: "auto", label: `${found}, by name` },
      { value: "lower", label: "lower" },
      { value: "higher", label: "higher" },
    ]}
    .value=${chosen}
    @change=${(event: CustomEvent<"auto" | Better>) => set(event.detail)}
  ></cnn-select>`;
}
