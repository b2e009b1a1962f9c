/**
 * The Gradients view: where the error arrives weakened, and since when.
 *
 * For tests in a browser the element has `data-state` (loading, ready, failed), `shown` (what is drawn, with its scales)
 * and `cellAt` (where a row's step lies on the page).
 */
import { html, nothing, render, type PropertyValues, type TemplateResult } from "lit";
import type { Rect } from "../../canvas/grid_layout.ts";
import { hereLine } from "../../canvas/here_line.ts";
import type { HeatMark } from "../../canvas/heat_marks.ts";
import type { HeatCell, StepHeatmap } from "../../canvas/step_heatmap.ts";
import { speakNumber } from "../../math/format.ts";
import { nearestIndex } from "../../math/gradient_norms.ts";
import { memoizeLast } from "../../math/memoize_last.ts";
import { cutNameStyles } from "../../parts/cut_name.ts";
import { base, controls as controlStyles } from "../../parts/styles.ts";
import { pngOfSvg, svgDocument } from "../../parts/svg_document.ts";
import "../../parts/view_layout.ts";
import { hasKind, layersOf } from "../../state/selectors.ts";
import { timeAxis, type TimeAxis } from "../../state/time_axis.ts";
import { ViewElement } from "../view.ts";
import { controls } from "./controls.ts";
import type { GRADIENT_FIELDS, PlaceQuantity, Shown } from "./fields.ts";
import { histogramFigure, normFigure, type FigureFrame, type NormActions, type VariableChoice } from "./figures.ts";
import type { Flow } from "./flow.ts";
import { flowModel, slopesFlow } from "./flow_model.ts";
import { gradientsCsv, placesCsv } from "./gradients_csv.ts";
import { GradientsData } from "./gradients_data.ts";
import { GRADIENTS_VIEW } from "./gradients_definition.ts";
import { gradientsStyles } from "./gradients_styles.ts";
import { histogramPicture, type HistogramFigure, type HistogramPicture } from "./histogram_picture.ts";
import { legend, variableRows } from "./legend.ts";
import { notices } from "./notices.ts";
import { currentRow, normPicture, normText, shownAt, type NormPanel, type NormPicture } from "./norm_panels.ts";
import { placePicture } from "./place_panels.ts";
import { isOfPlaces, isShare, PLACE_SERIES } from "./run_places.ts";
import { namesInLayer, placeOf, tailOf } from "./row_groups.ts";
import { sheetOf } from "./saved_sheet.ts";
import { sheetSvg, type Sheet } from "./sheet.ts";
import { mostHistogramRows, sizesFor, type Sizes } from "./sizes.ts";
import { NO_ROWS, QUANTITY_WORDS, stepsText } from "./labels.ts";
import { verdictMarks } from "./verdict_marks.ts";

interface Hovered {
  readonly panel: NormPanel["id"];
  readonly cell: HeatCell;
}

export class GradientsView extends ViewElement<typeof GRADIENT_FIELDS> {
  static override properties = { ...ViewElement.properties, hovered: { state: true }, size: { state: true } };
  static override styles = [base, controlStyles, cutNameStyles, hereLine, gradientsStyles];

  readonly definition = GRADIENTS_VIEW;
  declare hovered: Hovered | null;
  declare size: { width: number; height: number; legend: number };
  private readonly data = new GradientsData(this);
  private readonly resizing = new ResizeObserver(() => this.measure());
  private readonly norms = memoizeLast(normPicture);
  private readonly places = memoizeLast(placePicture);
  private readonly flowNorms = memoizeLast(normPicture);
  private readonly histogram = memoizeLast(histogramPicture);
  private readonly axisOf = memoizeLast((kind: TimeAxis["kind"], last: number) => timeAxis(kind, last));

  constructor() {
    super();
    this.hovered = null;
    this.size = { width: 0, height: 0, legend: 0 };
  }

  /** What is drawn; null before the first series came. */
  get shown(): object | null {
    const { picture } = this;
    if (!picture) return null;
    const { scale, panels, quantity } = picture;
    const { histograms } = this;
    return {
      quantity,
      step: this.session.step,
      range: [scale.lo, scale.hi],
      map: scale.palette.map.name,
      panels: panels.map(({ id, run, groups, rows }) => ({
        id,
        run,
        rows: groups.map(({ name, path }) => ({ name, path })),
        steps: Array.from(rows[0]?.steps ?? []),
      })),
      histograms: histograms && {
        ...histograms.octaves,
        bound: histograms.scale.hi,
        figures: histograms.figures.map(({ id, histogram }) => ({
          id,
          run: histogram.run,
          variable: histogram.variable.path,
          steps: Array.from(histogram.steps),
        })),
      },
    };
  }

