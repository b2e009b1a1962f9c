import { chooseRun, hideRun } from "../../state/choose_run.ts";
import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { RunSummary } from "../../data/schema.ts";
import { formatCount } from "../../math/format.ts";
import { cutNameStyles } from "../../parts/cut_name.ts";
import { severityStyles } from "../../parts/severity.ts";
import { base, controls } from "../../parts/styles.ts";
import { matchesPattern } from "../../state/run_filter.ts";
import { shortRuns } from "../../parts/run_names.ts";
import { SessionElement } from "../../state/session_element.ts";
import { worstAlarm } from "../../state/verdict_order.ts";
import { NAME_ROOM, runRow, words, type RowState } from "./run_row.ts";
import { runsStyles } from "./runs_styles.ts";
import { sparkScale, type SparkScale } from "./spark.ts";
import "../../parts/icon_button.ts";
import "./run_cost.ts";

/** Of a run's row, by runs_styles.ts. Pixels. */
const ROW_HEIGHT = 32;

/** The runs. Click = A, Shift-click = B, swatch = hide in charts. A rail of swatches where the window is narrow. */
export class RunsColumn extends SessionElement {
  static override properties = { ...SessionElement.properties, open: { type: Boolean, reflect: true } };
  /** Whether the rail of a narrow window is spread out over the view. */
  declare open: boolean;
  #scale: SparkScale = { lo: 0, hi: 1 };
  #scaleOf: unknown = null;

  constructor() {
    super();
    this.open = false;
  }

  static override styles = [base, controls, cutNameStyles, severityStyles, runsStyles];

  /** Put the cursor into the filter, for the key "/". */
  focusFilter(): void {
    this.open = true;
    void this.updateComplete.then(() => this.renderRoot.querySelector("input")?.select());
  }

  /** The run under the pointer or with focus, for the key B. */
  get pointed(): string | null {
    const item =
      this.renderRoot.querySelector<HTMLElement>("li:hover") ?? this.renderRoot.querySelector("li:focus-within");
    return item?.getAttribute("data-run") ?? null;
  }

  /** The runs that the filter lets through. */
  get shown(): readonly RunSummary[] {
    const { filter } = this.session.state;
    const all = this.session.runs?.runs ?? [];
    return filter ? all.filter((run) => matchesPattern(run.name, filter)) : all;
  }

  override render(): unknown {
    const all = this.session.runs?.runs ?? [];
    const shown = this.shown;
    const { filter } = this.session.state;
    const hidden = new Set(this.session.state.hidden);
    this.#updateScale();
    const parts = shortRuns(
      all.map(({ name }) => name),
      NAME_ROOM,
    );
    return html`
      <div class="spread">
        <cnn-icon-button
          icon=${this.open ? "close" : "runs"}
          label=${this.open ? "Fold the runs away" : "Runs"}
          @click=${() => (this.open = !this.open)}
        ></cnn-icon-button>
      </div>
      <input
        class="search"
        type="search"
        placeholder="Filter runs by pattern"
        aria-label="Filter runs by pattern"
        title="Words that must occur; * for anything, -word must not occur, | for or"
        maxlength="500"
        .value=${this.session.state.filter}
        @input=${(event: Event) => this.session.set({ filter: (event.target as HTMLInputElement).value })}
        @keydown=${this.#searchKey}
      />
      <div class="counts" aria-live="polite">
        <span>${formatCount(shown.length)} of ${formatCount(all.length)} ${all.length === 1 ? "run" : "runs"}</span>
        <span class="name">${this.#metric(shown)}</span>
      </div>
      <ul aria-label="Runs" @keydown=${this.#listKey} @scroll=${this.#look}>
        ${guard(
          [
            this.session.runs,
            filter,
            this.session.state.hidden,
            this.session.wishedA,
            this.session.runB,
            this.session.verdicts.revision,
          ],
          () =>
            repeat(
              shown,
              (run) => run.name,
              (run) => this.#row(run, hidden, parts.get(run.name)),
            ),
        )}
      </ul>
      ${all.length > 0 && shown.length === 0 ? html`<p class="none">No run's name fits the pattern.</p>` : nothing}
      <cnn-run-cost .session=${this.session}></cnn-run-cost>
      <footer><kbd>R</kbd> next run, <kbd>B</kbd> set as B</footer>
    `;
  }

  #row(run: RunSummary, hidden: ReadonlySet<string>, parts: RowState["parts"]): unknown {
    const { session } = this;
    const mark = run.name === session.wishedA ? "A" : run.name === session.runB ? "B" : null;
    return runRow(run, {
      parts,
      mark,
      letters: session.runB !== null,
      hidden: hidden.has(run.name),
      alarm: worstAlarm(session.verdicts.of(run.name).value?.verdicts ?? []),
      scale: this.#scale,
      showNotices: () => {
        this.#choose(run.name, false);
        this.dispatchEvent(new CustomEvent("show-notices", { bubbles: true, composed: true }));
      },
      choose: (event) => this.#choose(run.name, event.shiftKey),
      hide: () => hideRun(session, run.name),
    });
  }

  protected override updated(): void {
    this.#look();
  }

  /** Runs that are seen are judged: not a thousand because they are there. */
  readonly #look = (): void => {
    const list = this.renderRoot.querySelector("ul");
    if (!list) return;
    const first = Math.floor(list.scrollTop / ROW_HEIGHT);
    const count = Math.ceil(list.clientHeight / ROW_HEIGHT) + 1;
    this.session.verdicts.see(this.shown.slice(first, first + count).map(({ name }) => name));
  };

  #choose(name: string, asB: boolean): void {
    this.open = false;
    chooseRun(this.session, name, asB);
  }

  #updateScale(): void {
    const { runs } = this.session;
    if (runs === this.#scaleOf) return;
    this.#scaleOf = runs;
    this.#scale = sparkScale((runs?.runs ?? []).flatMap((run) => (run.curve ? [run.curve] : [])));
  }

  /** The metric of most curves. */
  #metric(runs: readonly RunSummary[]): string {
    const counts = new Map<string, number>();
    for (const { curve } of runs) if (curve) counts.set(curve.metric, (counts.get(curve.metric) ?? 0) + 1);
    const most = [...counts].sort((a, b) => b[1] - a[1])[0];
    return most ? `final ${words(most[0])}` : "";
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    if (this.session.state.filter) this.session.set({ filter: "" });
    else (event.target as HTMLElement).blur();
    event.preventDefault();
  }

  /** Up and down walk along the rows; the row with focus is the one Tab comes back to only if it is A. */
  #listKey(event: KeyboardEvent): void {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by === undefined) return;
    const rows = [...this.renderRoot.querySelectorAll<HTMLElement>("button.row")];
    const at = rows.indexOf(event.composedPath()[0] as HTMLElement);
    rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
    event.preventDefault();
  }
}

customElements.define("cnn-runs", RunsColumn);
