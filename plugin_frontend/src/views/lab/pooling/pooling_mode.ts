import { html, nothing, type PropertyValues } from "lit";
import type { GridElement } from "../../../canvas/grid_element.ts";
import type { Rect } from "../../../canvas/grid_layout.ts";
import { speakNumber } from "../../../math/format.ts";
import { isolated } from "../../../parts/isolated.ts";
import "../../../parts/message.ts";
import { base, controls } from "../../../parts/styles.ts";
import "../../../parts/view_layout.ts";
import { LabMode } from "../lab_mode.ts";
import { channelValues } from "./channel_values.ts";
import { OWN, poolingControls } from "./controls.ts";
import { poolingCsv } from "./csv.ts";
import { poolingLegend } from "./legend.ts";
import { poolingPicture, scenesMaker } from "./picture.ts";
import { poolingPng } from "./png.ts";
import { poolingStyles } from "./pooling_styles.ts";
import { PoolingPictures, type Refusal, type Shown } from "./view_model.ts";
import { scrollToWindow, windowRect } from "./scroll_to_window.ts";
import type { Extent } from "./sizes.ts";
import { next, walked } from "./walk.ts";
import type { Place } from "./window_numbers.ts";
import { rectOfCell, WindowPointer, type AnyGrid } from "./window_pointer.ts";

const HOW_TO_READ =
  "Max keeps the strongest cell of each window and sends the whole gradient to it. Average keeps how much there was, and " +
  "spreads the gradient over all of the window.";

/** Milliseconds from window to window while it slides. */
const SLIDE_MS = 120;
const ZOOM = 1.5;

/**
 * Pooling: what stays of a map when each window becomes one number?
 *
 * The parts that `cellRect` knows: "input" and "window"; of max, average, l2, strided and blur "max", "max.minus" and
 * "max.gradient"; "logged". Cells of "input" are those of the map, padding has negative ones.
 */
export class PoolingMode extends LabMode {
  static override properties = { ...LabMode.properties, room: { state: true }, sliding: { state: true } };
  static override styles = [base, controls, poolingStyles];

