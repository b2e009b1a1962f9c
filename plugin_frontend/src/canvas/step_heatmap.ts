/**
 * <cnn-step-heatmap>: rows × steps on the page's time axis, with names in the left gutter, values in the right one, and
 * the current step as an orange line. Give it the width of the view: its cells then stand above the scrubber's axis. Its
 * height follows from `rows` and `rowHeight`.
 *
 * It fires
 *   heatmap-step   {step, row}: a click, a drag, or Enter at the keyboard's cell
 *   heatmap-hover  {cell}: the cell under the pointer or the keyboard's cursor, null when it left
 *   heatmap-row    {row}: a click on a row's name
 *
 * `cellAt` gives the client rectangle of a row's step, for tests in a browser.
 */
import { LitElement, html, nothing, type PropertyValues } from "lit";
import { cutMiddle } from "../math/cut_middle.ts";
import { ENTRIES, paletteOf } from "../math/colour.ts";
import { viridis } from "../math/colour_maps.ts";
import { speakNumber } from "../math/format.ts";
import { heatCells, type HeatCells, type HeatRow, type HeatScale } from "../math/heat_cells.ts";
import { LINE, labelledRows } from "./heat_rows.ts";
import { drawHeatmap, type HeatmapPlace } from "./heat_painter.ts";
import { readTheme } from "./grid_theme.ts";
import type { Rect } from "./grid_layout.ts";
import { heatMarks, heatMarkStyles, type HeatMark } from "./heat_marks.ts";
import { hereLine } from "./here_line.ts";
import { stepHeatmapStyles } from "./step_heatmap_styles.ts";

/** A cell: a row, and the index of one of its steps. */
export interface HeatCell {
  readonly row: number;
  readonly index: number;
}

/** Characters of a name that the left gutter holds. */
const NAME = 9;

export class StepHeatmap extends LitElement {
  static override properties = {
    rows: { attribute: false },
    toShare: { attribute: false },
    scale: { attribute: false },
    step: { attribute: false },
    current: { attribute: false },
    values: { attribute: false },
    rowHeight: { attribute: false },
    label: {},
    describe: { attribute: false },
    cursor: { attribute: false },
    named: { attribute: false },
    marks: { attribute: false },
  };
  static override styles = [hereLine, stepHeatmapStyles, heatMarkStyles];

  declare rows: readonly HeatRow[];
  /** Where a step stands on the axis, 0 to 1. */
  declare toShare: (step: number) => number;
  declare scale: HeatScale;
  /** The current step; null: no line. */
  declare step: number | null;
  /** The row that is "here"; −1: none. */
  declare current: number;
  /** What stands in the right gutter, by row. */
  declare values: readonly string[];
  /** The rows that carry their names; null: all that have room. */
  declare named: readonly number[] | null;
  /** Flags on rows; a click on one leads to its step. */
  declare marks: readonly HeatMark[];
  /** Pixels a row (see heat_rows.ts for what suits a height). */
  declare rowHeight: number;
  declare label: string;
  /** What a screen reader says of a cell; default: name, step and value. */
  declare describe: ((cell: HeatCell) => string) | null;
  /** The cell that is framed. */
  declare cursor: HeatCell | null;

  /** Pixels of the cells' part. */
  width = 0;
  private cells: { key: readonly unknown[]; cells: HeatCells } | null = null;
  private frame = 0;
  private dragged: HeatCell | null = null;
  private readonly resizing = new ResizeObserver(() => this.measure());

