import { html, nothing } from "lit";
import type { DataRecord } from "../../../data/binary.ts";
import type { ModelRecord } from "../../../data/schema.ts";
import type { Rect } from "../../../canvas/grid_layout.ts";
import { formatNumber, speakNumber } from "../../../math/format.ts";
import { memoizeLast } from "../../../math/memoize_last.ts";
import "../../../parts/message.ts";
import { isSignal } from "../../../parts/probe_image.ts";
import { SizeController } from "../../../parts/size_controller.ts";
import { base, controls } from "../../../parts/styles.ts";
import "../../../parts/view_layout.ts";
import { probeQuery } from "../../../state/probe.ts";
import { RecordsController } from "../../../state/records_controller.ts";
import { ChartMode } from "../chart_mode.ts";
import { chartStyles } from "../chart_styles.ts";
import type { LabBase } from "../lab_base.ts";
import { errorComparison, errorMapsQuery, loggedErrors, type ErrorComparison } from "./logged_error.ts";
import { compareLoss, type Comparison } from "./loss_comparison.ts";
import { lossCsv } from "./loss_csv.ts";
import { lossLayout, PANEL, ROW, valueAt, type LossLayout } from "./loss_layout.ts";
import { lossLegend } from "./loss_legend.ts";
import { lossPictures } from "./loss_pictures.ts";
import { hasPlaces } from "./loss_rows.ts";
import { lossSource, NOT_LABELLED, type LossSource } from "./loss_source.ts";
import { lossStyles } from "./loss_styles.ts";
import { predictionSvg } from "./loss_svg.ts";
import { lossesSvg } from "./loss_table_svg.ts";
import { lossBase, lossShown, type LossShown } from "./loss_view_model.ts";
import { lesson } from "./loss_words.ts";
import { formatMoved, parseMoved } from "./moved.ts";

const HOW_TO_READ =
  "From left to right: what the network computed for each class, how that becomes a share p, and how far p is from the truth, " +
  "which is the error that goes back through the network. Below, each loss has its value and its slope at this prediction: " +
  "the slope is how hard it pushes.";

/** Of the drawn range: a key's step, with Shift the larger. */
const FINE = 160;
const COARSE = 16;

/**
 * Loss: how wrong is this prediction, and what does each loss make of it?
 *
 * Parts that `cellRect` knows: `logit`, `share`, `error` by the row's number, and `curve` and `slope` by the loss' place.
 */
export class LossMode extends ChartMode {
  static override styles = [base, controls, chartStyles, lossStyles];

