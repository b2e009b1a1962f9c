import { html, nothing, svg, type SVGTemplateResult } from "lit";
import { formatCount, formatNumber } from "../../../math/format.ts";
import "../../../parts/badge.ts";
import { isolated } from "../../../parts/isolated.ts";
import "../../../parts/table_rows.ts";
import type { TableRow } from "../../../parts/table_rows.ts";
import type { ErrorComparison } from "./logged_error.ts";
import type { Comparison } from "./loss_comparison.ts";
import { hasPlaces, placeWord } from "./loss_rows.ts";
import type { LossShown } from "./loss_view_model.ts";
import { inputName } from "./loss_words.ts";

export function lossLegend(shown: LossShown, comparison: Comparison, error: ErrorComparison): unknown {
  const { source, rows, isMoved, isDifference, every } = shown;
  const name = inputName(shown);
  return html`<div slot="legend" class="legend">
    <div>
      <h2><b>What is drawn</b></h2>
      <ul class="key">
        ${!rows.some(({ isTrue }) => isTrue) ? nothing : key(svg`<rect class="true" x="1" y="1" width="22" height="12"></rect>`, hasPlaces(source) ? "labelled 1" : "the true class")}
        ${key(svg`<circle class="handle" cx="12" cy="7" r="6"></circle>`, "what you move")}
        ${key(svg`<rect class="pull" width="24" height="14"></rect>`, `too low: learning raises ${name}`)}
        ${key(svg`<rect class="push" width="24" height="14"></rect>`, `too high: learning lowers ${name}`)}
        ${Number.isFinite(shown.focus.logged) ? key(svg`<circle class="logged" cx="12" cy="7" r="4"></circle>`, "the same as logged") : nothing}
        ${key(svg`<path class="output" d="M0 7H24"></path>`, "loss, from 0")}
        ${key(svg`<path class="slope" d="M0 7H24"></path>`, "its slope around 0; each loss has its own scale")}
      </ul>
    </div>
    <cnn-table-rows heading="The run’s own loss" note=${`mean of ${formatCount(source.examples.length)}`} .rows=${ownRows(shown, comparison)}></cnn-table-rows>
    <p class="row-note ${comparison.is}">${isolated(comparison.words)}</p>
    ${error.words ? html`<p class="row-note">${error.words}</p>` : nothing}
    <p class="row-note">Activation: ${source.how}.${source.given === "shares" && source.head === "softmax" ? " Logits are known up to a number that all classes share; here their mean is 0." : ""}</p>
    ${isDifference || source.head === "linear" ? nothing : html`<p class="row-note">∂loss/∂z is p − y only of categorical cross-entropy behind a softmax, and of binary cross-entropy behind a sigmoid.</p>`}
    ${every > 1 ? html`<p class="row-note">Curves are of every ${formatCount(every)}th ${placeWord(source)}; numbers are of all.</p>` : nothing}
    <div class="badges">
      <cnn-badge title="The probe images, not the training batch">probe</cnn-badge>
      ${isMoved ? html`<cnn-badge title="Not what the network said: Reset brings that back">moved by hand</cnn-badge>` : html`<cnn-badge>as logged</cnn-badge>`}
    </div>
  </div>`;
}

function key(mark: SVGTemplateResult, words: string): unknown {
  return html`<li><svg width="24" height="14">${mark}</svg>${words}</li>`;
}

function ownRows({ source }: LossShown, { computed, logged }: Comparison): TableRow[] {
  const { own, lossName } = source;
  const number = (value: number | null): string => (value === null ? "–" : formatNumber(value, { digits: 6 }));
  const rows: TableRow[] = [["loss", own?.title ?? (lossName === null ? "not known" : isolated(lossName))]];
  if (own) rows.push(["is", own.formula]);
  rows.push(["computed here", number(computed)], ["logged", number(logged)]);
  return rows;
}
