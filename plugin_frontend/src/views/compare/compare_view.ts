import { html, nothing, render } from "lit";
import { formatCount } from "../../math/format.ts";
import { formatPlain } from "../../math/plain_number.ts";
import { memoizeLast } from "../../math/memoize_last.ts";
import "../../parts/message.ts";
import { cutNameStyles } from "../../parts/cut_name.ts";
import { base, controls } from "../../parts/styles.ts";
import { pngOfSvg, svgDocument } from "../../parts/svg_document.ts";
import "../../parts/view_layout.ts";
import { timeAxis } from "../../state/time_axis.ts";
import { chooseRun } from "../../state/choose_run.ts";
import { ViewElement } from "../view.ts";
import type { CompareChart } from "./chart_element.ts";
import "./chart_element.ts";
import { drawingStyles } from "./chart_styles.ts";
import { CompareData } from "./compare_data.ts";
import { COMPARE_VIEW, type COMPARE_FIELDS, type Column } from "./compare_definition.ts";
import { compareStyles } from "./compare_styles.ts";
import { Comparison, type Compared } from "./comparison.ts";
import { mainName } from "./courses.ts";
import { compareCsv } from "./export.ts";
import { isAscending } from "./facts.ts";
import { headControls, title } from "./head.ts";
import { legendPart, restingPlace } from "./legend.ts";
import { multiplesPart, normsAt, normScale, runNorms, type RunNorms, SHOWN, withGradients } from "./multiples.ts";
import type { Zoom } from "./own_fields.ts";
import { placeInWords } from "./places.ts";
import { metricWords } from "./rows.ts";
import { countWords } from "./scene.ts";
import { tableColumns } from "./table_columns.ts";
import "./table_element.ts";
import { valuesAt } from "./values_at.ts";

/**
 * Compare: which run is better, and how sure is that?
 *
 * For tests in a browser: `state` says what is shown (null while anything is on its way), and `pixelOf(x, y)` where a
 * point of the chart stands, in pixels of the window.
 */
export class CompareView extends ViewElement<typeof COMPARE_FIELDS> {
  static override properties = {
    ...ViewElement.properties,
    pointed: { state: true },
    height: { state: true },
    multiples: { state: true },
  };
  static override styles = [base, controls, cutNameStyles, compareStyles, drawingStyles];