  /** The client rectangle of a row's step in a heatmap: "A", "B", "difference", "A+", "A-", "B+", "B-". */
  cellAt({ map = "A", row, step }: { map?: string; row: number; step: number }): Rect | null {
    const found = this.mapOf(map);
    return found?.cellAt(row, nearestIndex(found.rows[row]?.steps ?? [], step)) ?? null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizing.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizing.disconnect();
  }

  override async saveSvg(): Promise<string> {
    const { picture } = this;
    if (!picture) throw new Error("there is no picture yet");
    const place = document.createElement("div");
    this.renderRoot.append(place);
    try {
      render(await sheetSvg(this.sheetOf(picture)), place);
      return svgDocument(place.querySelector("svg")!);
    } finally {
      place.remove();
    }
  }

  override async savePng(): Promise<Blob> {
    return pngOfSvg(await this.saveSvg());
  }

  override saveCsv(): Promise<string> {
    const { session } = this;
    const runs = [session.detailA, this.options.show === "a" ? null : session.detailB].filter(
      (detail) => detail !== null,
    );
    const { quantity } = this;
    return isOfPlaces(quantity) ? placesCsv(session.api, runs, quantity) : gradientsCsv(session.api, runs);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const panel = this.picture?.panels.find(({ id }) => id === this.hovered?.panel);
    const { cell } = this.hovered ?? {};
    if (cell && panel?.rows[cell.row]?.steps[cell.index] === undefined) this.hovered = null;
  }

  protected override updated(): void {
    const { data } = this;
    this.dataset["state"] = data.error ? "failed" : data.loading || !data.a.norms ? "loading" : "ready";
  }

  protected override render(): unknown {
    const { picture, data, options } = this;
    const { quantity } = this;
    const words = QUANTITY_WORDS[quantity];
    return html`<cnn-view-layout .how=${words.howToRead ?? GRADIENTS_VIEW.howToRead} .busy=${data.slow} .progress=${data.slow ? "gradients" : ""}>
      <span slot="title">${words.title}</span>
      <span slot="subtitle">${this.subtitle(picture)}</span>
      ${controls(
        options,
        quantity,
        this.session.runB,
        (each) => this.lacks(each),
        (patch) => this.setOptions(patch),
      )}
      ${notices(this.session, data)}
      ${picture && this.size.width ? this.pictureOf(picture) : nothing}
      ${picture ? html`<div slot="legend" class="legend">${this.legendOf(picture)}</div>` : nothing}
    </cnn-view-layout>`;
  }

  /** What is shown: what was chosen, where run A has it. */
  get quantity(): Shown {
    const { quantity } = this.options;
    return isOfPlaces(quantity) && this.lacks(quantity) !== undefined ? "gradient" : quantity;
  }

  private lacks(quantity: PlaceQuantity): string | undefined {
    const { kind } = PLACE_SERIES[quantity];
    if (hasKind(this.session.detailA, kind)) return undefined;
    return kind === "errors"
      ? "This run logged no backpropagated errors: they need a labelled probe, probe=(x, y)"
      : "This run logged no activations of the training batch";
  }

  private get picture(): NormPicture | null {
    const { data, options, session, quantity } = this;
    if (isOfPlaces(quantity)) return this.picturePlaces();
    const a = data.a.norms;
    if (!a) return null;
    const b = session.runB === null ? null : data.b.norms;
    return this.norms(
      a,
      b,
      layersOf(session.detail(a.run)),
      layersOf(session.detail(b?.run ?? null)),
      quantity,
      options.rows,
      options.show,
    );
  }

  private picturePlaces(): NormPicture | null {
    const { data, options, session } = this;
    const a = data.a.places;
    const b = session.runB === null ? null : data.b.places;
    return (
      a && this.places(a, b, layersOf(session.detail(a.run)), layersOf(session.detail(b?.run ?? null)), options.show)
    );
  }

  private get histograms(): HistogramPicture | null {
    const { data, session } = this;
    if (isOfPlaces(this.quantity)) return null;
    const b = session.runB === null || this.options.show === "a" ? null : data.b.histogram;
    return this.histogram(data.a.histogram, b, mostHistogramRows(this.sizes.side));
  }

