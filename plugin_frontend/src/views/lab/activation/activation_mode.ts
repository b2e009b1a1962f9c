import { html, nothing, type PropertyValues } from "lit";
import { DecodeError } from "../../../data/errors.ts";
import type { Rect } from "../../../canvas/grid_layout.ts";
import { formatNumber, speakNumber } from "../../../math/format.ts";
import { drawnRange } from "../../../math/measured_inputs.ts";
import { memoizeLast } from "../../../math/memoize_last.ts";
import { isolated } from "../../../parts/isolated.ts";
import "../../../parts/message.ts";
import "../../../parts/notice.ts";
import "../../../parts/select.ts";
import { SizeController } from "../../../parts/size_controller.ts";
import { base, controls } from "../../../parts/styles.ts";
import "../../../parts/view_layout.ts";
import { RecordsController } from "../../../state/records_controller.ts";
import { ChartMode } from "../chart_mode.ts";
import { chartStyles } from "../chart_styles.ts";
import type { LabBase } from "../lab_base.ts";
import { activationCsv } from "./activation_csv.ts";
import { FUNCTIONS } from "./activation_fields.ts";
import { boxOf, layoutOf, type Layout } from "./activation_layout.ts";
import { activationLegend } from "./activation_legend.ts";
import { activationShown, functionWords, type ActivationShown } from "./activation_view_model.ts";
import { activationStyles } from "./activation_styles.ts";
import { activationSvg } from "./activation_svg.ts";
import { measuredOf, type Measured } from "./measured.ts";
import { activationSourceOf, type ActivationSource } from "./activation_source.ts";

const HOW_TO_READ =
  "A gradient is multiplied by the slope; rms is the root of the mean squared slope, which sets its size. Where the bars are " +
  "hatched, almost nothing passes: a sigmoid’s slope is at most 1/4, so that even its best layers shrink the gradient.";

/** Steps of the cursor over the drawn range. */
const CURSOR_STEPS = 80;

/**
 * Activation: what does the layer's function do to what really enters it, and to the gradient on its way back?
 *
 * The part that `cellRect` knows is a function's name; row 0 and column 0 to 80 are places along its inputs.
 */
export class ActivationMode extends ChartMode {
  static override properties = { ...ChartMode.properties, cursor: { state: true } };
  static override styles = [base, controls, chartStyles, activationStyles];

