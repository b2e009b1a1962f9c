/**
 * The Filters view: a layer's kernels at one step, and what became of one of them.
 *
 * For tests in a browser the element has `data-state` (loading, ready, failed), `shown` (what is drawn, with its scale)
 * and `cellAt` (where a weight lies on the page).
 */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { GridElement, GridHover } from "../../canvas/grid_element.ts";
import type { GridPose, Rect } from "../../canvas/grid_layout.ts";
import type { Cell } from "../../canvas/grid_scene.ts";
import "../../canvas/grid_element.ts";
import type { ChannelOrder } from "../../math/colour.ts";
import { formatNumber } from "../../math/format.ts";
import { isolated } from "../../parts/isolated.ts";
import { base, controls as controlStyles } from "../../parts/styles.ts";
import "../../parts/loading_bar.ts";
import "../../parts/view_layout.ts";
import { shortRun } from "../../parts/run_names.ts";
import { channelOrderOf } from "../../state/channel_order.ts";
import { runStyle } from "../../state/run_style.ts";
import { ViewElement } from "../view.ts";
import { controls, mapChoice } from "./controls.ts";
import { cursorRows, spokenWeight, type InputWords, type Row } from "./cursor_rows.ts";
import { csvOf, pngOf } from "./export.ts";
import type { FILTER_FIELDS, FilterOptions } from "./fields.ts";
import { FilterWords } from "./filter_labels.ts";
import { FiltersData } from "./filters_data.ts";
import { FILTERS_VIEW, HOW_TO_READ } from "./filters_definition.ts";
import { filtersStyles } from "./filters_styles.ts";
import { lensOf, lensStyles } from "./lens.ts";
import { legend, legendStyles } from "./legend.ts";
import { hasPart, sameShape, SECOND_PARTS } from "./kernels.ts";
import { noticeOfB } from "./notices.ts";
import { panelPainter, panelInsets } from "./panel_painter.ts";
import type { Panel, PanelId, Picture } from "./picture.ts";
import { PictureMemory } from "./picture_memory.ts";
import { cellOf, weightAt, type WeightPlace } from "./scenes.ts";
import type { FilterStory } from "./story_element.ts";
import { storyPart } from "./story_part.ts";
import { stripPart } from "./strip_part.ts";
import { zoomButtons } from "./zoom_buttons.ts";

/** Characters of a run's name above its panel. */
const NAME_ROOM = 28;

interface Hovered {
  readonly panel: PanelId;
  readonly weight: WeightPlace;
  /** Where it is drawn, in pixels from the panels' top left; null where it was pointed at elsewhere. */
  readonly at: { x: number; y: number } | null;
}

export class FiltersView extends ViewElement<typeof FILTER_FIELDS> {
  static override properties = { ...ViewElement.properties, hovered: { state: true }, pose: { state: true } };
  static override styles = [base, controlStyles, filtersStyles, legendStyles, lensStyles];

  readonly definition = FILTERS_VIEW;
  declare hovered: Hovered | null;
  declare pose: GridPose | null;
  private readonly data = new FiltersData(this);
  private readonly memory = new PictureMemory();

  constructor() {
    super();
    this.hovered = null;
    this.pose = null;
  }

  /** What is drawn; null before the first records came. */
  get shown(): object | null {
    const { picture } = this;
    if (!picture || !this.data.shown) return null;
    const ranges = picture.panels.map(({ id, bounds, kernels }) => ({
      id,
      step: kernels.step,
      exact: kernels.exact,
      bounds: Array.from(bounds.each.subarray(0, 4096)),
    }));
    const { mode, scale, filter, order } = picture;
    const orders = { filters: Array.from(order.filters), inputs: Array.from(order.inputs) };
    const dead = Array.from(picture.sides[0]!.kernels.dead.keys()).filter(
      (each) => picture.sides[0]!.kernels.dead[each],
    );
    return {
      ...this.data.shown,
      mode,
      scale,
      filter,
      order: orders,
      dead,
      panels: ranges,
      map: picture.palette.map.name,
    };
  }

