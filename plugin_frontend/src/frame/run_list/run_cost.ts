import { css, html, nothing } from "lit";
import { formatBytes } from "../../math/bytes.ts";
import { formatNumber } from "../../math/format.ts";
import { formatPercent } from "../../math/percent.ts";
import { base, controls } from "../../parts/styles.ts";
import "../../parts/table_rows.ts";
import type { TableRow } from "../../parts/table_rows.ts";
import { stepsOf } from "../../state/selectors.ts";
import { RecordsController } from "../../state/records_controller.ts";
import { costShare, runCostOf, type RunCost } from "../../state/run_cost.ts";
import { SessionElement } from "../../state/session_element.ts";

/** Below the runs: what logging took of run A's training, how large its log is, and what was thinned to keep the limits. */
export class RunCostElement extends SessionElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        padding: var(--s2) var(--s3) 0;
        border-top: 1px solid var(--line);
        font-size: var(--t-xs);
        color: var(--ink-2);
      }
      summary {
        cursor: pointer;
        list-style-position: outside;
        margin-left: 14px;
      }
      summary b {
        color: var(--ink);
      }
      .limit {
        margin-top: var(--s1);
        padding: var(--s1) var(--s2);
        border-radius: var(--r2);
        background: var(--warn-wash);
        overflow-wrap: anywhere;
      }
      .limit b {
        color: var(--warn);
      }
      cnn-table-rows {
        font-size: var(--t-xs);
        margin: var(--s1) 0;
      }
    `,
  ];

  readonly #records = new RecordsController(
    this,
    () => this.session,
    () => {
      const { runA: run } = this.session;
      const step = stepsOf(this.session.detailA, "cost", null).at(-1);
      return run === null || step === undefined ? null : { run, kind: "cost", layers: [], steps: [step] };
    },
  );

  override render(): unknown {
    const record = this.#records.records?.[0];
    const summary = this.session.runs?.runs.find((run) => run.name === this.session.runA);
    if (!record || !summary) return nothing;
    const cost = runCostOf(record);
    const share = costShare(cost);
    return html`
      <details>
        <summary title="What logging cost run ${summary.name}; click for details">
          ${share === null ? nothing : html`<div>logging <b>${formatPercent(share)}</b> of training time</div>`}
          <div>log <b>${formatBytes(cost.log ?? summary.bytes)}</b>${cost.most === null ? nothing : ` of at most ${formatBytes(cost.most)}`}</div>
        </summary>
        <cnn-table-rows .rows=${costRows(cost)}></cnn-table-rows>
      </details>
      ${limitWords(cost).map((words) => html`<p class="limit" role="note"><b aria-hidden="true">!</b> ${words}</p>`)}
    `;
  }
}

function costRows(cost: RunCost): TableRow[] {
  const seconds = (value: number): string => `${formatNumber(value, { digits: 3 })} s`;
  const rows: TableRow[] = [["until step", String(cost.step)]];
  if (cost.training !== null) rows.push(["training", seconds(cost.training)]);
  if (cost.logging !== null) rows.push(["logging", seconds(cost.logging)]);
  if (cost.pictures !== null) rows.push(["last pictures", seconds(cost.pictures)]);
  if (cost.bytes !== null) rows.push(["their size", formatBytes(cost.bytes)]);
  if (cost.overhead !== null) rows.push(["pictures may take", formatPercent(cost.overhead)]);
  return rows;
}

/** What was logged more rarely than wanted, and why. */
function limitWords({ thinning, stride }: RunCost): string[] {
  return [
    thinning > 1
      ? `Pictures are taken ${thinning} times more rarely than wanted: the log nears its limit, max_log_bytes.`
      : "",
    stride > 1
      ? `Histograms of gradients, updates and activations are logged at one step in ${stride} only, to keep the budget of logging.`
      : "",
  ].filter(Boolean);
}

customElements.define("cnn-run-cost", RunCostElement);
