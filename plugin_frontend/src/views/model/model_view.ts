import { html, nothing, type PropertyValues } from "lit";
import { formatShort } from "../../math/format.ts";
import { memoizeLast } from "../../math/memoize_last.ts";
import { imageWindowStyles } from "../../parts/image_window.ts";
import { imageOf, isSignal } from "../../parts/probe_image.ts";
import { base, controls as controlStyles } from "../../parts/styles.ts";
import { pngOfSvg } from "../../parts/svg_document.ts";
import "../../parts/view_layout.ts";
import { ViewElement } from "../view.ts";
import { controls } from "./controls.ts";
import type { Drawing } from "./drawing.ts";
import { Drawings } from "./drawings.ts";
import { totalsInWords, typeWords } from "./facts.ts";
import { graphLayout, graphSvg, type GraphLayout } from "./graph_svg.ts";
import { legend } from "./legend.ts";
import { modelCsv } from "./model_csv.ts";
import { ModelData } from "./model_data.ts";
import { MODEL_VIEW, ZOOM, type MODEL_FIELDS } from "./model_definition.ts";
import { modelStyles } from "./model_styles.ts";
import { foldsOf, MOST_ROWS, nameOf, NOTHING_FOLDED, rowsOf, type MapRow } from "./rows.ts";
import { wholeSvg } from "./saved_svg.ts";
import { HEAD_HEIGHT, headSvg, rowsSvg, tableLayout, type TableLayout } from "./table_svg.ts";

/**
 * Model: what is this network, what does each layer see?
 *
 * For tests in a browser: `state` says what is shown, null while anything is on its way; every row is a
 * `[data-row=path]` with a `[data-column=id]` for each of its cells.
 */
export class ModelView extends ViewElement<typeof MODEL_FIELDS> {
  static override properties = {
    ...ViewElement.properties,
    hovered: { state: true },
    cursor: { state: true },
    open: { state: true },
    room: { state: true },
  };
  static override styles = [base, controlStyles, imageWindowStyles, modelStyles];

  readonly definition = MODEL_VIEW;
  /** Key of the row under the pointer. */
  declare hovered: string | null;
  /** Key of the row that the keyboard is on where that is not the chosen layer's. */
  declare cursor: string | null;
  /** Keys of the folds that are unfolded. */
  declare open: ReadonlySet<string>;
  declare room: { readonly width: number; readonly height: number };

  readonly #data = new ModelData(this, () => this.session);
  readonly #resize = new ResizeObserver(() => this.#measure());
  readonly #folds = memoizeLast(foldsOf);
  readonly #rows = memoizeLast(rowsOf);
  readonly #drawings = new Drawings();
  readonly #graph = memoizeLast(graphLayout);
  #shownLayer: string | null = null;
  /** The layer whose row was last brought into sight: what a person scrolls afterwards stays. */
  #revealed: string | null = null;
  #drawing: Drawing | null = null;
  #layout: TableLayout | GraphLayout | null = null;

  constructor() {
    super();
    this.hovered = this.cursor = null;
    this.open = new Set();
    this.room = { width: 0, height: 0 };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  /** The run of a newly chosen layer unfolds, and stays so. */
  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const path = this.session.layer?.path ?? null;
    if (path === this.#shownLayer) return;
    this.#shownLayer = path;
    this.cursor = null;
    const fold = path === null ? undefined : this.#folds(this.session.layers).get(path);
    // The layer that nobody chose, as when the page opens, unfolds nothing.
    if (fold !== undefined && this.session.state.layer !== null) this.#unfold(fold, true);
  }

  get rows(): readonly MapRow[] {
    const { layers } = this.session;
    return this.#rows(layers, this.options.fold === "none" ? NOTHING_FOLDED : this.#folds(layers), this.open);
  }

  override render(): unknown {
    const { session, options } = this;
    const font = getComputedStyle(this).fontFamily;
    const drawing = (this.#drawing = this.room.width
      ? this.#drawings.of(session, this.#data, this.rows, this, this.room.width, font)
      : null);
    const { slow } = this.#data;
    const model = session.detailA?.model ?? null;
    return html`<cnn-view-layout .how=${MODEL_VIEW.howToRead} ?busy=${slow} .progress=${slow && session.step !== null ? `step ${session.step}` : ""}>
      <span slot="title" title=${model?.name ?? ""}>Network</span>
      <span slot="subtitle">${totalsInWords(session.layers, model, formatShort)}</span>
      ${controls({
        options,
        noFold: this.#folds(session.layers).size
          ? undefined
          : `Nothing to fold: up to ${MOST_ROWS} layers stand in full`,
        anyOpen:
          options.fold === "blocks" && [...this.#folds(session.layers).values()].some((fold) => this.open.has(fold)),
        set: (patch) => this.setOptions(patch),
        foldAll: () => (this.open = new Set()),
        zoomBy: (factor) => this.#zoomBy(factor),
      })}
      <div
        class="map"
        tabindex="0"
        role="grid"
        aria-label="Layers of the network"
        aria-activedescendant=${drawing && drawing.cursor >= 0 ? `row-${drawing.cursor}` : nothing}
        @keydown=${this.#key}
        @click=${this.#click}
        @dblclick=${this.#doubleClick}
        @pointermove=${this.#point}
        @pointerleave=${() => (this.hovered = null)}
      >
        ${drawing ? this.#map(drawing) : nothing}
      </div>
      ${drawing ? this.#legend(drawing) : nothing}
    </cnn-view-layout>`;
  }

  #map(drawing: Drawing): unknown {
    if (this.options.form === "graph") {
      const layout = this.#graph(drawing.rows, drawing.edges, this.room, this.#zoom, drawing.font);
      this.#layout = layout;
      return html`<svg class="body" width=${layout.width} height=${layout.height}>${graphSvg(drawing, layout)}</svg>`;
    }
    const layout = tableLayout(drawing.rows, this.room.height - HEAD_HEIGHT - 4);
    this.#layout = layout;
    const { width } = drawing.columns;
    return html`
      <svg class="head" width=${width} height=${HEAD_HEIGHT} aria-hidden="true">${headSvg(drawing)}</svg>
      <svg class="body" width=${width} height=${layout.height}>${rowsSvg(drawing, layout)}</svg>
    `;
  }