  constructor() {
    super();
    this.rows = [];
    this.toShare = () => 0;
    this.scale = { lo: 0, hi: ENTRIES, palette: paletteOf(viridis) };
    this.step = null;
    this.current = -1;
    this.values = [];
    this.named = null;
    this.marks = [];
    this.rowHeight = 20;
    this.label = "";
    this.describe = null;
    this.cursor = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.observe();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  protected override firstUpdated(): void {
    this.observe();
  }

  protected override render(): unknown {
    const { rows, rowHeight, step, width } = this;
    const named = this.namedRows;
    // Words are taller than thin rows, and stand around their middle.
    const line = Math.max(LINE, rowHeight);
    const at = (row: number): string =>
      `top:${(row + 0.5) * rowHeight - line / 2}px;height:${line}px;line-height:${line}px`;
    return html`
      <div class="names" .style=${`height:${rows.length * rowHeight}px`}>
        ${named.map(
          (row) => html`<button
            tabindex="-1" class=${row === this.current ? "here" : ""} title=${rows[row]!.name} .style=${at(row)}
            @click=${() => this.tell("heatmap-row", { row })}
          >${cutMiddle(rows[row]!.short ?? rows[row]!.name, NAME)}</button>`,
        )}
      </div>
      <div class="cells">
        <canvas
          tabindex="0" role="application" aria-label=${this.label}
          @pointerdown=${this.press} @pointermove=${this.move} @pointerup=${this.release} @pointercancel=${this.release}
          @pointerleave=${() => this.point(null)} @keydown=${this.key} @blur=${() => this.point(null)}
          @transitionrun=${() => this.requestFrame()}
        ></canvas>
        ${step === null || !width ? nothing : html`<div class="line" .style=${`left:${this.toShare(step) * width}px`}></div>`}
        ${width ? heatMarks(this.marks, this, (mark) => this.tell("heatmap-step", { step: mark.step, row: mark.row })) : nothing}
        ${this.frameOf(this.cursor)}
      </div>
      <div class="values">
        ${named.map((row) => html`<span class=${row === this.current ? "strong" : ""} .style=${at(row)}>${this.values[row] ?? ""}</span>`)}
      </div>
      <div class="live" aria-live="polite"></div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("rows") && this.cursor && this.stepOf(this.cursor) === null) this.cursor = null;
    this.requestFrame();
  }

  get namedRows(): readonly number[] {
    return (
      this.named?.filter((row) => row < this.rows.length) ??
      labelledRows(this.rows.length, this.rowHeight, this.current)
    );
  }

  get height(): number {
    return this.rows.length * this.rowHeight;
  }

  /** The client rectangle of a step's own pixels in a row; null where it is not drawn. */
  cellAt(row: number, index: number): Rect | null {
    const rect = this.rectOf({ row, index });
    if (!rect) return null;
    const box = this.canvas.getBoundingClientRect();
    return { ...rect, x: rect.x + box.x, y: rect.y + box.y };
  }

  /** The cells alone, with what was not logged hatched, at `density` pixels a CSS pixel. */
  toCanvas(density = 2): OffscreenCanvas {
    const width = Math.max(1, Math.round(this.width * density));
    const canvas = new OffscreenCanvas(width, Math.max(1, Math.round(this.height * density)));
    const context = canvas.getContext("2d")!;
    context.scale(density, density);
    drawHeatmap(context, this.compute(width), this.place);
    return canvas;
  }

  private get canvas(): HTMLCanvasElement {
    return this.renderRoot.querySelector("canvas")!;
  }

  private get place(): HeatmapPlace {
    const ground = getComputedStyle(this).getPropertyValue("--sunken").trim() || "#efefed";
    return { width: this.width, height: this.height, rowHeight: this.rowHeight, theme: readTheme(this), ground };
  }

  private observe(): void {
    this.resizing.observe(this);
    this.measure();
  }

  private measure(): void {
    const width = this.renderRoot.querySelector(".cells")?.clientWidth ?? 0;
    if (width === this.width) return;
    this.width = width;
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("heatmap-resize"));
  }

  private requestFrame(): void {
    if (!this.frame && this.isConnected) this.frame = requestAnimationFrame(() => this.drawFrame());
  }

  private drawFrame(): void {
    this.frame = 0;
    const density = window.devicePixelRatio || 1;
    const { canvas } = this;
    const [width, height] = [Math.round(this.width * density), Math.round(this.height * density)];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d")!;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    drawHeatmap(context, this.shownCells, this.place);
  }

  /** As on the screen: one column a device pixel. */
  private get shownCells(): HeatCells {
    const width = Math.round(this.width * (window.devicePixelRatio || 1));
    const key = [this.rows, this.toShare, this.scale, width];
    if (!this.cells || key.some((part, i) => part !== this.cells!.key[i]))
      this.cells = { key, cells: this.compute(width) };
    return this.cells.cells;
  }

  private compute(width: number): HeatCells {
    return heatCells(this.rows, width, this.toShare, this.scale);
  }

  /** In CSS pixels from the cells' corner. */
  private rectOf(cell: HeatCell): Rect | null {
    const { width, shown } = this.shownCells;
    const step = this.stepOf(cell);
    if (step === null || !width) return null;
    const row = shown.subarray(cell.row * width, (cell.row + 1) * width);
    const density = width / this.width;
    const own = row.indexOf(cell.index);
    const [from, to] =
      own < 0 ? [Math.min(width - 1, Math.floor(this.toShare(step) * width)), -1] : [own, row.lastIndexOf(cell.index)];
    const right = Math.max(from, to) + 1;
    return { x: from / density, y: cell.row * this.rowHeight, width: (right - from) / density, height: this.rowHeight };
  }

  private frameOf(cell: HeatCell | null): unknown {
    const rect = cell && this.rectOf(cell);
    if (!rect) return nothing;
    return html`<div class="cursor" .style=${`left:${rect.x}px;top:${rect.y}px;width:${rect.width}px;height:${rect.height}px`}></div>`;
  }

  private stepOf({ row, index }: HeatCell): number | null {
    return this.rows[row]?.steps[index] ?? null;
  }

  /** The cell at a point, whose value is the one that is drawn there; of a row that is held while one drags. */
  private cellUnder(event: PointerEvent, held?: number): HeatCell | null {
    const { width, shown } = this.shownCells;
    const box = this.canvas.getBoundingClientRect();
    const row = held ?? Math.floor((event.clientY - box.y) / this.rowHeight);
    if (!width || row < 0 || row >= this.rows.length) return null;
    const x = Math.max(0, Math.min(width - 1, Math.floor(((event.clientX - box.x) / this.width) * width)));
    for (let away = 0; away < width; away++) {
      for (const at of [x - away, x + away]) {
        if (at >= 0 && at < width && shown[row * width + at]! >= 0) return { row, index: shown[row * width + at]! };
      }
    }
    return null;
  }

  private press(event: PointerEvent): void {
    const cell = event.button === 0 ? this.cellUnder(event) : null;
    if (!cell) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.dragged = cell;
    this.go(cell);
  }

  private move(event: PointerEvent): void {
    const cell = this.cellUnder(event, this.dragged?.row);
    if (this.dragged && cell && cell.index !== this.dragged.index) this.go((this.dragged = cell));
    this.point(cell);
  }

  private release(): void {
    if (!this.dragged) return;
    this.dragged = null;
    // Arrow keys then move the page's step again; the cells' own cursor is for those who come by Tab.
    this.canvas.blur();
  }

  private go(cell: HeatCell): void {
    const step = this.stepOf(cell);
    if (step !== null) this.tell("heatmap-step", { step, row: cell.row });
  }

  private point(cell: HeatCell | null): void {
    if (cell?.row === this.cursor?.row && cell?.index === this.cursor?.index) return;
    this.cursor = cell;
    this.tell("heatmap-hover", { cell });
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.useKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private useKey(event: KeyboardEvent): boolean {
    const { cursor, rows } = this;
    if (event.key === "Escape" || event.key === "Enter") {
      if (!cursor) return false;
      if (event.key === "Enter") this.go(cursor);
      else this.point(null);
      return true;
    }
    const end = (row: number): number => (rows[row]?.steps.length ?? 0) - 1;
    const by = event.shiftKey ? 10 : 1;
    const moves: Readonly<Record<string, readonly [row: number, index: number]>> = {
      ArrowLeft: [0, -by],
      ArrowRight: [0, by],
      ArrowUp: [-by, 0],
      ArrowDown: [by, 0],
      Home: [0, -Infinity],
      End: [0, Infinity],
    };
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (!move || !rows.length) return false;
    const from = cursor ?? this.startingCell();
    const row = Math.max(0, Math.min(rows.length - 1, from.row + (cursor ? move[0] : 0)));
    const index = Math.max(0, Math.min(end(row), from.index + (cursor ? move[1] : 0)));
    this.reach({ row, index });
    return true;
  }

  /** The current row at the current step. */
  private startingCell(): HeatCell {
    const row = Math.max(0, this.current);
    const steps = this.rows[row]?.steps ?? [];
    let index = 0;
    while (index + 1 < steps.length && steps[index + 1]! <= (this.step ?? 0)) index++;
    return { row, index };
  }

  private reach(cell: HeatCell): void {
    this.point(cell);
    const step = this.stepOf(cell);
    const live = this.renderRoot.querySelector(".live");
    const row = this.rows[cell.row];
    if (!live || !row || step === null) return;
    live.textContent =
      this.describe?.(cell) ?? `${row.name}, step ${step}, ${speakNumber(row.values[cell.index] ?? NaN)}`;
  }

  private tell(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("cnn-step-heatmap", StepHeatmap);

declare global {
  interface HTMLElementTagNameMap {
    "cnn-step-heatmap": StepHeatmap;
  }
}