  /**
   * The client rectangle of a weight's cell in a panel ("A", "B", "change", "difference"; default: the first); null
   * where it is not drawn. In folded tiles the input makes no difference.
   */
  cellAt(place: Partial<WeightPlace> & { filter: number; panel?: PanelId }): Rect | null {
    const panel = this.picture?.panels.find(({ id }) => id === place.panel) ?? this.picture?.panels[0];
    if (!panel) return null;
    const weight = { input: 0, slice: 0, row: 0, column: 0, ...place };
    const cell = cellOf(panel.kernels, panel.plan, panel.scene.columns, weight);
    return cell && (this.gridOf(panel.id)?.cellAt(cell.place, cell.x, cell.y) ?? null);
  }

  override async savePng(): Promise<Blob> {
    const { picture, data } = this;
    if (!picture || !data.shown) throw new Error("There is no picture yet");
    const panels = picture.panels.flatMap((panel) => {
      const grid = this.gridOf(panel.id);
      return grid ? [{ grid, caption: this.caption(panel) }] : [];
    });
    const folded = picture.mode === "folded" && picture.panels[0]!.plan.channels === "bgr" ? ", folded BGR" : "";
    const title = `${data.shown.layer}, ${data.shown.run}, step ${data.shown.step}${folded}`;
    return pngOf({ title, panels, picture });
  }

  /** The view's chart is the opened filter's biography. */
  override saveSvg(): string {
    const story = this.renderRoot.querySelector<FilterStory>("cnn-filter-story");
    if (!story) throw new Error("open a filter first (Enter or a click): its curves are this view's chart");
    return story.toSvg();
  }

  override saveCsv(): string {
    return csvOf(this.picture?.panels ?? [], (panel) => this.caption(panel, false));
  }

  override handleKey(event: KeyboardEvent): boolean {
    switch (event.key) {
      case "Escape":
        return this.goBack();
      case "+":
      case "=":
        return this.gridOf()?.zoomBy(1.5) ?? false;
      case "-":
      case "−":
        return this.gridOf()?.zoomBy(1 / 1.5) ?? false;
      case "0":
        return (this.gridOf()?.fit(), true);
      default:
        return false;
    }
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const before = this.memory.picture;
    const { picture } = this;
    if (before && picture && before !== picture && !sameLook(before, picture)) {
      this.pose = null;
      this.hovered = null;
    }
  }

  protected override updated(): void {
    const { data } = this;
    this.dataset["state"] = data.failed ? "failed" : data.loading || !data.a ? "loading" : "ready";
    this.dataset["step"] = String(data.shown?.step ?? "");
    this.dataset["layer"] = data.shown?.layer ?? "";
  }

  protected override render(): unknown {
    const { picture, data } = this;
    // While another layer is on its way, the one that is drawn is named.
    const layer = this.session.layers.find(({ path }) => path === data.shown?.layer) ?? this.session.layer!;
    if (!picture)
      return html`<cnn-view-layout .busy=${data.slow}><span slot="title">${layer.name}</span></cnn-view-layout>`;
    const words = this.words;
    const shape = picture.panels[0]!.kernels;
    return html`<cnn-view-layout
      .how=${HOW_TO_READ[picture.mode]} .busy=${data.slow} .progress=${data.slow ? `step ${this.session.step}` : ""}
    >
      <span slot="title" title=${layer.path}>${layer.name}</span>
      <span slot="subtitle">${words.subtitle(picture.sides[0]!.kernels)}</span>
      ${controls(
        {
          picture,
          shape,
          options: this.options,
          second: SECOND_PARTS.find((part) => data.record !== null && hasPart(data.record, part)),
          firstStep: this.session.steps[0] ?? 0,
          noDifference: this.noDifference,
        },
        (patch) => this.setOptions(patch),
        (filter) => this.session.set({ channel: filter }),
      )}
      <div class="picture ${picture.mode}">
        ${noticeOfB(this.session, data.shownB)}
        <div class="panels">
          ${picture.panels.map((panel) => this.panel(picture, panel, words))}
          ${picture.mode === "matrix" || this.pose ? zoomButtons(() => this.gridOf(), this.pose !== null) : nothing}
          ${this.lensPart(picture)}
        </div>
        ${this.options.story || picture.mode === "one" ? this.storyPart(picture, words) : this.stripPart(picture, words)}
      </div>
      <div slot="legend" class="legend">${this.legend(picture, words)}</div>
    </cnn-view-layout>`;
  }