  #legend(drawing: Drawing): unknown {
    const { session } = this;
    const pointed = drawing.hovered >= 0 ? drawing.hovered : drawing.cursor;
    const row = drawing.rows[pointed];
    const own = row && !row.folded && pointed === drawing.here ? session.layer : row?.face;
    const layer = own ?? session.layer;
    const { probe } = this.#data;
    const { runB, detailB, runA } = session;
    return legend({
      layer,
      input: drawing.input,
      picture: probe ? imageOf(probe, session.state.image, isSignal(session.layers)) : null,
      room: Math.max(40, (Number.parseFloat(getComputedStyle(this).getPropertyValue("--w-legend")) || 248) - 32),
      model: session.detailA?.model ?? null,
      numbers: layer ? (this.#drawings.numbersByLayer(session, this.#data).get(layer.path) ?? null) : null,
      at: this.#data.at,
      b: runB !== null && runB !== runA && detailB ? { name: runB, model: detailB.model } : null,
      notes: [...(drawing.rows.length > 1 && drawing.edges.length === 0 ? [UNCONNECTED] : []), ...this.#data.notes],
    });
  }

  // What a person does -------------------------------------------------------------------------------------------

  #rowUnder(event: Event): MapRow | null {
    const key = (event.target as Element).closest?.("[data-row]")?.getAttribute("data-row");
    return key == null ? null : (this.rows.find((row) => row.key === key) ?? null);
  }

