import { html, nothing } from "lit";
import { formatCount, formatNumber } from "../../../math/format.ts";
import "../../../parts/badge.ts";
import { isolated } from "../../../parts/isolated.ts";
import "../../../parts/table_rows.ts";
import type { TableRow } from "../../../parts/table_rows.ts";
import type { ErrorComparison } from "./logged_error.ts";
import type { Comparison } from "./loss_comparison.ts";
import { hasPlaces, placeWord } from "./loss_rows.ts";
import type { LossShown } from "./loss_view_model.ts";

export function lossLegend(shown: LossShown, comparison: Comparison, error: ErrorComparison): unknown {
  const { source, isMoved, all, rows, every } = shown;
  return html`<div slot="legend" class="legend">
    <div>
      <h2><b>What is drawn</b></h2>
      <ul class="key">
        ${source.head === "linear" ? nothing : html`<li><i class="true-key"></i>the true ${hasPlaces(source) ? "label" : "class"}</li>`}
        <li><svg width="24" height="14"><circle class="handle" cx="12" cy="7" r="6"></circle></svg>what you move</li>
        <li><i class="pull-key"></i>below zero: the step makes it larger</li>
        <li><i class="push-key"></i>above zero: smaller</li>
        ${Number.isFinite(shown.focus.logged) ? html`<li><svg width="24" height="14"><circle class="logged" cx="12" cy="7" r="4"></circle></svg>the same as logged</li>` : nothing}
        <li><svg width="24" height="8"><path class="output" d="M0 4H24"></path></svg>loss</li>
        <li><svg width="24" height="8"><path class="slope" d="M0 4H24"></path></svg>its slope, own scale each</li>
      </ul>
    </div>
    <cnn-table-rows heading="The run’s own loss" note=${`mean of ${formatCount(source.examples.length)}`} .rows=${ownRows(shown, comparison)}></cnn-table-rows>
    <p class="verdict ${comparison.is.replace(" ", "-")}">${isolated(comparison.words)}</p>
    ${error.words ? html`<p class="row-note">${error.words}</p>` : nothing}
    <p class="row-note">Activation: ${source.how}.${source.given === "shares" && source.head === "softmax" ? " Logits are known up to a number that all classes share; here their mean is 0." : ""}</p>
    ${every > 1 ? html`<p class="row-note">Curves are of every ${formatCount(every)}th ${placeWord(source)}; numbers are of all.</p>` : nothing}
    <div class="badges">
      <cnn-badge title="The probe images, not the training batch">probe</cnn-badge>
      ${isMoved ? html`<cnn-badge title="Not what the network said: Reset brings that back">moved by hand</cnn-badge>` : html`<cnn-badge>as logged</cnn-badge>`}
      ${rows.length < all.length ? html`<cnn-badge title="The largest p, the true class and the one that you move">${rows.length} of ${formatCount(all.length)} classes</cnn-badge>` : nothing}
    </div>
  </div>`;
}

function ownRows({ source }: LossShown, { computed, logged }: Comparison): TableRow[] {
  const { own, lossName } = source;
  const number = (value: number | null): string => (value === null ? "–" : formatNumber(value, { digits: 6 }));
  const rows: TableRow[] = [["loss", own?.title ?? (lossName === null ? "not known" : isolated(lossName))]];
  if (own) rows.push(["is", own.formula]);
  rows.push(["computed here", number(computed)], ["logged", number(logged)]);
  return rows;
}
