import { html, nothing } from "lit";
import type { Rect } from "../../../canvas/grid_layout.ts";
import type { DataRecord } from "../../../data/binary.ts";
import { DecodeError } from "../../../data/errors.ts";
import type { VariableRecord } from "../../../data/schema.ts";
import { formatSigned, speakNumber } from "../../../math/format.ts";
import { memoizeLast } from "../../../math/memoize_last.ts";
import { IDS, type OptimizerId } from "../../../math/optimizer_ids.ts";
import { OPTIMIZERS } from "../../../math/optimizers.ts";
import { isolated } from "../../../parts/isolated.ts";
import "../../../parts/message.ts";
import "../../../parts/select.ts";
import { SizeController } from "../../../parts/size_controller.ts";
import { base, controls } from "../../../parts/styles.ts";
import "../../../parts/view_layout.ts";
import { timeAxis } from "../../../state/time_axis.ts";
import { ChartMode } from "../chart_mode.ts";
import { chartStyles } from "../chart_styles.ts";
import { parseByHand } from "./by_hand.ts";
import { agreementWords, formulaTable, settingsOf } from "./formula.ts";
import { followedOf, type Followed } from "./followed.ts";
import { optimizerCsv } from "./optimizer_csv.ts";
import { OptimizerData, variablesOf } from "./optimizer_data.ts";
import { layoutOf, stepPanels } from "./optimizer_layout.ts";
import { exactWords, optimizerLegend } from "./optimizer_legend.ts";
import { optimizerStyles } from "./optimizer_styles.ts";
import { optimizerSvg, pathNear, sceneOf, xOf, yOf, type Scene } from "./optimizer_svg.ts";
import { nearestPlace, optimizerShown, weightsOf, type OptimizerShown } from "./optimizer_view_model.ts";
import { ownOptimizer } from "./own_optimizer.ts";

const HOW_TO_READ =
  "The wide grey line is what the run really did to this one weight; the thin ones are what each optimizer would have made of " +
  "the same recorded gradients. Look at the first steps: some go by the size of the gradient, others by its sign alone, and momentum goes on when it turns.";

const FITS = [
  { value: "all", label: "scale: all steps" },
  { value: "exact", label: "scale: exact steps" },
];
const LEFT = 64;
/** What stands below the picture, in pixels. */
const BELOW = 260;

/**
 * Optimizer: what would another optimizer have made of the gradients of one weight?
 *
 * The parts that `cellRect` knows are `run` and the optimizers' ids; row 0, and a column for each recorded step.
 */
export class OptimizerMode extends ChartMode {
  static override styles = [base, controls, chartStyles, optimizerStyles];