  declare room: Extent;
  declare sliding: boolean;
  readonly #pictures = new PoolingPictures();
  readonly #scenes = scenesMaker();
  #shown: Shown | null = null;
  #refusal: Refusal | null = null;
  /** The place that was last brought into sight. */
  #followed: Place | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #pointer = new WindowPointer({
    shown: () => this.#shown,
    put: (place) => this.#put(place),
    took: () => {
      this.#stop();
      this.#input?.renderRoot.querySelector("canvas")?.focus({ preventScroll: true });
    },
  });
  readonly #measuring = new ResizeObserver(([entry]) => {
    const { width = 0, height = 0 } = entry?.contentRect ?? {};
    if (width !== this.room.width || height !== this.room.height) this.room = { width, height };
  });

  constructor() {
    super();
    this.room = { width: 0, height: 0 };
    this.sliding = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#measuring.disconnect();
    this.#stop();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#measure();
  }

  protected override firstUpdated(): void {
    this.#measure();
  }

  #measure(): void {
    const room = this.renderRoot.querySelector(".room");
    if (room) this.#measuring.observe(room);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const shown = this.#pictures.show(this.lab);
    const before = this.#shown;
    this.#shown = "volume" in shown ? shown : null;
    if (before && before.pooled !== this.#shown?.pooled) this.#stop();
    this.#refusal = "volume" in shown ? null : shown;
  }

  override render(): unknown {
    const { lab } = this;
    const shown = this.#shown;
    const volume = shown?.volume ?? (lab.layer.role === "pooling" ? lab.input : lab.operation.output);
    const usable = !(volume instanceof Error) && (volume.axes === 1 || volume.axes === 2);
    return html`<cnn-view-layout .how=${HOW_TO_READ} ?busy=${lab.slow} .progress=${lab.slow ? `step ${lab.step}` : ""}>
      ${this.shell} ${usable ? poolingControls(lab, volume, shown?.channel ?? 0) : nothing}
      <div class="room">${shown ? this.#body(shown) : this.#refused()}</div>
      ${shown ? poolingLegend(shown, lab) : nothing}
    </cnn-view-layout>`;
  }

  #body(shown: Shown): unknown {
    const { lab } = this;
    if (this.room.width === 0) return nothing;
    const pools = lab.layer.role === "pooling";
    const values = pools && lab.operation.output.axes === 0 ? lab.operation.output.values : null;
    return html`
      <div class="picture" @keydown=${this.#keys} @pointerdown=${this.#pointer.down} @pointermove=${this.#pointer.move} @pointerup=${this.#pointer.up} @pointercancel=${this.#pointer.up}>
        ${poolingPicture({
          shown,
          scenes: this.#scenes(shown.pooled, shown.scales, shown.volume.axes),
          room: this.room,
          source: pools
            ? lab.inputName === "input"
              ? "the layer's input"
              : `output of ${isolated(lab.inputName)}`
            : `output of ${isolated(lab.layer.name)}`,
          playing: this.sliding,
          play: () => this.#toggle(),
        })}
      </div>
      ${values ? channelValues(values, shown.channel, lab.layer.name, (channel) => lab.choose(channel)) : nothing}
    `;
  }

  #refused(): unknown {
    const refusal = this.#refusal;
    if (!refusal) return nothing;
    return html`<cnn-message .heading=${refusal.heading} .text=${refusal.text}>
      ${refusal.byHand ? html`<button slot="actions" class="primary" @click=${() => this.lab.set(OWN)}>Reset</button>` : nothing}
    </cnn-message>`;
  }

  // The window -----------------------------------------------------------------------------------------------------

  #put(place: Place): void {
    const before = this.#shown?.place;
    if (!before || (before.row === place.row && before.column === place.column)) return;
    this.lab.set({ row: place.row, column: place.column });
  }

  get #size(): readonly [rows: number, columns: number] {
    const { rows, columns } = this.#shown!.pooled.grid;
    return [rows.output, columns.output];
  }

  /** Before the grid inside hears them, since its own keys move a cursor of its own. */
  readonly #keys = {
    capture: true,
    handleEvent: (event: KeyboardEvent): void => {
      if (
        !this.#shown ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.composedPath()[0] instanceof HTMLButtonElement
      )
        return;
      if (!this.#useKey(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
  };

  #useKey(event: KeyboardEvent): boolean {
    const [rows, columns] = this.#size;
    if (event.key === " ") return (this.#toggle(), true);
    if (event.key === "+" || event.key === "=") return this.#zoomIn();
    const to =
      event.key === "Enter"
        ? { row: rows - 1, column: columns - 1 }
        : walked(this.#shown!.place, event.key, event.shiftKey, rows, columns);
    if (!to) return false;
    this.#stop();
    this.#put(to);
    this.lab.session.announce(this.#spoken(to));
    return true;
  }

  /** Around the window, so that it stays where it is. */
  #zoomIn(): boolean {
    const grid = this.#input;
    const window = grid?.layout && this.#shown && windowRect(grid.layout, this.#shown);
    if (!grid || !window) return false;
    grid.zoomBy(ZOOM, window.x + window.width / 2, window.y + window.height / 2);
    return true;
  }

  get #input(): GridElement | null {
    return this.renderRoot.querySelector("cnn-grid");
  }

  /** The window does not leave what is zoomed. */
  protected override updated(): void {
    const { place } = this.#shown ?? {};
    if (place && this.#input && this.#followed !== place && !this.#pointer.isDragging)
      scrollToWindow(this.#input, this.#shown!);
    this.#followed = place ?? null;
  }

  #spoken({ row, column }: Place): string {
    const { pooled } = this.#shown!;
    const values = pooled.columns.map(
      ({ pooling, output }) => `${pooling} ${speakNumber(output[row * this.#size[1] + column]!, 3)}`,
    );
    return `row ${row}, column ${column}: ${values.join(", ")}`;
  }

  #toggle(): void {
    if (this.sliding) return this.#stop();
    const shown = this.#shown;
    if (!shown) return;
    if (!next(shown.place, ...this.#size)) this.#put({ row: 0, column: 0 });
    this.sliding = true;
    this.#timer = setInterval(() => {
      const to = this.#shown && next(this.#shown.place, ...this.#size);
      if (to) this.#put(to);
      else this.#stop();
    }, SLIDE_MS);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.sliding = false;
  }

  // What others ask ------------------------------------------------------------------------------------------------

  override get state(): object | null {
    const shown = this.#shown;
    if (!shown || !this.hasUpdated || this.isUpdatePending) return null;
    const { setting, pooled, place, scales, agreement, channel } = shown;
    return {
      mode: "pooling",
      run: this.lab.run,
      layer: this.lab.layer.path,
      step: this.lab.operation.step,
      channel,
      ...setting,
      output: [pooled.grid.rows.output, pooled.grid.columns.output],
      ...place,
      sliding: this.sliding,
      value: scales.value.range,
      minus: scales.minus.range,
      gradient: scales.gradient.range,
      deviation: agreement.is === "compared" ? agreement.deviation : null,
      means: Object.fromEntries(pooled.columns.map((each) => [each.pooling, each.mean])),
      fed: Object.fromEntries(pooled.columns.map((each) => [each.pooling, each.fed])),
      shift: Object.fromEntries(pooled.columns.map((each) => [each.pooling, each.shift])),
    };
  }

  override cellRect(part: string, row: number, column: number): Rect | null {
    const map = this.renderRoot.querySelector<AnyGrid>(`[data-part="${CSS.escape(part)}"]`);
    return map && this.#shown && rectOfCell(map, this.#shown, { row, column });
  }

  override async savePng(): Promise<Blob> {
    const shown = this.#shown;
    const room = this.renderRoot.querySelector(".room");
    if (!shown || !room) throw new Error("there is no picture yet");
    const { run, layer, operation } = this.lab;
    const { setting, channel, scales } = shown;
    const words = `window ${setting.size.join("×")}, stride ${setting.stride.join("×")}, ${setting.padding} padding`;
    return poolingPng(
      this,
      room,
      scales,
      `${run}, ${layer.name}, step ${operation.step}, channel ${channel}, ${words}`,
    );
  }

  override saveCsv(): string {
    if (!this.#shown) throw new Error("there are no numbers yet");
    return poolingCsv(this.lab, this.#shown);
  }
}

customElements.define("cnn-lab-pooling", PoolingMode);