  readonly #size = new SizeController(this, () => this.renderRoot.querySelector(".room"));
  readonly #predictions = this.#records(() => ({
    run: this.lab.run,
    kind: "predictions" as const,
    layers: [],
    steps: [this.lab.step],
  }));
  readonly #probe = this.#records(() => probeQuery(this.lab.session));
  readonly #errors = this.#records(() => {
    const { session, run, step } = this.lab;
    const isLogged = session.stepsOf(run, "errors", null).includes(step);
    return isLogged ? { run, kind: "errors" as const, layers: [], steps: [step] } : null;
  });
  readonly #maps = this.#records(() => {
    const { session, run, step, layer } = this.lab;
    return errorMapsQuery(session, run, layer, step);
  });
  readonly #source = memoizeLast(sourceOrError);
  readonly #base = memoizeLast(lossBase);
  readonly #show = memoizeLast(
    (
      source: LossSource,
      image: number,
      row: number | null,
      moved: string,
      names: readonly string[],
      logged: Float64Array | null,
    ) => lossShown(source, this.#base(source, names), { image, row, moved: parseMoved(moved, image) }, logged),
  );
  readonly #compare = memoizeLast(compareLoss);
  readonly #logged = memoizeLast(loggedErrors);
  readonly #scaled = memoizeLast(
    (errors: Float64Array | null, factor: number) => errors && errors.map((e) => e * factor),
  );
  readonly #pictures = memoizeLast(lossPictures);
  #dragged: "logit" | "curve" | "slope" | null = null;

  #records(want: () => RecordsController["query"]): RecordsController {
    return new RecordsController(this, () => this.lab.session, want);
  }

  get #model(): ModelRecord | null {
    return this.lab.session.detailA?.model ?? null;
  }

  get #names(): readonly string[] {
    return this.#model?.class_names ?? NO_NAMES;
  }

  get #now(): LossSource | Error | null {
    const [predictions, probe] = [this.#predictions.records?.[0], this.#probe.records?.[0]];
    if (!predictions || !probe) return null;
    return this.#source(predictions, probe, this.lab.layer, this.#model);
  }

  get #shown(): LossShown | null {
    const source = this.#now;
    if (!source || source instanceof Error) return null;
    const { lossRow, moved } = this.lab.options;
    return this.#show(source, this.#image(source), lossRow, moved, this.#names, this.#error(source));
  }

  /** The chosen image, or the last one that has a prediction. */
  #image({ examples }: LossSource): number {
    return Math.min(this.lab.session.state.image, examples.length - 1);
  }

  /** The logged error without the factor that the mean over images gives it. */
  #error(source: LossSource): Float64Array | null {
    const maps = this.#maps.records?.[0];
    if (!maps || maps.step !== source.step || hasPlaces(source)) return null;
    const logged = this.#logged(maps, this.#image(source), source.classes);
    return this.#scaled(logged, source.config.reduction === "sum" ? 1 : source.examples.length);
  }

  get #comparison(): Comparison | null {
    const source = this.#now;
    if (!source || source instanceof Error) return null;
    const errors = this.#errors.records?.[0] ?? null;
    return this.#compare(source, errors?.step === source.step ? errors : null);
  }

  get #layout(): LossLayout | null {
    const shown = this.#shown;
    const { width } = this.#size;
    return shown && width ? lossLayout(shown, width) : null;
  }

  override render(): unknown {
    const shown = this.#shown;
    const comparison = this.#comparison;
    const { lab } = this;
    const { slow } = this.#predictions;
    return html`<cnn-view-layout .how=${HOW_TO_READ} ?busy=${slow} .progress=${slow ? `step ${lab.step}` : ""}>
      ${this.shell} ${shown ? html`<span slot="subtitle">${subtitleOf(shown)}</span>` : nothing}
      <button slot="controls" ?disabled=${!shown?.isMoved} @click=${() => lab.set({ moved: "" })}
        title="Bring back what the network said">Reset</button>
      <div class="room">${shown ? this.#body(shown) : this.#empty()}</div>
      ${shown && comparison ? lossLegend(shown, comparison, this.#errorComparison(shown)) : nothing}
    </cnn-view-layout>`;
  }

  #errorComparison(shown: LossShown): ErrorComparison {
    return errorComparison(shown, this.#maps.records?.[0]?.layer ?? null);
  }

  #empty(): unknown {
    const source = this.#now;
    const { error } = this.#predictions.error === null ? this.#probe : this.#predictions;
    if (source instanceof Error) {
      const code = source.message === NOT_LABELLED ? 'CNNViz("runs/adam", probe=(x[:8], y[:8]))' : "";
      return html`<cnn-message heading="No loss of this prediction" .text=${source.message} .code=${code}></cnn-message>`;
    }
    if (probeQuery(this.lab.session) === null)
      return html`<cnn-message heading="No probe was logged" text="The loss compares predictions with labels, which come with the probe."
        .code=${'CNNViz("runs/adam", probe=(x[:8], y[:8]))'}></cnn-message>`;
    if (error === null) return nothing;
    return html`<cnn-message heading="This step cannot be read" .text=${error instanceof Error ? error.message : String(error)}></cnn-message>`;
  }

  #body(shown: LossShown): unknown {
    const layout = this.#layout;
    const probe = this.#probe.records?.[0];
    if (!layout || !probe) return nothing;
    const pictures = this.#pictures(shown, probe, isSignal(this.lab.session.layers));
    return html`
      <p class="lesson">${lesson(shown)}</p>
      <svg class="picture" width=${layout.width} height=${layout.height} viewBox="0 0 ${layout.width} ${layout.height}"
        tabindex="0" role="application" aria-label="The prediction and its losses; up and down choose a class, left and right move its logit, Escape brings the logged ones back"
        @pointerdown=${(event: PointerEvent) => this.#press(event, shown, layout)}
        @pointermove=${(event: PointerEvent) => this.#drag(event, shown, layout)}
        @pointerup=${() => (this.#dragged = null)} @pointercancel=${() => (this.#dragged = null)}
        @keydown=${(event: KeyboardEvent) => this.#key(event, shown)}
      >${predictionSvg(shown, layout, pictures, this.#names)}${lossesSvg(shown, layout)}</svg>`;
  }

  // By hand ------------------------------------------------------------------------------------------------------

  #press(event: PointerEvent, shown: LossShown, layout: LossLayout): void {
    if (event.button !== 0) return;
    const [x, y] = pointOf(event);
    const { rows, logit, curve, slope, table } = layout;
    const row = shown.rows[Math.floor((y - rows.y) / ROW)];
    if (y >= rows.y && row && x >= layout.label.x) {
      if (row.index !== shown.focus.index) this.lab.set({ lossRow: row.index });
      // A press beside the handle chooses the row; one on the chosen row's bar moves it.
      const isOn = x >= logit.x - 6 && x <= logit.x + logit.width + 6 && row.index === shown.focus.index;
      this.#dragged = isOn ? "logit" : null;
    } else if (y >= table.top) {
      const within = (span: { x: number; width: number }): boolean => x >= span.x && x <= span.x + span.width;
      this.#dragged = within(curve) ? "curve" : within(slope) ? "slope" : null;
    }
    if (!this.#dragged) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.#drag(event, shown, layout);
  }

  #drag(event: PointerEvent, shown: LossShown, layout: LossLayout): void {
    if (!this.#dragged) return;
    this.#move(shown, valueAt(layout[this.#dragged], shown.xs, pointOf(event)[0]));
  }

  #move(shown: LossShown, to: number): void {
    const { focus, image, xs } = shown;
    if (focus.count === 0) return;
    const [lo, hi] = [xs[0]!, xs.at(-1)!];
    const moved = new Map(parseMoved(this.lab.options.moved, image));
    moved.delete(focus.index);
    moved.set(focus.index, Math.max(lo, Math.min(hi, to)));
    this.lab.set({ moved: formatMoved(moved, image), lossRow: focus.index });
  }

  #key(event: KeyboardEvent, shown: LossShown): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { focus, rows, xs } = shown;
    const range = xs.at(-1)! - xs[0]!;
    const by = range / (event.shiftKey ? COARSE : FINE);
    const from = Number.isFinite(focus.z) ? focus.z : focus.z > 0 ? xs.at(-1)! : xs[0]!;
    const at = rows.findIndex(({ index }) => index === focus.index);
    const choose = (to: number): void =>
      this.lab.set({ lossRow: rows[Math.max(0, Math.min(rows.length - 1, to))]!.index });
    const acts: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#move(shown, from - by),
      ArrowRight: () => this.#move(shown, from + by),
      ArrowUp: () => choose(at - 1),
      ArrowDown: () => choose(at + 1),
      Escape: () => this.lab.set({ moved: "" }),
    };
    const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined;
    if (!act || (event.key === "Escape" && !shown.isMoved)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
    const now = this.#shown;
    if (now) this.lab.session.announce(spoken(now));
  }

  // For the frame and for tests ------------------------------------------------------------------------------------

  override get state(): object | null {
    const shown = this.#shown;
    const isBusy = [this.#predictions, this.#probe, this.#errors, this.#maps].some((each) => each.loading);
    if (isBusy || !this.hasUpdated || this.isUpdatePending) return null;
    if (!shown) return this.#now instanceof Error ? { mode: "loss", refused: this.#now.message } : null;
    const { source, all, focus, panels, drawn, xs, rows, isMoved, image } = shown;
    return {
      mode: "loss",
      run: this.lab.run,
      layer: source.layer.path,
      step: source.step,
      head: source.head,
      given: source.given,
      image,
      isMoved,
      rows,
      total: all.length,
      own: source.own?.name ?? null,
      drawn: drawn.name,
      focus: focus.index,
      range: [xs[0], xs.at(-1)],
      losses: panels.map((panel) => ({ ...panel, name: panel.loss.name })),
      comparison: this.#comparison,
      errorDeviation: this.#errorComparison(shown).deviation,
    };
  }

  override cellRect(part: string, row: number, _column: number): Rect | null {
    const [shown, layout, corner] = [this.#shown, this.#layout, this.corner];
    if (!shown || !layout || !corner) return null;
    if (part === "curve" || part === "slope") {
      const span = layout[part];
      return { x: corner.x + span.x, y: corner.y + layout.table.top + row * PANEL, width: span.width, height: PANEL };
    }
    const at = shown.rows.findIndex(({ index }) => index === row);
    const span = part === "logit" || part === "share" || part === "error" ? layout[part] : null;
    if (!span || at < 0) return null;
    return { x: corner.x + span.x, y: corner.y + layout.rows.y + at * ROW, width: span.width, height: ROW };
  }

  override saveCsv(): string {
    const shown = this.#shown;
    if (!shown) throw new Error("there are no numbers yet");
    return lossCsv(shown, this.lab.run);
  }
}

const NO_NAMES: readonly string[] = [];

function sourceOrError(
  predictions: DataRecord,
  probe: DataRecord,
  layer: LabBase["layer"],
  model: ModelRecord | null,
): LossSource | Error {
  try {
    return lossSource(predictions, probe, layer, model);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function pointOf(event: PointerEvent): [number, number] {
  const corner = (event.currentTarget as Element).getBoundingClientRect();
  return [event.clientX - corner.x, event.clientY - corner.y];
}

function subtitleOf({ image, source, isMoved }: LossShown): string {
  return `loss of probe image ${image}, step ${source.step}${isMoved ? ", moved by hand" : ""}`;
}

function spoken({ focus, panels }: LossShown): string {
  const losses = panels.slice(0, 2).map(({ loss, value }) => `${loss.title} ${formatNumber(value, { digits: 3 })}`);
  return `${focus.label}: ${speakNumber(focus.z, 3)}, p ${formatNumber(focus.p, { digits: 3 })}; ${losses.join(", ")}`;
}

customElements.define("cnn-lab-loss", LossMode);