  private get sizes(): Sizes {
    const panels = this.picture?.panels ?? [];
    const { a, b } = this.data;
    if (isOfPlaces(this.quantity))
      return sizesFor(
        this.size.height,
        panels.map(({ rows }) => rows.length),
        0,
        0,
      );
    const shown = [a.histogram, this.session.runB === null ? null : b.histogram].filter(
      (histogram) => histogram !== null,
    );
    const odd = (values: ArrayLike<number>): number => Number(Array.from(values).some((value) => value > 0));
    const bands = shown.reduce((sum, { nan, inf }) => sum + 1 + odd(nan) + odd(inf), 0);
    return sizesFor(
      this.size.height,
      panels.map(({ rows }) => rows.length),
      shown.length,
      bands,
    );
  }

  private get axis(): TimeAxis {
    const { session } = this;
    const summary = session.runs?.runs.find((run) => run.name === session.runA);
    return this.axisOf(session.state.axis, Math.max(summary?.last_step ?? 0, session.steps.at(-1) ?? 0));
  }

  private get step(): number {
    return this.session.step ?? 0;
  }

  /** Path of the variable whose histogram is shown. */
  private get variable(): string | null {
    const { variables = [] } = this.session.detailA?.model ?? {};
    return variables[placeOf(variables, this.session.layer?.path ?? null, this.options.variable)]?.path ?? null;
  }

  private subtitle(picture: NormPicture | null): string {
    const { hovered } = this;
    const panel = picture?.panels.find(({ id }) => id === hovered?.panel);
    if (panel && hovered) return this.describe(panel, hovered.cell, false);
    const { norms, places } = this.data.a;
    const words = QUANTITY_WORDS[this.quantity].subtitle;
    if (isOfPlaces(this.quantity))
      return places ? `${words}, ${stepsText(places.steps.length, places.thinned)}` : words;
    if (!norms) return words;
    const { columns, thinned } = this.quantity === "gradient" ? norms.gradient : norms;
    return `${words}, ${stepsText(columns.steps.length, thinned)}`;
  }

  private pictureOf(picture: NormPicture): TemplateResult {
    if (!picture.panels.some(({ groups }) => groups.length)) {
      return html`<p class="quiet notice">${NO_ROWS[picture.quantity] ?? "The log names no layers here."}</p>`;
    }
    const { axis, histograms } = this;
    const { width } = this.size;
    const line = axis.toShare(this.step) * width;
    const frame: FigureFrame = { axis, width, sizes: this.sizes, step: this.step, goTo: (step) => this.goTo(step) };
    return html`<div class="picture" .style=${`width:calc(var(--axis-left) + ${width}px + var(--axis-gutter))`}>
      <div class="through" .style=${`left:calc(var(--axis-left) + ${line}px)`}></div>
      ${picture.panels.map((panel) => normFigure(frame, picture, panel, this.actionsOf(panel)))}
      ${
        histograms?.figures.map((figure) => histogramFigure(frame, histograms, figure, this.variableChoice(figure))) ??
        (isOfPlaces(picture.quantity)
          ? nothing
          : html`<p class="quiet notice">No variables of ${this.session.layer!.name} are among the gradients: it is frozen, or owns none.</p>`)
      }
    </div>`;
  }

  private actionsOf(panel: NormPanel): NormActions {
    return {
      current: currentRow(panel, this.session.layer!.path, this.variable),
      marks: this.marksOf(panel),
      describe: (cell) => this.describe(panel, cell, true),
      chooseRow: (row) => this.chooseRow(panel, row),
      hover: (cell) => (this.hovered = cell && { panel: panel.id, cell }),
    };
  }

  private marksOf(panel: NormPanel): readonly HeatMark[] {
    const { session } = this;
    const detail = panel.id === "A" ? session.detailA : panel.id === "B" ? session.detailB : null;
    return detail ? verdictMarks(session.verdicts.of(panel.run).value?.verdicts ?? [], detail, panel) : [];
  }

  private variableChoice({ histogram }: HistogramFigure): VariableChoice {
    const { variables = [] } = this.session.detail(histogram.run)?.model ?? {};
    return {
      layer: this.session.layer!.name,
      names: namesInLayer(variables, histogram.variable.layer),
      choose: (variable) => this.setOptions({ variable }),
    };
  }