  readonly definition = COMPARE_VIEW;
  /** Where the crosshair stands on the axis. */
  declare pointed: number | null;
  /** Pixels of the view. */
  declare height: number;
  /** So many runs' gradients are shown. */
  declare multiples: number;
  readonly #comparison = new Comparison();
  readonly #data = new CompareData(
    this,
    () => this.session,
    () => this.#comparison.needs(this.session, this.options, this.multiples),
  );
  readonly #resize = new ResizeObserver(() => (this.height = this.clientHeight));
  #compared: Compared | null = null;
  /** Of the answers that `#compared` was made from. */
  #revision = 0;
  #shownNorms: readonly RunNorms[] = [];

  constructor() {
    super();
    this.pointed = null;
    this.height = 600;
    this.multiples = SHOWN;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override render(): unknown {
    const { session, options } = this;
    const compared = this.#comparison.of(session, options, this.#data);
    this.#compared = compared;
    this.#revision = this.#data.revision;
    const { choice, courses, metrics } = compared;
    const { done, of } = this.#data.progress;
    const drawn = new Set(compared.chart.lines.map(({ run }) => run)).size;
    return html`<cnn-view-layout .how=${COMPARE_VIEW.howToRead} ?busy=${drawn === 0 && done < of} .progress=${`${formatCount(done)} of ${formatCount(of)} runs`}>
      <span slot="title">${title(choice.metric, choice.part)}</span>
      <span slot="subtitle">${countWords(courses)}${done < of && drawn ? `, reading ${formatCount(of - done)}` : ""}</span>
      <div slot="controls" class="controls">
        ${headControls({ metrics, metric: choice.metric, part: choice.part, options, set: (patch) => this.setOptions(patch) })}
      </div>
      ${drawn || done < of ? this.#chartPart(compared) : this.#nothingDrawn(compared)}
      ${this.#table(compared)} ${this.#gradients()}
      <div slot="legend" class="legend">
        ${legendPart({ compared, pointed: this.pointed, options, runA: session.runA ?? "", set: (patch) => this.setOptions(patch) })}
      </div>
    </cnn-view-layout>`;
  }

  #chartPart({ chart }: Compared): unknown {
    return html`<cnn-compare-chart
      .chart=${chart}
      .height=${Math.max(180, Math.min(420, Math.round(this.height * 0.4) - 20))}
      .pointed=${this.pointed}
      ?dark=${this.session.dark}
      @chart-point=${(event: CustomEvent<number | null>) => this.#point(event.detail)}
      @chart-zoom=${(event: CustomEvent<Zoom | null>) => this.setOptions({ zoom: event.detail })}
      @chart-target=${(event: CustomEvent<number>) => this.setOptions({ target: event.detail })}
    ></cnn-compare-chart>`;
  }

  #nothingDrawn({ choice, courses }: Compared): unknown {
    const what = `${choice.part === "train" ? "" : "validation "}${metricWords(choice.metric)}`;
    const text = courses.runs.length
      ? `The table says why for each run.`
      : "All runs are hidden, or none has a name that fits the filter.";
    return html`<cnn-message heading=${courses.runs.length ? `No run has a curve of ${what} by ${choice.align}` : "No run is shown"} .text=${text}>
      ${choice.align === "epoch" ? nothing : html`<button slot="actions" @click=${() => this.setOptions({ align: "epoch", zoom: null })}>Align by epoch</button>`}
      <button slot="actions" @click=${() => this.setOptions({ metric: "loss", part: "both", zoom: null, target: null })}>Show all losses</button>
    </cnn-message>`;
  }

  readonly #columns = memoizeLast(
    (facts: Compared["facts"], choice: Compared["choice"], unit: string, target: number | null) =>
      tableColumns(facts, { metric: mainName(choice), plain: metricWords(choice.metric), unit, target }),
  );

  #table({ facts, choice, courses, target, better }: Compared): unknown {
    const { sort, descending } = this.options;
    return html`<cnn-compare-table
      .rows=${facts}
      .columns=${this.#columns(facts, choice, courses.unit, target)}
      .sort=${sort}
      .ascending=${isAscending(sort, descending, better)}
      .here=${this.session.runA ?? ""}
      @table-sort=${(event: CustomEvent<Column>) => this.setOptions({ sort: event.detail, descending: event.detail === sort && !descending })}
      @table-run=${({ detail }: CustomEvent<{ run: string; asB: boolean }>) => this.#choose(detail.run, detail.asB)}
    ></cnn-compare-table>`;
  }

  readonly #norms = memoizeLast((_listed: unknown, _revision: number, multiples: number) => {
    const runs = withGradients(this.#comparison.listed(this.session), multiples);
    return runs.flatMap(({ name }) => runNorms(name, this.#data.gradients(name), this.#data.detail(name)) ?? []);
  });
  readonly #normScale = memoizeLast(normScale);
  readonly #normsAt = memoizeLast(normsAt);
  /** Where run A has no steps, and so no axis. */
  readonly #ownAxis = memoizeLast(timeAxis);

  #gradients(): unknown {
    const { session } = this;
    const listed = this.#comparison.listed(session);
    const norms = (this.#shownNorms = this.#norms(listed, this.#data.gradientRevision, this.multiples));
    const longest = Math.max(1, ...norms.map(({ rows }) => rows[0]?.steps[rows[0].steps.length - 1] ?? 0));
    return multiplesPart({
      norms,
      values: this.#normsAt(norms, session.step),
      scale: this.#normScale(norms),
      step: session.step,
      runA: session.runA ?? "",
      of: withGradients(listed, Infinity).length,
      axis: session.steps.length ? this.#comparison.pageAxis(session) : this.#ownAxis(session.state.axis, longest),
      more: () => (this.multiples += SHOWN),
      choose: (run) => this.#choose(run),
      goto: (step) => session.set({ step: step === session.steps.at(-1) ? "last" : step }),
    });
  }

  #choose(run: string, asB = false): void {
    chooseRun(this.session, run, asB);
  }

  #point(at: number | null): void {
    this.pointed = at;
    const compared = this.#compared;
    if (at === null || !compared || !this.#chartElement?.matches(":focus-within")) return;
    const said = valuesAt(compared.chart, at, compared.better)
      .slice(0, 5)
      .map(({ run, shown }) => `${run} ${formatPlain(shown)}`);
    this.session.announce(`${placeInWords(compared.courses.unit, Number(at.toPrecision(4)))}: ${said.join(", ")}`);
  }

  get #chartElement(): CompareChart | null {
    return this.renderRoot.querySelector("cnn-compare-chart");
  }

  /** What is shown; null while anything is on its way. */
  get state(): object | null {
    const { done, of } = this.#data.progress;
    const compared = this.#compared;
    if (!compared || done < of || this.#revision !== this.#data.revision) return null;
    const { choice, better, target, facts, chart, courses } = compared;
    const at = this.pointed ?? restingPlace(chart);
    return {
      ...choice,
      better,
      target,
      unit: courses.unit,
      pointed: this.pointed,
      here: chart.here,
      axis: [chart.across.lo, chart.across.hi],
      range: [chart.values.lo, chart.values.hi],
      rows: facts,
      rings: chart.rings.length,
      values: valuesAt(chart, at, better),
      lines: chart.lines.map(({ run, part, x }) => ({ run, part, points: x.length })),
      gradients: this.renderRoot.querySelectorAll("cnn-step-heatmap").length,
    };
  }

  pixelOf(x: number, y: number): { x: number; y: number } | null {
    return this.#chartElement?.pixelOf(x, y) ?? null;
  }

  override async saveSvg(): Promise<string> {
    const compared = this.#compared;
    const chart = this.#chartElement;
    if (!compared || !chart) throw new Error("there is no chart yet");
    const { choice } = compared;
    const { runA, step } = this.session;
    const here = step === null ? "" : `; A ${runA}, step ${step}`;
    const words = `${title(choice.metric, choice.part)} of ${new Set(compared.chart.lines.map(({ run }) => run)).size} runs by ${choice.align}${here}`;
    const drawing = await chart.drawing(words, this.#shownNorms, [
      ...this.renderRoot.querySelectorAll("cnn-step-heatmap"),
    ]);
    const holder = document.createElement("div");
    holder.style.cssText = "position:absolute;visibility:hidden;inset:0 auto auto 0";
    this.renderRoot.append(holder);
    try {
      render(drawing, holder);
      return svgDocument(holder.querySelector("svg")!);
    } finally {
      holder.remove();
    }
  }

  override async savePng(): Promise<Blob> {
    return pngOfSvg(await this.saveSvg());
  }

  override saveCsv(): string {
    const compared = this.#compared;
    if (!compared) throw new Error("there are no numbers yet");
    const { facts, chart, choice, courses, target } = compared;
    return compareCsv(facts, chart.lines, {
      metric: mainName(choice),
      align: choice.align === "time" ? courses.unit : choice.align,
      target,
    });
  }
}

customElements.define(COMPARE_VIEW.tag, CompareView);
