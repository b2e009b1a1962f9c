import { html, LitElement, nothing } from "lit";
import { formatCount } from "../../math/format.ts";
import { cutName, cutNameStyles } from "../../parts/cut_name.ts";
import { base, controls } from "../../parts/styles.ts";
import { shortRuns } from "../../parts/run_names.ts";
import type { Column } from "./compare_definition.ts";
import type { Facts } from "./facts.ts";
import { swatch } from "./swatch.ts";
import type { TableColumn } from "./table_columns.ts";
import { tableStyles } from "./table_styles.ts";

const PAGE = 25;
/** Characters of a name that fit into its column, in two lines where the window is narrow. */
const NAME_ROOM = 26;

/** A row a run. It fires `table-sort` with the column and `table-run` with the run, and whether it is to be B (with Shift). */
export class CompareTable extends LitElement {
  static override properties = {
    rows: { attribute: false },
    columns: { attribute: false },
    sort: {},
    ascending: { type: Boolean },
    here: {},
    page: { state: true },
  };
  static override styles = [base, controls, cutNameStyles, tableStyles];

  /** In their order. */
  declare rows: readonly Facts[];
  declare columns: readonly TableColumn[];
  declare sort: Column;
  declare ascending: boolean;
  /** The run that is A. */
  declare here: string;
  declare page: number;
  #short: ReturnType<typeof shortRuns> = new Map();

  constructor() {
    super();
    this.rows = [];
    this.columns = [];
    this.sort = "best";
    this.ascending = true;
    this.here = "";
    this.page = 0;
  }

  override render(): unknown {
    const { rows, columns } = this;
    // The order of the rows changes no name.
    this.#short = shortRuns(rows.map(({ run }) => run).sort(), NAME_ROOM);
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    const first = Math.min(this.page, pages - 1) * PAGE;
    const shown = rows.slice(first, first + PAGE);
    const largest = Math.max(...rows.map((row) => row.best?.y ?? 0).filter(Number.isFinite), 0);
    return html`
      <div class="scroll">
        <table>
          <caption class="sr-only">Runs, ${formatCount(first + 1)} to ${formatCount(first + shown.length)} of ${formatCount(rows.length)}</caption>
          <thead><tr>${columns.map((column) => this.#head(column))}</tr></thead>
          <tbody>${shown.map((row) => this.#row(row, largest))}</tbody>
        </table>
      </div>
      ${
        pages > 1
          ? html`<footer>
            <button ?disabled=${first === 0} @click=${() => (this.page = first / PAGE - 1)}>‹ before</button>
            <button ?disabled=${first + PAGE >= rows.length} @click=${() => (this.page = first / PAGE + 1)}>behind ›</button>
            <span>${formatCount(first + 1)} – ${formatCount(first + shown.length)} of ${formatCount(rows.length)} runs</span>
          </footer>`
          : nothing
      }
    `;
  }

  #head({ id, head, title, text }: TableColumn): unknown {
    const sorted = id === this.sort;
    return html`<th scope="col" class=${text ? "text" : ""} aria-sort=${sorted ? (this.ascending ? "ascending" : "descending") : nothing}>
      <button data-column=${id} title="${title}. Click to sort" @click=${() => this.#tell("table-sort", id)}
        >${head}${sorted ? (this.ascending ? " ▲" : " ▼") : ""}</button>
    </th>`;
  }

  #row(row: Facts, largest: number): unknown {
    const here = row.run === this.here;
    return html`<tr class=${here ? "here" : ""} data-run=${row.run} aria-current=${here ? "true" : nothing} @click=${(event: MouseEvent) => this.#tell("table-run", { run: row.run, asB: event.shiftKey })}>
        ${this.columns.map((column) => this.#cell(column, row, largest))}
      </tr>
      ${
        row.problem
          ? html`<tr class="said"><td colspan=${this.columns.length}><b>!</b> <bdi>${row.run}</bdi>: ${row.problem}</td></tr>`
          : nothing
      }`;
  }

  #cell({ id, cell }: TableColumn, row: Facts, largest: number): unknown {
    if (id === "run")
      return html`<td class="text"><button class="run" title=${row.run}>${swatch(row.run)}<span class="name">${cutName(row.run, this.#short.get(row.run))}</span></button></td>`;
    const text = cell(row);
    if (id === "settings") return html`<td class="settings" title=${text}>${text}</td>`;
    if (id !== "best" || !row.best)
      return html`<td data-column=${id} class=${text === "NaN" || text.endsWith("Inf") ? "odd" : ""}>${text}</td>`;
    const share = largest > 0 ? Math.max(0, row.best.y / largest) : 0;
    return html`<td data-column="best" class="best"><span class="bar" aria-hidden="true"><i .style=${`width:${Math.round(share * 100)}%`}></i></span><b>${text}</b></td>`;
  }

  #tell(name: "table-sort" | "table-run", detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("cnn-compare-table", CompareTable);