  private get picture(): Picture | null {
    const { data, options } = this;
    if (!data.a) return this.memory.picture;
    const history = options.scale === "all" ? data.history : null;
    const { a, first, last, b } = data;
    const filter = this.session.state.channel;
    return this.memory.pictureOf(
      {
        a,
        first,
        last,
        b,
        history,
        options,
        filter,
        channelsA: this.channelsOf(data.shown),
        channelsB: this.channelsOf(data.shownB),
      },
      this.session.playing,
    );
  }

  private get words(): FilterWords {
    const layers = this.session.layers;
    const layer = layers.find(({ path }) => path === this.data.shown?.layer) ?? this.session.layer!;
    return new FilterWords(
      layers,
      layer,
      this.picture?.panels[0]?.kernels ?? null,
      this.data.part(),
      this.channelsOf(this.data.shown),
    );
  }

  private channelsOf(shown: { readonly run: string } | null): ChannelOrder {
    return channelOrderOf(this.session.detail(shown?.run ?? null));
  }

  private get noDifference(): string | undefined {
    const { a, b } = this.data;
    if (this.session.runB === null) return "Choose a run B: Shift-click it in the list";
    return a && b && !sameShape(a, b) ? "The two runs have kernels of different shape here" : undefined;
  }

  private panel(picture: Picture, panel: Panel, words: InputWords): TemplateResult {
    const hovered = this.hovered && cellOf(panel.kernels, panel.plan, panel.scene.columns, this.hovered.weight);
    const cursor = hovered && {
      ...hovered,
      column: hovered.place % panel.scene.columns,
      row: Math.floor(hovered.place / panel.scene.columns),
    };
    return html`<figure>
      ${
        picture.panels.length > 1 || panel.id !== "A"
          ? html`<figcaption><span class="mark">${panel.id === "difference" ? "A − B" : panel.id === "change" ? "Change" : panel.id}</span>
            <span class="quiet" title=${this.caption(panel)}>${this.caption(panel, panel.id === "difference" || panel.id === "change", NAME_ROOM)}</span></figcaption>`
          : nothing
      }
      <cnn-grid
        data-panel=${panel.id} .scene=${panel.scene} ?flow=${panel.plan.mode !== "matrix"} .pose=${this.pose}
        .insets=${panelInsets(panel)} .cursor=${cursor} label=${`Filters of ${this.data.shown?.layer}, ${this.caption(panel)}`}
        .painter=${panelPainter(panel, words, this.session.state.channel, this.hovered?.weight ?? null)}
        .describe=${(cell: Cell) => this.describe(panel, cell, words)}
        @grid-hover=${(event: CustomEvent<GridHover>) => this.hover(panel, event)}
        @grid-open=${(event: CustomEvent<{ cell: Cell }>) => this.open(panel, event.detail.cell)}
        @grid-back=${() => this.goBack()}
        @grid-pose=${(event: CustomEvent<{ pose: GridPose | null }>) => (this.pose = event.detail.pose)}
      ></cnn-grid>
    </figure>`;
  }

  private lensPart(picture: Picture): unknown {
    const { hovered } = this;
    const panel = picture.panels.find(({ id }) => id === hovered?.panel);
    if (!hovered?.at || !panel) return nothing;
    const box = this.renderRoot.querySelector(".panels")!.getBoundingClientRect();
    const cell = this.gridOf(panel.id)?.layout?.pose.cell ?? 0;
    return lensOf(panel, hovered.weight, cell, this.words.name(hovered.weight.input), hovered.at, box);
  }

  private storyPart(picture: Picture, words: InputWords): unknown {
    return storyPart({
      picture,
      words,
      history: this.data.history,
      loading: this.data.historyLoading,
      text: this.data.historyText,
      style: runStyle(this.data.shown!.run),
      step: this.data.shown!.step,
      closable: picture.mode !== "one",
      goTo: (step) => this.session.set({ step: step === this.session.steps.at(-1) ? "last" : step }),
      close: () => this.goBack(),
    });
  }

