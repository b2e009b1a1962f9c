import { html, nothing, svg } from "lit";
import type { RunSummary } from "../../data/schema.ts";
import { formatCount, formatNumber } from "../../math/format.ts";
import { base } from "../../parts/styles.ts";
import { hasKind, stepsOf } from "../../state/selectors.ts";
import type { Player } from "../../state/player.ts";
import { SeriesController } from "../../state/series_controller.ts";
import { SessionElement } from "../../state/session_element.ts";
import { timeAxis, type TimeAxis } from "../../state/time_axis.ts";
import { lossPath, lossSeries, rowAt, type LossPath, type LossSeries } from "./loss_curve.ts";
import { scrubberStyles } from "./scrubber_styles.ts";
import { snapIndex, tickPath, weightMarks } from "./snap.ts";
import "./step_fields.ts";
import "../../parts/icon_button.ts";

const POINTS = 4000;

const WEIGHTS_SET = "weights were set without an update";

/** Room that the loss at the step needs beside its line. Pixels. */
const WORDS = 104;

/** The one time axis: loss behind, a tick a logged step, snapping. */
export class Scrubber extends SessionElement {
  static override properties = {
    ...SessionElement.properties,
    player: { attribute: false },
    width: { state: true },
    height: { state: true },
  };
  declare player: Player;
  declare width: number;
  declare height: number;
  readonly #resize = new ResizeObserver(() => this.#measure());
  readonly #losses = new SeriesController(
    this,
    () => this.session,
    () => this.#wanted(),
  );
  #series: LossSeries | null = null;
  #seriesOf: unknown = null;
  #path: LossPath | null = null;
  #pathOf: unknown[] = [];

  constructor() {
    super();
    this.width = 0;
    this.height = 0;
  }

  static override styles = [base, scrubberStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override render(): unknown {
    const { session, player } = this;
    const [steps, step] = [session.steps, session.step];
    const series = this.#readSeries();
    const none = step === null;
    return html`
      <div class="play" role="group" aria-label="Play">
        ${this.#button("first", "First step (Home)", none, () => player.first())}
        ${this.#button("back", "Previous logged step (←)", none, () => player.move(-1))}
        <cnn-icon-button
          framed
          icon=${player.playing ? "pause" : "play"}
          label=${player.playing ? "Pause (Space)" : "Play (Space)"}
          .disabled=${steps.length < 2}
          @click=${() => player.toggle()}
        ></cnn-icon-button>
        ${this.#button("next", "Next logged step (→)", none, () => player.move(1))}
        ${this.#button("last", "Last step, follow the run (End)", none, () => player.last())}
      </div>
      <div class="axis">${this.width > 0 && this.#last() > 0 ? this.#axis(steps, step, series) : nothing}</div>
      <cnn-step-fields .session=${session} .last=${this.#last()} .epoch=${this.#epoch(series)}></cnn-step-fields>
    `;
  }

  #button(icon: string, label: string, disabled: boolean, act: () => void): unknown {
    return html`<cnn-icon-button icon=${icon} label=${label} .disabled=${disabled} @click=${act}></cnn-icon-button>`;
  }

  #axis(steps: readonly number[], step: number | null, series: LossSeries | null): unknown {
    const axis = timeAxis(this.session.state.axis, this.#last());
    const [left, right] = gutters(this);
    const width = Math.max(40, this.width - left - right);
    const floor = this.height - 25;
    const x = step === null ? null : axis.toShare(step) * width;
    const loss = series && this.#lossPath(series, axis, width, floor - 8);
    const text = series && step !== null ? lossText(series, step) : "";
    const setAt = stepsOf(this.session.detailA, "weights_set", null);
    const said = [text, step !== null && setAt.includes(step) ? WEIGHTS_SET : ""].filter(Boolean).join(", ");
    return html`
      <span class="gutter loss">${series ? html`batch<br />loss${loss?.isLog ? ", log" : ""}` : nothing}</span>
      <span class="gutter logged">logged</span>
      <div
        class="slider"
        role="slider"
        tabindex="0"
        aria-label="Step"
        aria-valuemin="0"
        aria-valuemax=${axis.last}
        aria-valuenow=${step ?? 0}
        aria-valuetext=${step === null ? "no step logged" : `step ${step}${said ? `, ${said}` : ""}`}
        .style=${`left:${left}px;width:${width}px`}
        @pointerdown=${(event: PointerEvent) => this.#drag(event, axis, width)}
      >
        <svg width=${width} height=${this.height} aria-hidden="true">
          ${
            loss
              ? svg`<g transform="translate(0 6)"><path class="raw" d=${loss.raw}/><path class="smooth" d=${loss.smooth}/>
              ${loss.broken.map((at) => svg`<rect class="broken" x=${at - 1} y="0" width="2" height="6"/>`)}</g>`
              : nothing
          }
          ${svg`<path class="base" d="M0 ${floor + 0.5}H${width}"/>
          <path class="ticks" d=${tickPath(steps, axis, width, floor, 7)}/>`}
          ${weightMarks(setAt, axis, width).map(
            ({ x: at, steps: [first, ...more] }) =>
              svg`<path class="weights-set" d="M${at} ${floor - 6}l4 5l-4 5l-4 -5z"><title>${stepsInWords(first, more)}: ${WEIGHTS_SET}</title></path>`,
          )}
          ${axis.ticks(34 / width).map(
            (tick) =>
              svg`<text class="label" x=${axis.toShare(tick) * width} y=${floor + 21}
                  text-anchor="middle">${formatCount(tick)}</text>`,
          )}
          ${
            x === null
              ? nothing
              : svg`<path class="here" d="M${x} 4V${floor}"/><rect class="handle" x=${x - 4} y=${floor - 1} width="8" height="11" rx="2"/>`
          }
        </svg>
        ${x !== null && text ? html`<span class="here-text ${this.#flips(x, width, right) ? "flip" : ""}" .style=${`left:${x}px`}>${text}</span>` : nothing}
      </div>
    `;
  }

  /** The words go to the left of the line where there is no room for them at its right. */
  #flips(x: number, width: number, right: number): boolean {
    const room = width + right - x;
    return right < WORDS ? room < WORDS : x <= width - 20 && room - right < WORDS;
  }

  /** Follow the pointer until it is let go: each move goes to the nearest logged step. */
  #drag(event: PointerEvent, axis: TimeAxis, width: number): void {
    const slider = event.currentTarget as HTMLElement;
    if (event.button !== 0) return;
    this.player.stop();
    slider.setPointerCapture(event.pointerId);
    const left = slider.getBoundingClientRect().left;
    const go = (x: number): void => {
      const { steps } = this.session;
      if (steps.length) this.player.goto(snapIndex(steps, axis, Math.min(1, Math.max(0, (x - left) / width))));
    };
    const move = (moved: PointerEvent): void => go(moved.clientX);
    const end = (): void => {
      slider.removeEventListener("pointermove", move);
      slider.removeEventListener("pointerup", end);
      slider.removeEventListener("pointercancel", end);
      // Its keys are the page's; a ring after the next key would only hide the line.
      slider.blur();
    };
    slider.addEventListener("pointermove", move);
    slider.addEventListener("pointerup", end);
    slider.addEventListener("pointercancel", end);
    go(event.clientX);
  }

  #wanted(): ReturnType<typeof wantedLosses> {
    return this.#summary?.source === "scalars" ? null : wantedLosses(this.session.runA, this.session.detailA);
  }

  #readSeries(): LossSeries | null {
    if (this.#losses.value !== this.#seriesOf) {
      this.#seriesOf = this.#losses.value;
      this.#series = lossSeries(this.#losses.value);
    }
    return this.#losses.query?.run === this.session.runA ? this.#series : null;
  }

  #lossPath(series: LossSeries, axis: TimeAxis, width: number, height: number): LossPath {
    const key = [series, axis.kind, axis.last, width, height];
    if (!this.#path || key.some((part, i) => part !== this.#pathOf[i])) {
      this.#pathOf = key;
      this.#path = lossPath(series, axis, width, height);
    }
    return this.#path;
  }

  /** 0 for a run of scalars alone: its steps are no updates, and there is nothing to walk along. */
  #last(): number {
    const summary = this.#summary;
    return summary?.source === "scalars" ? 0 : Math.max(summary?.last_step ?? 0, this.session.steps.at(-1) ?? 0);
  }

  get #summary(): RunSummary | undefined {
    const { session } = this;
    return session.runs?.runs.find((run) => run.name === session.runA);
  }

  /** The epoch of the step's batch, counted from 1 as Keras prints it; the log counts from 0. */
  #epoch(series: LossSeries | null): number | null {
    const { step } = this.session;
    const epoch = series && step !== null ? series.epochs[rowAt(series, step)] : undefined;
    return epoch === undefined ? null : epoch + 1;
  }

  #measure(): void {
    this.width = this.renderRoot.querySelector(".axis")?.clientWidth ?? 0;
    this.height = this.clientHeight;
  }
}

