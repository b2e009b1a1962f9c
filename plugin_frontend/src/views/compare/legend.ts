import { html, nothing } from "lit";
import { cutMiddle } from "../../gl/heat_rows.ts";
import { formatNumber } from "../../math/format.ts";
import type { Better } from "../../math/line_facts.ts";
import { placeInWords } from "./places.ts";
import { swatch } from "./swatch.ts";
import { place } from "./table_columns.ts";
import type { ValueAt } from "./values_at.ts";

export interface ReadOut {
  /** Where, on the axis. */
  readonly at: number;
  readonly unit: string;
  /** What stands there. */
  readonly what: "crosshair" | "current step" | "end of the axis";
  readonly values: readonly ValueAt[];
  /** "val" or "train". */
  readonly part: string;
  readonly runA: string;
}

const NAME = 17;

/** The values of all runs where the crosshair stands. */
export function readOut({ at, unit, what, values, part, runA }: ReadOut): unknown {
  if (!values.length) return nothing;
  const both = values.some(({ train }) => train !== null);
  return html`<section class="readout" aria-label="Values at the crosshair">
    <h2><b>At ${placeInWords(unit, Number(at.toPrecision(4)))}</b> <span class="quiet">${what}, nearest points</span></h2>
    <table>
      <thead class="quiet"><tr><th></th>${both ? html`<th>train</th>` : nothing}<th>${part}</th></tr></thead>
      <tbody>
        ${values.map(({ run, x, y, shown, ended, train }) => html`<tr class=${run === runA ? "here" : ""} data-run=${run}
          title="${run}, nearest logged point at ${placeInWords(unit, x)}: ${formatNumber(y)}">
          <td>${swatch(run)} <bdi>${cutMiddle(run, NAME)}</bdi>${ended ? html` <span class="quiet">at ${place(Number(x.toPrecision(4)))}</span>` : nothing}</td>
          ${both ? html`<td class="quiet">${train === null ? "" : formatNumber(train, { digits: 3 })}</td>` : nothing}
          <td class=${Number.isFinite(shown) ? "value" : "value odd"}>${formatNumber(shown)}</td>
        </tr>`)}
      </tbody>
    </table>
  </section>`;
}

/** Which end is better, and whether it was a person who said so. */
export function betterChoice(chosen: "auto" | Better, found: Better, set: (value: "auto" | Better) => void): unknown {
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