  readonly #point = (event: PointerEvent): void => {
    this.hovered = this.#rowUnder(event)?.key ?? null;
  };

  readonly #click = (event: MouseEvent): void => {
    const fold = (event.target as Element).closest?.("[data-fold]")?.getAttribute("data-fold");
    if (fold != null) return this.#unfold(fold, false);
    const row = this.#rowUnder(event);
    if (row) this.#choose(row, true);
  };

  readonly #doubleClick = (event: MouseEvent): void => {
    const row = this.#rowUnder(event);
    // The first of the two clicks may have unfolded a run: its first layer then lies under the second.
    if (row && !row.folded && row.face.path === this.session.state.layer) this.#openLayer(row);
  };

  /** A layer becomes that of all views; of folded layers `unfold` shows them. */
  #choose(row: MapRow, unfold: boolean): void {
    if (!row.folded) {
      this.cursor = null;
      this.session.set({ layer: row.face.path });
    } else {
      // Unfolded, the cursor is on the first of its layers, which has the same key.
      this.cursor = row.key;
      if (unfold) this.#unfold(row.key, true);
    }
  }

  /** Its filters, or its maps where it has none. */
  #openLayer(row: MapRow): void {
    const { session } = this;
    const view = (["filters", "maps"] as const).find(
      (id) => session.stepsOf(session.runA, id === "filters" ? "filters" : "feature_maps", row.face.path).length > 0,
    );
    session.set(view ? { layer: row.face.path, view } : { layer: row.face.path });
    if (!view) session.announce(`${row.face.name} has neither filters nor maps`);
  }

  #unfold(key: string, open: boolean): void {
    const next = new Set(this.open);
    if (open) next.add(key);
    else next.delete(key);
    this.open = next;
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const drawing = this.#drawing;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = drawing?.rows[drawing.cursor];
    if (drawing && by !== undefined) this.#move(drawing, by);
    else if (event.key === "Enter" && row?.folded) this.#choose(row, true);
    else if (event.key === "Enter" && row) this.#openLayer(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #move(drawing: Drawing, by: number): void {
    const to = Math.min(drawing.rows.length - 1, Math.max(0, drawing.cursor + by));
    const row = drawing.rows[to];
    if (!row) return;
    this.hovered = null;
    this.#choose(row, false);
    this.session.announce(
      row.folded ? `${nameOf(row)}, ${row.layers.length} layers, folded` : `${row.face.name}, ${typeWords(row.face)}`,
    );
    void this.updateComplete.then(() => this.#reveal(to));
  }

  /** Scrolls a row into sight, below the titles that stand. */
  #reveal(index: number): void {
    const frame = this.renderRoot.querySelector<HTMLElement>(".map")?.assignedSlot?.parentElement;
    const row = this.renderRoot.querySelector(`#row-${index}`)?.getBoundingClientRect();
    if (!frame || !row) return;
    scrollIntoSight(frame, row, this.options.form === "table" ? HEAD_HEIGHT : 0);
  }

  override handleKey(event: KeyboardEvent): boolean {
    if (event.key === "Escape" && this.#foldHere()) return true;
    if (this.options.form !== "graph") return false;
    if (event.key === "+" || event.key === "=") this.#zoomBy(1.25);
    else if (event.key === "-" || event.key === "−") this.#zoomBy(1 / 1.25);
    else if (event.key === "0") this.setOptions({ zoom: 0 });
    else return false;
    return true;
  }

  /** Folds the run of the chosen layer; false where it is not unfolded. */
  #foldHere(): boolean {
    const fold = this.#folds(this.session.layers).get(this.session.layer?.path ?? "");
    if (fold === undefined || !this.open.has(fold)) return false;
    this.#unfold(fold, false);
    return true;
  }

  get #zoom(): number {
    const { zoom } = this.options;
    return zoom === 0 ? 0 : Math.max(ZOOM.least, zoom);
  }

  #zoomBy(factor: number): void {
    const now = this.#layout && "scale" in this.#layout ? this.#layout.scale * 100 : 100;
    this.setOptions({ zoom: Math.round(Math.min(ZOOM.most, Math.max(ZOOM.least, now * factor))) });
  }

  #measure(): void {
    const map = this.renderRoot.querySelector<HTMLElement>(".map");
    if (!map) return;
    // The row that is scrolled away must not shrink the rows: the height is that of the frame around.
    const frame = map.assignedSlot?.parentElement;
    const width = map.clientWidth;
    const height = frame ? frame.clientHeight - 12 : map.clientHeight;
    if (width !== this.room.width || height !== this.room.height) this.room = { width, height };
  }

  protected override updated(): void {
    const map = this.renderRoot.querySelector<HTMLElement>(".map");
    const frame = map?.assignedSlot?.parentElement;
    if (map) this.#resize.observe(map);
    if (frame) this.#resize.observe(frame);
    this.#measure();
    const here = this.#drawing ? this.#drawing.here : -1;
    if (here < 0 || this.#revealed === this.#shownLayer) return;
    this.#revealed = this.#shownLayer;
    this.#reveal(here);
  }

  // What tests and files take ------------------------------------------------------------------------------------

  get state(): object | null {
    const drawing = this.#drawing;
    if (!drawing || this.#data.loading) return null;
    const { runA, layer } = this.session;
    return {
      run: runA,
      layer: layer?.path ?? null,
      form: this.options.form,
      rows: drawing.rows.map(({ key }) => key),
      folded: drawing.rows.filter(({ folded }) => folded).map(({ key }) => key),
      columns: drawing.columns.columns.map(({ id }) => id),
      edges: drawing.edges.map(({ from, to }) => [drawing.rows[from]?.key, drawing.rows[to]?.key]),
      step: this.#data.at.gradients,
      mapsStep: this.#data.at.maps,
      scales: drawing.curves?.scales ?? null,
    };
  }

  override saveSvg(): string {
    const drawing = this.#drawing;
    if (!drawing || !this.#layout) throw new Error("there is no picture yet");
    const { runA } = this.session;
    const { gradients, maps } = this.#data.at;
    const at = gradients ?? maps;
    const title = `${runA}${at === null ? "" : `, step ${at}`}: ${totalsInWords(this.session.layers, this.session.detailA?.model ?? null, formatShort)}`;
    return wholeSvg(this.renderRoot.querySelector(".map") as HTMLElement, { title, drawing, layout: this.#layout });
  }

  override savePng(): Promise<Blob> {
    return pngOfSvg(this.saveSvg());
  }

  override saveCsv(): string {
    const { session } = this;
    return modelCsv({
      run: session.runA ?? "",
      layers: session.layers,
      model: session.detailA?.model ?? null,
      numbers: this.#drawings.numbersByLayer(session, this.#data),
      at: this.#data.at,
    });
  }
}

/** Scrolls `frame` as little as shows a rectangle below the `head` pixels that stand. */
function scrollIntoSight(frame: HTMLElement, rect: DOMRect, head: number): void {
  const { top, bottom } = frame.getBoundingClientRect();
  const [above, below] = [rect.top - top - head, rect.bottom - bottom];
  if (above < 0) frame.scrollTop += above;
  else if (below > 0) frame.scrollTop += below;
}

const UNCONNECTED = "How the layers are connected is not known; they stand in the order of the log.";

customElements.define(MODEL_VIEW.tag, ModelView);
