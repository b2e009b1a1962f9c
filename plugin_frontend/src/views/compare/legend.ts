import { html, nothing } from "lit";
import { formatNumber } from "../../math/format.ts";
import type { Better } from "../../math/line_facts.ts";
import { formatPlain } from "../../math/plain_number.ts";
import { swatch } from "./swatch.ts";
import { place } from "./table_columns.ts";
import type { ValueAt } from "./values_at.ts";

export interface ReadOut {
  /** Where, on the axis; null while there is no line. */
  readonly at: number | null;
  readonly unit: string;
  /** Whether a person points there, or it is the current step. */
  readonly pointed: boolean;
  readonly values: readonly ValueAt[];
  readonly smooth: number;
  readonly both: boolean;
  readonly runA: string;
}

/** The values of all lines where the crosshair stands. */
export function readOut({ at, unit, pointed, values, smooth, both, runA }: ReadOut): unknown {
  if (at === null) return nothing;
  return html`<section class="readout" aria-label="Values at the crosshair">
    <h2><b>At ${unit} ${place(Number(at.toPrecision(4)))}</b> <span class="quiet">${pointed ? "crosshair" : "current step"}, nearest points</span></h2>
    <ul>
      ${values.map(({ run, part, x, y, mean, ended }) => html`<li class=${run === runA ? "here" : ""} data-run=${run} data-part=${part}
        title=${`${run}, ${part}, ${unit} ${formatPlain(x)}`}>
        ${swatch(run, part === "train")}<span class="name">${run}</span>
        ${both || part === "train" ? html`<span class="quiet">${part === "train" ? "train" : "val"}</span>` : nothing}
        ${ended ? html`<span class="quiet">ended ${place(Number(x.toPrecision(4)))}</span>` : nothing}
        ${smooth > 0 ? html`<span class="quiet" title="as logged">${formatNumber(y, { digits: 3 })}</span>` : nothing}
        <span class="value ${Number.isFinite(mean) ? "" : "odd"}">${formatNumber(mean)}</span>
      </li>`)}
    </ul>
  </section>`;
}

/** Which end is better, and whether it was a person who said so. */
export function betterChoice(chosen: "auto" | Better, found: Better, set: (value: "auto" | Better) => void): unknown {
  return html`<cnn-select
    label="better is"
    .options=${[
      { value: "auto", label: `${found} (by its name)` },
      { value: "lower", label: "lower" },
      { value: "higher", label: "higher" },
    ]}
    .value=${chosen}
    @change=${(event: CustomEvent<"auto" | Better>) => set(event.detail)}
  ></cnn-select>`;
}
