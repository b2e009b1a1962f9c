import { css, html, LitElement, nothing, svg } from "lit";
import type { ColourMap } from "../math/colour_maps.ts";
import { base } from "./styles.ts";

export interface BarLabel {
  /** Where on the ramp: 0 left, 1 right. */
  readonly at: number;
  /** With ≤ or ≥ where the end clips. */
  readonly text: string;
}

/**
 * The legend of a colour: distribution above, ramp, numbers below, and a sentence that says what the bars count and
 * whether the ends clip. While a picture loads, keep the last properties, so that colours do not jump.
 */
export class ColourBar extends LitElement {
  static override properties = {
    heading: {},
    note: {},
    map: { attribute: false },
    counts: { attribute: false },
    labels: { attribute: false },
    sentence: {},
    mark: { type: Number },
  };

  declare heading: string;
  declare note: string;
  declare map: ColourMap | null;
  /** How many values lie in each of equal parts of the ramp; empty: no bars. */
  declare counts: readonly number[];
  declare labels: readonly BarLabel[];
  declare sentence: string;
  /** Where the value under the cursor is, 0 to 1; null: nowhere. */
  declare mark: number | null;

  constructor() {
    super();
    this.heading = this.note = this.sentence = "";
    this.map = null;
    this.counts = [];
    this.labels = [];
    this.mark = null;
  }

  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      svg {
        display: block;
        width: 100%;
        height: 40px;
        margin-top: var(--s1);
        fill: var(--bars);
      }
      .ramp {
        position: relative;
        height: 12px;
      }
      .mark {
        position: absolute;
        top: -3px;
        bottom: -3px;
        width: 2px;
        margin-left: -1px;
        background: var(--here);
        box-shadow: 0 0 0 1px #fff;
      }
      .labels {
        position: relative;
        height: 16px;
        margin-top: 4px;
        font-size: var(--t-xs);
        color: var(--ink-2);
      }
      .labels span {
        position: absolute;
        white-space: nowrap;
        transform: translateX(-50%);
      }
      .labels span::before {
        content: "";
        position: absolute;
        left: 50%;
        top: -4px;
        height: 3px;
        border-left: 1px solid var(--line-strong);
      }
      .labels .left {
        transform: none;
      }
      .labels .left::before {
        left: 0;
      }
      .labels .right {
        transform: translateX(-100%);
      }
      .labels .right::before {
        left: calc(100% - 1px);
      }
      p {
        font-size: var(--t-xs);
        color: var(--ink-2);
        margin-top: var(--s1);
      }
    `,
  ];

  override render(): unknown {
    return html`
      <h2><b>${this.heading}</b> <span class="quiet">${this.note}</span></h2>
      ${this.counts.length ? this.#bars() : nothing}
      <div class="ramp" .style=${`background:${this.map ? gradientOf(this.map) : "var(--sunken)"}`}>
        ${this.mark === null ? nothing : html`<div class="mark" .style=${`left:${clamp(this.mark) * 100}%`}></div>`}
      </div>
      <div class="labels">${this.labels.map(
        ({ at, text }) =>
          html`<span class=${at <= 0 ? "left" : at >= 1 ? "right" : ""} .style=${`left:${clamp(at) * 100}%`}>${text}</span>`,
      )}</div>
      ${this.sentence ? html`<p>${this.sentence}</p>` : nothing}
    `;
  }

  #bars(): unknown {
    const most = Math.max(1, ...this.counts);
    const gap = this.counts.length <= 128 ? 0.15 : 0;
    return html`<svg viewBox="0 0 ${this.counts.length} 1" preserveAspectRatio="none" aria-hidden="true">
      ${this.counts.map((count, i) => {
        // A bar that counts anything can be seen.
        const height = count > 0 ? Math.max(0.025, count / most) : 0;
        return svg`<rect x=${i} y=${1 - height} width=${1 - gap} height=${height}></rect>`;
      })}
    </svg>`;
  }
}

const gradients = new Map<ColourMap, string>();

/** The ramp as CSS: 64 hard enough stops, the same colours that the cells have. */
export function gradientOf(map: ColourMap): string {
  let gradient = gradients.get(map);
  if (gradient === undefined) {
    const stops = Array.from({ length: 64 }, (_, i) => {
      const entry = Math.round((i / 63) * 255);
      return `#${map.rgb.slice(6 * entry, 6 * entry + 6)}`;
    });
    gradient = `linear-gradient(to right,${stops.join(",")})`;
    gradients.set(map, gradient);
  }
  return gradient;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
}

customElements.define("cnn-colour-bar", ColourBar);