  readonly #plot = new SizeController(this, () => this.renderRoot.querySelector(".plot"));
  readonly #frame = new SizeController(this, () => this.renderRoot.querySelector(".frame"));
  readonly #room = new SizeController(this, () => this);
  readonly #data = new OptimizerData(this, () => this.lab);
  readonly #own = memoizeLast(ownOptimizer);
  readonly #follow = memoizeLast(followedOf);
  readonly #weights = memoizeLast(weightsOf);
  readonly #hand = memoizeLast(parseByHand);
  readonly #axis = memoizeLast(timeAxis);
  readonly #show = memoizeLast(
    (
      followed: Followed,
      variable: VariableRecord,
      losses: DataRecord | null,
      norms: DataRecord | null,
      own: ReturnType<typeof ownOptimizer>,
      weight: number | null,
      chosen: OptimizerId | "own",
      hand: ReturnType<typeof parseByHand>,
    ) =>
      optimizerShown(
        followed,
        this.#weights(followed, variable),
        { variable, losses, norms, own },
        weight,
        chosen,
        hand,
      ),
  );
  #refusal = "";

  get #shown(): OptimizerShown | null {
    const { lab } = this;
    const { weights, variable, losses, norms } = this.#data;
    if (!weights || !variable || !this.#data.isComplete) return null;
    const { optimizer, optimizerWeight, optimizerHand } = lab.options;
    const own = this.#own(lab.session.detailA?.model ?? null);
    try {
      const followed = this.#follow(weights);
      const hand = this.#hand(optimizerHand);
      const shown = this.#show(followed, variable, losses, norms, own, optimizerWeight, optimizer, hand);
      this.#refusal = shown ? "" : "No weight of this variable is followed by the log.";
      return shown;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#refusal = error.message;
      return null;
    }
  }

  get #scene(): Scene | null {
    const shown = this.#shown;
    const [plot, frame] = [this.#plot.width, this.#frame.width];
    if (!shown || !plot || !frame) return null;
    const { session, step } = this.lab;
    const layout = layoutOf(
      LEFT,
      plot,
      frame - LEFT - plot,
      this.#room.height - BELOW,
      stepPanels(shown.chosen).length,
    );
    const last = session.runs?.runs.find(({ name }) => name === this.lab.run)?.last_step ?? 0;
    const axis = this.#axis(session.state.axis, Math.max(last, shown.recorded.steps.at(-1) ?? 0));
    return sceneOf(shown, layout, axis, step, this.lab.options.optimizerValues);
  }

  override render(): unknown {
    const shown = this.#shown;
    const { lab } = this;
    return html`<cnn-view-layout .how=${HOW_TO_READ} ?busy=${this.#data.slow} .progress=${this.#data.slow ? "gradients of all steps" : ""}>
      ${this.shell}
      ${shown ? html`<span slot="subtitle">one weight, ${isolated(tailOf(shown.variable.path))} ${shown.weight.label}, step ${lab.step}</span>` : nothing}
      ${this.#controls(shown)}
      <div class="room">${shown ? this.#body(shown) : this.#empty()}</div>
      ${shown ? optimizerLegend(shown, lab.step, (id) => this.#choose(id)) : nothing}
    </cnn-view-layout>`;
  }

  #controls(shown: OptimizerShown | null): unknown {
    const { lab } = this;
    if (!shown) return nothing;
    const variables = variablesOf(lab);
    return html`
      <cnn-select slot="controls" name="Variable" .options=${variables.map(({ path }) => ({ value: path, label: tailOf(path) }))} .value=${shown.variable.path}
        @change=${(event: CustomEvent<string>) => lab.set({ optimizerVariable: event.detail, optimizerWeight: null })}></cnn-select>
      <cnn-select slot="controls" label="weight" class="weight" .options=${shown.weights.map(
        ({ index, label, moved }, i) => ({
          value: String(index),
          label: `${label} moved ${formatSigned(moved, 2)}${i ? "" : ", most"}`,
        }),
      )} .value=${String(shown.weight.index)}
        @change=${(event: CustomEvent<string>) => lab.set({ optimizerWeight: Number(event.detail) })}></cnn-select>`;
  }

  #empty(): unknown {
    const { error, loading, isLogged } = this.#data;
    const { lab } = this;
    if (!isLogged)
      return html`<cnn-message heading="This run followed no weights"
        text="The optimizers need the gradient of single weights at every step, which this run did not log. Train again with gradients=True, the default: CNNViz(&quot;runs/adam&quot;, gradients=True)."></cnn-message>`;
    if (variablesOf(lab).length === 0)
      return html`<cnn-message heading="${isolated(lab.layer.name)} has no weights that are trained"
        text="Choose a convolution or a dense layer in the strip above, or with the keys , and ."></cnn-message>`;
    if (loading && error === null) return nothing;
    const text = error === null ? this.#refusal : error instanceof Error ? error.message : String(error);
    return text
      ? html`<cnn-message heading="The gradients cannot be read" .text=${text}><button slot="actions" class="primary" @click=${() => this.#data.retry()}>Try again</button></cnn-message>`
      : nothing;
  }

  #body(shown: OptimizerShown): unknown {
    const { lab } = this;
    const scene = this.#scene;
    return html`
      <div class="caption">
        <span>What would</span>
        <cnn-select name="Optimizer" class="optimizer" .options=${IDS.map((id) => ({ value: id, label: OPTIMIZERS[id].name }))} .value=${shown.chosen.optimizer.id}
          @change=${(event: CustomEvent<OptimizerId>) => this.#choose(event.detail)}></cnn-select>
        <span>have done here? ${shown.chosen.isOwn ? "It is this run’s own optimizer." : ""} One weight, the same recorded gradients for all; after the first steps other gradients would have come.</span>
        <cnn-select name="Scale of values" class="values" .options=${FITS} .value=${lab.options.optimizerValues}
          @change=${(event: CustomEvent<"all" | "exact">) => lab.set({ optimizerValues: event.detail })}></cnn-select>
      </div>
      <div class="frame"><div class="plot"></div>${
        scene
          ? html`<svg class="picture" width=${this.#frame.width} height=${scene.layout.height} viewBox="0 0 ${this.#frame.width} ${scene.layout.height}"
        tabindex="0" role="application" aria-label="Paths of one weight under each optimizer; arrow keys up and down choose one"
        @pointerdown=${(event: PointerEvent) => this.#press(event, scene)} @keydown=${(event: KeyboardEvent) => this.#key(event, shown)}
      >${optimizerSvg(scene)}</svg>`
          : nothing
      }</div>
      ${settingsOf(shown.chosen, lab.step, lab.options.optimizerHand, (optimizerHand) => lab.set({ optimizerHand }))}
      ${formulaTable(shown, lab.step)}
      <p class=${shown.agreement?.differsFrom === null ? "agrees" : "note"}>${agreementWords(shown)}</p>
      <p class="note">${exactWords(shown)}</p>`;
  }

  #choose(id: OptimizerId): void {
    this.lab.set({ optimizer: id });
    const shown = this.#shown;
    const path = shown?.paths.find(({ optimizer }) => optimizer.id === id);
    if (!shown || !path) return;
    const value = path.course.values[nearestPlace(shown.recorded.steps, this.lab.step)]!;
    this.lab.session.announce(`${path.optimizer.name}: the weight is ${speakNumber(value)} at step ${this.lab.step}`);
  }

  /** A label or a line chooses its optimizer; anywhere else the step. */
  #press(event: PointerEvent, scene: Scene): void {
    const end = (event.target as Element).closest<SVGElement>("[data-end]")?.dataset["end"];
    const corner = (event.currentTarget as Element).getBoundingClientRect();
    const { layout, shown, axis } = scene;
    const [x, y] = [event.clientX - corner.x - layout.left, event.clientY - corner.y - layout.paths.top];
    const id = end ?? (y >= 0 && y <= layout.paths.height ? pathNear(scene, x, y)?.optimizer.id : undefined);
    if (id !== undefined && id !== "run") return this.#choose(id as OptimizerId);
    if (x < 0 || x > layout.width) return;
    const { steps } = shown.recorded;
    this.lab.session.set({ step: steps[nearestPlace(steps, axis.toStep(x / layout.width))]! });
  }

  #key(event: KeyboardEvent, { chosen }: OptimizerShown): void {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#choose(IDS[(IDS.indexOf(chosen.optimizer.id) + by + IDS.length) % IDS.length]!);
  }

  override get state(): object | null {
    const shown = this.#shown;
    if (this.#data.loading || !this.hasUpdated || this.isUpdatePending) return null;
    if (!shown)
      return { mode: "optimizer", empty: this.renderRoot.querySelector("cnn-message")?.getAttribute("heading") ?? "" };
    const { variable, weight, recorded, logged, paths, chosen, exact, agreement, own } = shown;
    const scene = this.#scene;
    if (!scene) return null;
    return {
      mode: "optimizer",
      run: this.lab.run,
      layer: this.lab.layer.path,
      step: this.lab.step,
      variable: variable.path,
      weight: weight.index,
      own: own.id,
      chosen: chosen.optimizer.id,
      exact,
      steps: Array.from(recorded.steps),
      logged: Array.from(logged),
      range: [scene.values.lo, scene.values.hi],
      agreement,
      paths: Object.fromEntries(
        paths.map(({ optimizer, settings, origins, rateAt, course }) => [
          optimizer.id,
          { settings, origins, rate: rateAt(this.lab.step), values: Array.from(course.values) },
        ]),
      ),
      kept: chosen.course.after,
    };
  }

  override cellRect(part: string, _row: number, column: number): Rect | null {
    const scene = this.#scene;
    const { corner } = this;
    const values =
      part === "run"
        ? scene?.shown.logged
        : scene?.shown.paths.find(({ optimizer }) => optimizer.id === part)?.course.values;
    const step = scene?.shown.recorded.steps[column];
    if (!scene || !corner || !values || step === undefined) return null;
    const [x, y] = [xOf(scene, step), yOf(scene.values, scene.layout.paths, values[column]!)];
    return {
      x: corner.x + scene.layout.left + x - 2,
      y: corner.y + scene.layout.paths.top + y - 2,
      width: 4,
      height: 4,
    };
  }

  override saveCsv(): string {
    const shown = this.#shown;
    if (!shown) throw new Error("there are no numbers yet");
    return optimizerCsv(shown, this.lab.run);
  }
}

function tailOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

customElements.define("cnn-lab-optimizer", OptimizerMode);