  private stripPart(picture: Picture, words: InputWords): unknown {
    if (picture.mode !== "matrix") return nothing;
    const { weight } = this.hovered ?? {};
    const [main] = picture.panels as [Panel, ...Panel[]];
    return stripPart(picture, weight?.filter ?? picture.filter, weight?.input ?? null, words, {
      hover: (under) => (this.hovered = under && { panel: main.id, weight: under, at: null }),
      open: () => this.openFilter(weight?.filter ?? picture.filter),
    });
  }

  private legend(picture: Picture, words: FilterWords): TemplateResult {
    const { hovered } = this;
    const panel = picture.panels.find(({ id }) => id === hovered?.panel);
    const under = hovered && panel ? { panel, weight: hovered.weight } : null;
    const filter = hovered?.weight.filter ?? picture.filter;
    return html`${legend({
      picture,
      filter,
      input: hovered?.weight.input ?? picture.order.inputs[0] ?? 0,
      hovered: under,
      opened: this.session.state.channel !== null,
      rows: this.rows(picture, words),
      stepsText: this.data.historyText,
      held: this.session.playing,
      choice: mapChoice(this.options, (patch: Partial<FilterOptions>) => this.setOptions(patch)),
    })}`;
  }

  private rows(picture: Picture, words: FilterWords): readonly Row[] {
    const { hovered } = this;
    const ratio = this.data.updateRatio;
    const at = ratio && ratio.step !== this.data.shown?.step ? ` at step ${ratio.step}` : "";
    const update: Row[] = ratio ? [["update / weight, kernel", formatNumber(ratio.ratio, { digits: 2 }) + at]] : [];
    if (hovered) return [...cursorRows(picture, hovered.weight, words), ...update];
    return this.session.state.channel === null ? update : [...words.filterRows(picture), ...update];
  }

  /** `most`: characters of a run's name that there is room for. */
  private caption(panel: Panel, steps = true, most = Infinity): string {
    const { shown, shownB } = this.data;
    const both = [shown, shownB].flatMap((each) => (each ? [each.run] : []));
    const short = (of: typeof shownB): string => shortRun(String(of?.run), both, most);
    const run = (of: typeof shownB): string => (steps ? isolated(short(of)) : short(of));
    const name = (of: typeof shownB): string => (steps ? `${run(of)}, step ${of?.step}` : run(of));
    if (panel.id === "B") return name(shownB);
    if (panel.id === "difference") return `${run(shown)} − ${run(shownB)}`;
    return name(shown);
  }

  private hover(panel: Panel, { detail, target }: CustomEvent<GridHover>): void {
    const { cell } = detail;
    const weight = cell && weightAt(panel.kernels, panel.plan, panel.scene.columns, cell);
    const rect = cell && (target as GridElement).cellAt(cell.place, cell.x, cell.y);
    const box = this.renderRoot.querySelector(".panels")!.getBoundingClientRect();
    this.hovered = weight && rect && { panel: panel.id, weight, at: { x: rect.x - box.x, y: rect.y - box.y } };
  }

  private describe(panel: Panel, cell: Cell, words: InputWords): string {
    const weight = weightAt(panel.kernels, panel.plan, panel.scene.columns, cell);
    return weight && this.picture ? spokenWeight(this.picture, panel, weight, words) : "";
  }

  private open(panel: Panel, cell: Cell): void {
    const weight = weightAt(panel.kernels, panel.plan, panel.scene.columns, cell);
    if (weight) this.openFilter(weight.filter);
  }

  private openFilter(filter: number): void {
    this.session.set({ channel: filter });
    this.setOptions({ story: true });
  }

  private goBack(): boolean {
    if (this.options.story) this.setOptions({ story: false });
    else if (this.session.state.channel !== null) this.session.set({ channel: null });
    else return false;
    return true;
  }

  private gridOf(id: PanelId | undefined = this.picture?.panels[0]?.id): GridElement | null {
    return this.renderRoot.querySelector<GridElement>(`cnn-grid[data-panel="${id}"]`);
  }
}

/** Whether two pictures have the same geometry, so that zoom and cursor can stay. */
function sameLook(a: Picture, b: Picture): boolean {
  const [before, after] = [a.panels, b.panels];
  return (
    a.mode === b.mode &&
    before.length === after.length &&
    before.every((panel, i) => sameShape(panel.kernels, after[i]!.kernels))
  );
}

customElements.define(FILTERS_VIEW.tag, FiltersView);
