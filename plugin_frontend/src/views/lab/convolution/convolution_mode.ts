import { html, nothing, type PropertyValues } from "lit";
import type { DataRecord } from "../../../data/binary.ts";
import type { Rect } from "../../../canvas/grid_layout.ts";
import { speakNumber } from "../../../math/format.ts";
import { memoizeLast } from "../../../math/memoize_last.ts";
import "../../../parts/message.ts";
import "../../../parts/notice.ts";
import { base, controls } from "../../../parts/styles.ts";
import "../../../parts/view_layout.ts";
import { nearestStep, stepsOf } from "../../../state/selectors.ts";
import { RecordsController } from "../../../state/records_controller.ts";
import { LabMode, type Lab } from "../lab_mode.ts";
import { inside, walked } from "../pooling/walk.ts";
import type { Place } from "../pooling/window_numbers.ts";
import type { Volume } from "../volume.ts";
import { compute, variantsOf, type Computation } from "./computation.ts";
import { controlsOf } from "./controls.ts";
import { convolutionCsv } from "./convolution_csv.ts";
import { convolutionPng } from "./convolution_png.ts";
import { convolutionStyles } from "./convolution_styles.ts";
import { layerKernelOf, type LayerKernel } from "./layer_kernel.ts";
import { legendOf } from "./legend.ts";
import { picturePart } from "./picture_part.ts";
import type { Products, WeightPlace } from "./products.ts";
import { choiceFor, OWN, settingOf } from "./setting.ts";
import { shownOf, type Shown } from "./view_model.ts";
import { sizesFor, type Extent } from "./sizes.ts";
import { Slide } from "./slide.ts";
import type { WindowMap } from "./window_map.ts";

const HOW =
  "Red times red and blue times blue give red: the window looks like the kernel. " +
  "Drag the square over the image, or edit a number in the kernel.";

/** From this width on the settings stand in the head, beside the title. */
const SETTINGS_IN_HEAD = 900;
/**
 * What a convolution does, cell by cell: the window on the input times the kernel, summed, is one cell of the output.
 *
 * The parts of `cellRect` are input and output; window, kernel and product with the channel behind a colon ("kernel:0").
 */
export class ConvolutionMode extends LabMode {
  static override properties = { ...LabMode.properties, room: { state: true }, at: { state: true } };
  declare room: Extent;
  /** The weight under the cursor. */
  declare at: WeightPlace | null;

  static override styles = [base, controls, convolutionStyles];

