import { css, html, nothing } from "lit";
import { formatCount } from "../../math/format.ts";
import { base, controls } from "../../parts/styles.ts";
import type { Option } from "../../parts/segmented.ts";
import { nearestStep, ticksOf } from "../../state/selectors.ts";
import { SessionElement } from "../../state/session_element.ts";
import "../../parts/segmented.ts";

const AXES: readonly Option[] = [
  { value: "log", label: "log" },
  { value: "linear", label: "linear" },
];

/** The step as a number that can be typed, what was logged, and the axis. */
export class StepFields extends SessionElement {
  static override properties = { ...SessionElement.properties, last: { type: Number }, epoch: { type: Number } };
  declare last: number;
  declare epoch: number | null;

  constructor() {
    super();
    this.last = 0;
    this.epoch = null;
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        align-content: center;
        gap: var(--s1);
        padding: 0 var(--s4);
        font-size: var(--t-xs);
        color: var(--ink-2);
        white-space: nowrap;
      }
      div {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-width: 0;
      }
      .grow {
        flex: 1;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      input {
        width: 64px;
        text-align: right;
        font-size: var(--t-l);
        font-weight: var(--w-b);
        color: var(--here-ink);
      }
      cnn-segmented {
        font-size: var(--t-xs);
      }
      @media (max-width: 1360px) {
        :host {
          padding: 0 var(--s2);
        }
        div {
          gap: var(--s1);
        }
        input {
          width: 56px;
          padding: 0 var(--s1);
        }
      }
    `,
  ];

  override render(): unknown {
    const { session } = this;
    const { step, steps } = session;
    const kept = steps.length - this.#damaged();
    return html`
      <div>
        <label for="step">step</label>
        <input
          id="step"
          inputmode="numeric"
          autocomplete="off"
          maxlength="15"
          ?disabled=${step === null}
          .value=${step === null ? "" : String(step)}
          @change=${this.#typed}
        />
        <span class="grow" title=${this.#lastTitle()}
          >of ${formatCount(this.last)}${this.epoch === null ? nothing : html`, epoch ${formatCount(this.epoch)}`}</span
        >
      </div>
      <div>
        <span class="grow" title="Steps of this layer in the log, and those of them that can be read"
          >${formatCount(steps.length)} logged, ${formatCount(kept)} kept</span
        >
        <cnn-segmented
          label="Time axis"
          .options=${AXES}
          .value=${session.state.axis}
          @change=${(event: CustomEvent<"log" | "linear">) => session.set({ axis: event.detail })}
        ></cnn-segmented>
      </div>
    `;
  }

  #damaged(): number {
    const { session } = this;
    if (!session.view) return 0;
    const kind = ticksOf(session.detailA, session.view);
    return session.unreadable(session.runA, kind, session.layer?.path ?? null).size;
  }

  #lastTitle(): string {
    return this.session.state.step === "last"
      ? "Follows the run's last step"
      : "Press End to follow the run's last step";
  }

  /** The logged step nearest to the number typed. */
  #typed(event: Event): void {
    const input = event.target as HTMLInputElement;
    const wish = Number(input.value.replaceAll(/[\s,]/g, ""));
    const { session } = this;
    const step = Number.isFinite(wish) ? nearestStep(session.steps, wish) : session.step;
    if (step !== null) {
      session.set({ step: step === session.steps.at(-1) ? "last" : step });
      if (step !== wish) session.announce(`nearest logged step: ${step}`);
    }
    input.value = step === null ? "" : String(step);
  }
}

customElements.define("cnn-step-fields", StepFields);