  private legendOf(picture: NormPicture): TemplateResult {
    const { session, step } = this;
    const { variables = [] } = session.detailA?.model ?? {};
    const place = placeOf(variables, session.layer?.path ?? null, this.options.variable);
    const variable = isOfPlaces(picture.quantity) ? null : (variables[place] ?? null);
    return legend({
      picture,
      difference: this.isDifference(picture),
      runs: picture.panels.length,
      mark: this.markOf(picture),
      flow: this.flowOf(),
      step,
      histogram: this.histograms,
      variable,
      rows: variable ? variableRows(this.data.record, place, variable) : [],
    });
  }

  private isDifference(picture: NormPicture): boolean {
    return picture.panels[0]?.id === "difference";
  }

  /** The logarithm under the cursor, else that of the current row at the current step. */
  private markOf(picture: NormPicture): number | null {
    const { hovered } = this;
    const panel = picture.panels.find(({ id }) => id === hovered?.panel) ?? picture.panels[0]!;
    if (hovered) return panel.rows[hovered.cell.row]?.values[hovered.cell.index] ?? null;
    const row = currentRow(panel, this.session.layer!.path, this.variable);
    return panel.rows[row]?.values[shownAt(panel, this.step)?.index ?? -1] ?? null;
  }

  private get side(): number {
    return Math.max(120, this.size.legend - 33);
  }

  /** Of what has a size. */
  private flowOf(): Flow | null {
    const { data, options, session, quantity } = this;
    if (isOfPlaces(quantity)) {
      const picture = this.picturePlaces();
      if (!picture?.panels.some(({ groups }) => groups.length) || isShare(quantity) || this.isDifference(picture))
        return null;
      const flowOf = quantity === "slope" ? slopesFlow : flowModel;
      return flowOf(picture.panels, session.layer!.path, this.step, this.side);
    }
    const b = session.runB === null || options.show === "a" ? null : data.b.norms;
    const { panels } = this.flowNorms(
      data.a.norms!,
      b,
      layersOf(session.detailA),
      layersOf(session.detailB),
      quantity,
      "layer",
      "both",
    );
    return flowModel(panels, session.layer!.path, this.step, this.side);
  }

  private describe(panel: NormPanel, cell: HeatCell, spoken: boolean): string {
    const row = panel.rows[cell.row];
    const step = row?.steps[cell.index];
    if (!row || step === undefined) return "";
    const value = panel.values[cell.row]![cell.index] ?? NaN;
    const difference = panel.id === "difference";
    const number =
      !spoken || value === 0
        ? normText(value, difference, isShare(this.quantity))
        : `${difference ? "times " : ""}${speakNumber(value)}`;
    const mark = this.marksOf(panel).find((each) => each.row === cell.row && each.step === step);
    return `${row.name}, ${difference ? "A / B" : panel.id}, step ${step}: ${number}${mark ? `; ${mark.words}` : ""}`;
  }

  private chooseRow(panel: NormPanel, row: number): void {
    const group = panel.groups[row];
    if (!group || group.layer === null) return;
    this.session.set({ layer: group.layer });
    if (this.options.rows === "variable") this.setOptions({ variable: tailOf(group.path) });
  }

  private goTo(step: number): void {
    this.session.set({ step: step === this.session.steps.at(-1) ? "last" : step });
  }

  private mapOf(name: string): StepHeatmap | null {
    return this.renderRoot.querySelector<StepHeatmap>(`cnn-step-heatmap[data-map="${CSS.escape(name)}"]`);
  }

  private measure(): void {
    const style = getComputedStyle(this);
    const pixels = (name: string): number => Number.parseFloat(style.getPropertyValue(name)) || 0;
    const side = pixels("--w-legend");
    const width = Math.max(
      40,
      this.clientWidth - pixels("--w-fields") - pixels("--axis-left") - pixels("--axis-right"),
    );
    const height = Math.max(
      0,
      (this.renderRoot.querySelector("cnn-view-layout")?.clientHeight ?? this.clientHeight) - pixels("--h-head") - 12,
    );
    const { size } = this;
    if (width !== size.width || height !== size.height || side !== size.legend)
      this.size = { width, height, legend: side };
  }

  private sheetOf(picture: NormPicture): Sheet {
    const { histograms, sizes, step } = this;
    return sheetOf({
      picture,
      histograms,
      sizes,
      step,
      width: this.size.width,
      toShare: this.axis.toShare,
      flow: this.flowOf(),
      side: this.side,
      difference: this.isDifference(picture),
      map: (name) => this.mapOf(name),
    });
  }
}

customElements.define(GRADIENTS_VIEW.tag, GradientsView);