/** "step 40", "steps 40 to 48 (3)": those that one mark stands for. */
function stepsInWords(first: number, more: readonly number[]): string {
  return more.length ? `steps ${first} to ${more.at(-1)} (${more.length + 1})` : `step ${first}`;
}

function wantedLosses(run: string | null, detail: Scrubber["session"]["detailA"]) {
  if (run === null || !detail || !hasKind(detail, "losses")) return null;
  return { run, kind: "losses" as const, columns: ["loss", "epoch"], points: POINTS, at: detail.last_wall_time };
}

/** Where the axis starts and ends inside the scrubber's middle: the theme's --axis-left and --axis-right. */
function gutters(element: Element): [left: number, right: number] {
  const style = getComputedStyle(element);
  const pixels = (name: string): number => Number.parseFloat(style.getPropertyValue(name)) || 0;
  return [pixels("--axis-left"), pixels("--axis-right")];
}

/** The step's own loss, or the nearest earlier one that is there, and where that is. */
function lossText(series: LossSeries, step: number): string {
  const row = rowAt(series, step);
  const at = series.steps[row] as number;
  const text = `batch loss ${formatNumber(series.loss[row] as number, { digits: 3 })}`;
  return Math.abs(at - step) > 1 ? `${text} at ${at}` : text;
}

customElements.define("cnn-scrubber", Scrubber);