  readonly #filters = new RecordsController(
    this,
    () => this.lab.session,
    () => this.#filtersQuery(),
  );
  readonly #probe = new RecordsController(
    this,
    () => this.lab.session,
    () => this.#probeQuery(),
  );
  readonly #kernel = memoizeLast(layerKernelOf);
  readonly #computation = memoizeLast(
    (
      _record: DataRecord,
      _layer: Lab["layer"],
      _operation: Lab["operation"],
      input: Volume,
      kernel: LayerKernel,
      index: number,
      _setting: string,
    ) => {
      try {
        return compute(this.lab, input, kernel, index);
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error));
      }
    },
  );
  readonly #variants = memoizeLast((computation: Computation, input: Volume) =>
    variantsOf(this.lab, input, computation),
  );
  #shown: Shown | null = null;
  /** What was shown last, for its scales. */
  #scaled: Shown | null = null;
  /** How many output cells were drawn, and of which map. */
  #reached = { map: null as Float64Array | null, count: 0 };
  readonly #slide = new Slide();
  #layer: string | null = null;
  readonly #resizing = new ResizeObserver(([entry]) => {
    if (entry) this.room = { width: entry.contentRect.width, height: entry.contentRect.height };
  });

  constructor() {
    super();
    this.room = { width: 0, height: 0 };
    this.at = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resizing.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizing.disconnect();
    this.#slide.stop();
  }

  #filtersQuery() {
    const { session, run, layer, operation } = this.lab;
    const step = nearestStep(stepsOf(session.detail(run), "filters", layer.path), operation.step);
    return step === null ? null : { run, kind: "filters" as const, layers: [layer.path], steps: [step] };
  }

  #probeQuery() {
    const { session, run } = this.lab;
    const step = session.stepOf(run, "probe", null);
    return step === null ? null : { run, kind: "probe" as const, layers: [], steps: [step] };
  }

  get #record(): DataRecord | null {
    const record = this.#filters.records?.[0];
    const { query } = this.#filters;
    return record && query?.run === this.lab.run && record.layer === this.lab.layer.path ? record : null;
  }

  get #index(): number {
    const { channel } = this.lab.session.state;
    const filters = this.#filters.records?.[0]?.arrays["kernel"]?.shape[0] ?? 1;
    return Math.min(channel ?? 0, filters - 1);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { path } = this.lab.layer;
    if (this.#layer === path) return;
    this.#slide.stop();
    this.#layer = path;
    this.#scaled = null;
  }

  override render(): unknown {
    const { lab } = this;
    this.#shown = null;
    if (lab.input instanceof Error) return this.#message("This layer cannot be computed", lab.input.message);
    const record = this.#record;
    if (!record) return this.#withoutKernel();
    const kernel = this.#kernel(record, lab.layer, lab.input);
    if (kernel instanceof Error) return this.#message("This layer cannot be computed here", kernel.message);
    const choice = choiceFor(lab.layer, lab.options);
    const setting = JSON.stringify([
      choice.grow,
      choice.convolutionStride,
      choice.convolutionPadding,
      choice.dilation,
      lab.options.edits,
    ]);
    const it = this.#computation(record, lab.layer, lab.operation, lab.input, kernel, this.#index, setting);
    return it instanceof Error ? this.#refused(kernel, it) : this.#picture(lab.input, it);
  }

  #picture(input: Volume, it: Computation): unknown {
    const { lab, room } = this;
    const before = lab.session.playing && this.#scaled?.it.index === it.index ? this.#scaled : null;
    const shown = shownOf(lab, input, it, this.#probe.records?.[0] ?? null, before);
    this.#shown = this.#scaled = shown;
    if (this.#reached.map !== it.map) this.#reached = { map: it.map, count: 0 };
    this.#reached.count = Math.max(this.#reached.count, shown.index + 1);
    const extent = (height: number, width: number): Extent => ({ width, height });
    const width = this.#width;
    const wide = width >= SETTINGS_IN_HEAD;
    const sizes = sizesFor(
      { width, height: room.height - (wide ? 60 : 96) },
      {
        input: extent(it.planes.rows, it.planes.columns),
        output: extent(it.grid.rows.output, it.grid.columns.output),
        kernel: extent(it.filter.rows, it.filter.columns),
        channels: it.filter.channels,
      },
    );
    return html`<cnn-view-layout .how=${HOW} ?busy=${lab.slow || this.#filters.slow}>
      ${this.shell}
      <div class="settings" slot=${wide ? "controls" : nothing}>${controlsOf(lab, it.kernel, it.index, it.setting, it.changes.length > 0)}</div>
      ${
        room.width > 0
          ? picturePart({
              lab,
              volume: input,
              shown,
              sizes,
              reached: this.#reached.count,
              at: this.at,
              variants: this.#variants(it, input),
              actions: {
                go: (place) => this.#go(place),
                key: (event) => this.#key(event),
                hover: (at) => this.#hover(at),
              },
            })
          : nothing
      }
      <div slot="legend">${legendOf(lab, shown, this.at)}</div>
    </cnn-view-layout>`;
  }

  /** CSS pixels of the picture's width: the legend is a column of its own. */
  get #width(): number {
    const legend = parseFloat(getComputedStyle(this).getPropertyValue("--w-legend")) || 0;
    return this.room.width - legend - 33;
  }

  /** What was chosen cannot be computed: the controls stay, with the reason. */
  #refused(kernel: LayerKernel, error: Error): unknown {
    const { lab } = this;
    let setting;
    try {
      setting = settingOf(lab.layer, kernel, choiceFor(lab.layer, lab.options));
    } catch {
      return this.#message("This layer cannot be computed here", error.message);
    }
    const changed = JSON.stringify(setting) !== JSON.stringify(settingOf(lab.layer, kernel, OWN));
    return html`<cnn-view-layout .how=${HOW}>
      ${this.shell}
      <div class="settings" slot=${this.#width >= SETTINGS_IN_HEAD ? "controls" : nothing}>${controlsOf(lab, kernel, this.#index, setting, changed)}</div>
      <cnn-notice class="refused" heading="This setting gives no output" .text=${`${error.message}.`}></cnn-notice>
    </cnn-view-layout>`;
  }

  #withoutKernel(): unknown {
    if (this.#filtersQuery() === null) {
      return this.#message(
        "The kernels of this layer were not logged",
        "Without them nothing can be computed. They are logged with the feature maps, unless the callback's argument `layers` leaves the layer out.",
      );
    }
    if (this.#filters.error !== null)
      return this.#message("The kernels of this layer cannot be read", String(this.#filters.error));
    return html`<cnn-view-layout ?busy=${this.#filters.slow}>${this.shell}</cnn-view-layout>`;
  }

  #message(heading: string, text: string): unknown {
    return html`<cnn-view-layout .how=${HOW}>${this.shell}<cnn-message .heading=${heading} .text=${text}></cnn-message></cnn-view-layout>`;
  }

  // Moving ---------------------------------------------------------------------------------------------------------

  #hover(at: WeightPlace | null): void {
    if (JSON.stringify(at) !== JSON.stringify(this.at)) this.at = at;
  }

  #go(place: Place): void {
    const shown = this.#shown;
    if (!shown) return;
    const { rows, columns } = shown.it.grid;
    const { row, column } = inside(place, rows.output, columns.output);
    this.lab.set({ row, column });
  }

  #key(event: KeyboardEvent): void {
    const shown = this.#shown;
    if (!shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, columns } = shown.it.grid;
    const place =
      event.key === "Enter"
        ? { row: rows.output - 1, column: columns.output - 1 }
        : walked(shown.place, event.key, event.shiftKey, rows.output, columns.output);
    if (place) {
      this.#slide.stop();
      this.#go(place);
      this.#say(shown.it, place);
    } else if (event.key === " ") {
      if (this.#slide.running) this.#slide.stop();
      else this.#play();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #say({ map, grid }: Computation, { row, column }: Place): void {
    this.lab.session.announce(
      `row ${row}, column ${column}, ${speakNumber(map[row * grid.columns.output + column]!, 3)}`,
    );
  }

  /** From the cell where the window stands; from the first one where it stands on the last. */
  #play(): void {
    const cells = this.#shown?.it.map.length ?? 1;
    if (this.#shown?.index === cells - 1) {
      this.#reached.count = 0;
      this.#go({ row: 0, column: 0 });
    }
    this.#slide.start(cells, (by) => {
      const shown = this.#shown;
      if (!shown) return false;
      const { columns } = shown.it.grid;
      const index = Math.min(cells - 1, shown.index + by);
      this.#go({ row: Math.floor(index / columns.output), column: index % columns.output });
      return index < cells - 1;
    });
  }

  // What is saved, and what tests see --------------------------------------------------------------------------------

  override get state(): object | null {
    const shown = this.#shown;
    if (!shown || this.#filters.loading || this.#probe.loading) return null;
    const { it, cell, place } = shown;
    const { grid, comparison, filter } = it;
    return {
      mode: "convolution",
      run: this.lab.run,
      layer: this.lab.layer.path,
      step: this.lab.operation.step,
      kernelStep: it.kernel.step,
      filter: it.index,
      row: place.row,
      column: place.column,
      rows: grid.rows.output,
      columns: grid.columns.output,
      size: it.setting.size,
      stride: it.setting.stride,
      dilation: it.setting.dilation,
      padding: it.setting.padding,
      before: [grid.rows.before, grid.columns.before],
      changes: it.changes,
      comparison,
      reached: this.#reached.count,
      window: Array.from(cell.window),
      products: Array.from(cell.products),
      sums: Array.from(cell.sums),
      bias: filter.bias,
      total: cell.total,
      value: it.activation?.(cell.total) ?? null,
      bound: it.bound,
      order: Array.from(shown.order),
      image: shown.image,
      inputChannel: filter.from + shown.chosen,
      playing: this.#slide.running,
    };
  }

  override cellRect(part: string, row: number, column: number): Rect | null {
    if (part === "input" || part === "output") {
      return this.renderRoot.querySelector<WindowMap>(`cnn-lab-window-map.${part}`)?.cellRect(row, column) ?? null;
    }
    const [name, channel] = part.split(":");
    const list = this.renderRoot.querySelector<Products>("cnn-lab-products");
    if (name !== "window" && name !== "kernel" && name !== "product") return null;
    return list?.cellRect(name, { channel: Number(channel), row, column }) ?? null;
  }

  override async savePng(): Promise<Blob> {
    const shown = this.#shown;
    if (!shown) throw new Error("there is no picture yet");
    return convolutionPng(this, this.lab, shown, this.#reached.count);
  }

  override saveCsv(): string {
    const shown = this.#shown;
    if (!shown) throw new Error("there are no numbers yet");
    return convolutionCsv(this.lab, shown);
  }
}

customElements.define("cnn-lab-convolution", ConvolutionMode);