  /** The input under the cursor; null: none. */
  declare cursor: number | null;
  readonly #size = new SizeController(this, () => this.renderRoot.querySelector(".room"));
  readonly #records = new RecordsController(
    this,
    () => this.lab.session,
    () => {
      const { run, step } = this.lab;
      return { run, kind: "activations", layers: [], steps: [step] };
    },
  );
  readonly #measure = memoizeLast(measuredOf);
  readonly #site = memoizeLast(activationSourceOf);
  readonly #show = memoizeLast(
    (
      site: ActivationSource,
      measured: Measured,
      beside: LabBase["options"]["beside"],
      leak: LabBase["options"]["leak"],
      range: number,
    ) => activationShown(site, measured, { beside, leak }, range),
  );
  #range = 0;
  #refusal = "";

  constructor() {
    super();
    this.cursor = null;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.cursor !== null && this.#range && Math.abs(this.cursor) > this.#range) this.cursor = null;
  }

  get #shown(): ActivationShown | null {
    const { lab } = this;
    const record = this.#records.records?.[0];
    if (!record) return null;
    const site = this.#site(lab.layer, lab.session.layers);
    try {
      const measured = this.#measure(record, site);
      this.#refusal = measured ? "" : `What enters the activation of ${isolated(lab.layer.name)} was not measured.`;
      if (!measured) return null;
      if (!this.#range || !lab.session.playing) this.#range = drawnRange(measured.inputs);
      return this.#show(site, measured, lab.options.beside, lab.options.leak, this.#range);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#refusal = error.message;
      return null;
    }
  }

  get #layout(): Layout | null {
    const shown = this.#shown;
    const { width, height } = this.#size;
    return shown && width ? layoutOf(shown.panels.length, width, height) : null;
  }

  override render(): unknown {
    const shown = this.#shown;
    const { lab } = this;
    const { slow } = this.#records;
    return html`<cnn-view-layout .how=${HOW_TO_READ} ?busy=${slow} .progress=${slow ? `step ${lab.step}` : ""}>
      ${this.shell} ${shown ? html`<span slot="subtitle">${subtitleOf(shown)}</span>` : nothing} ${this.#controls()}
      <div class="room">${shown ? this.#body(shown) : this.#empty()}</div>
      ${shown ? activationLegend(shown) : nothing}
    </cnn-view-layout>`;
  }

  #controls(): unknown {
    const { lab } = this;
    const words = (name: string): { value: string; label: string } => ({
      value: name,
      label: name === "all" ? "all functions" : functionWords(name),
    });
    return html`
      <cnn-select slot="controls" label="beside" .options=${["all", ...FUNCTIONS].map(words)} .value=${lab.options.beside}
        @change=${(event: CustomEvent<LabBase["options"]["beside"]>) => lab.set({ beside: event.detail })}></cnn-select>
      <cnn-select slot="controls" label="leaky slope" .options=${LEAKS} .value=${lab.options.leak}
        @change=${(event: CustomEvent<LabBase["options"]["leak"]>) => lab.set({ leak: event.detail })}></cnn-select>`;
  }

  #empty(): unknown {
    const { error, loading } = this.#records;
    if (loading && error === null) return nothing;
    const text = error === null ? this.#refusal : error instanceof Error ? error.message : String(error);
    return text ? html`<cnn-message heading="No measured inputs here" .text=${text}></cnn-message>` : nothing;
  }

  #body(shown: ActivationShown): unknown {
    const layout = this.#layout;
    if (!layout) return nothing;
    return html`
      ${
        shown.notDrawn === null
          ? nothing
          : html`<cnn-notice heading="${shown.notDrawn} is not drawn"
        text="It is no function of single values: each output depends on all inputs. The others stand over what enters it."></cnn-notice>`
      }
      <svg class="picture" width=${layout.width} height=${layout.height} viewBox="0 0 ${layout.width} ${layout.height}"
        tabindex="0" role="application" aria-label="Activation functions over the measured inputs; arrow keys move along the inputs"
        @pointermove=${(event: PointerEvent) => this.#point(event, layout, shown)} @pointerleave=${() => (this.cursor = null)}
        @keydown=${(event: KeyboardEvent) => this.#key(event, shown)} @blur=${() => (this.cursor = null)}
      >${activationSvg(shown, layout, this.cursor)}</svg>`;
  }

  #point(event: PointerEvent, layout: Layout, shown: ActivationShown): void {
    const corner = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [event.clientX - corner.x, event.clientY - corner.y];
    const box = shown.panels
      .map((_, i) => boxOf(layout, i))
      .find((each) => x >= each.x && x <= each.x + each.width && y >= each.top && y <= each.bottom);
    this.cursor = box ? ((x - box.x) / box.width) * 2 * shown.range - shown.range : null;
  }

  #key(event: KeyboardEvent, shown: ActivationShown): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { range } = shown;
    const by = ((event.shiftKey ? 10 : 1) * 2 * range) / CURSOR_STEPS;
    const from = this.cursor ?? 0;
    const moves: Readonly<Record<string, number | null>> = {
      ArrowLeft: Math.max(-range, from - by),
      ArrowRight: Math.min(range, from + by),
      Escape: null,
    };
    if (!Object.hasOwn(moves, event.key) || (event.key === "Escape" && this.cursor === null)) return;
    event.preventDefault();
    event.stopPropagation();
    this.cursor = moves[event.key] ?? null;
    const [own] = shown.panels;
    if (this.cursor === null || !own) return;
    this.lab.session.announce(
      `input ${speakNumber(this.cursor, 3)}: ${functionWords(own.name)} gives ${speakNumber(own.fn.value(this.cursor), 3)}, slope ${speakNumber(own.fn.slope(this.cursor), 2)}`,
    );
  }

  override get state(): object | null {
    const shown = this.#shown;
    if (!shown || this.#records.loading || !this.hasUpdated || this.isUpdatePending) return null;
    const { site, measured, panels, range } = shown;
    return {
      mode: "activation",
      run: this.#records.query?.run,
      layer: site.source,
      place: site.place,
      owner: site.owner.path,
      step: measured.step,
      range,
      cursor: this.cursor,
      total: measured.inputs.total,
      functions: panels.map(({ name, isOwn, facts }) => ({ name, isOwn, ...facts })),
    };
  }

  override cellRect(part: string, _row: number, column: number): Rect | null {
    const [shown, layout] = [this.#shown, this.#layout];
    const at = shown?.panels.findIndex(({ name }) => name === part) ?? -1;
    const { corner } = this;
    if (!layout || !corner || at < 0) return null;
    const box = boxOf(layout, at);
    const width = box.width / CURSOR_STEPS;
    return { x: corner.x + box.x + column * width, y: corner.y + box.bottom - 4, width, height: 4 };
  }

  override saveCsv(): string {
    const shown = this.#shown;
    if (!shown) throw new Error("there are no numbers yet");
    return activationCsv(shown, this.#records.query?.run ?? "");
  }
}

const LEAKS = ["0.2", "0.3", "0.1", "0.01"].map((value) => ({
  value,
  label: formatNumber(Number(value), { digits: 1 }),
}));

function subtitleOf({ site, measured }: ActivationShown): string {
  const name = site.name === null ? "no activation; what leaves it" : `what enters ${functionWords(site.name)}`;
  return `${name}, step ${measured.step}`;
}

customElements.define("cnn-lab-activation", ActivationMode);
