import { css, html, LitElement, nothing } from "lit";
import { base, controls } from "../../parts/styles.ts";
import { tabStop, walkButtons } from "../../parts/walk_buttons.ts";

export interface UnitBar {
  readonly channel: number;
  readonly name: string;
  readonly values: readonly { readonly value: number; readonly text: string; readonly colour: string }[];
  /** "dead", "practically dead", or "" for one that lives. */
  readonly dead: string;
}

/** A layer without spatial axes: one bar a unit (two runs: two), with its number. Fires `channel-chosen`. */
export class UnitBars extends LitElement {
  static override properties = {
    units: { attribute: false },
    lo: { type: Number },
    hi: { type: Number },
    chosen: { type: Number },
  };

  declare units: readonly UnitBar[];
  /** The ends of the bars; zero is always between them. */
  declare lo: number;
  declare hi: number;
  declare chosen: number;

  constructor() {
    super();
    this.units = [];
    this.lo = 0;
    this.hi = 1;
    this.chosen = -1;
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        min-height: 0;
        overflow-y: auto;
        container-type: inline-size;
      }
      .units {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(196px, 1fr));
        gap: 1px var(--s4);
        padding: 2px;
      }
      button {
        display: grid;
        grid-template-columns: minmax(28px, auto) minmax(0, 1fr) 58px;
        align-items: center;
        gap: var(--s2);
        height: auto;
        min-height: 20px;
        border: 0;
        background: none;
        padding: 0 2px;
        text-align: left;
      }
      .label {
        max-width: 84px;
        color: var(--ink-2);
      }
      .bars {
        display: grid;
        gap: 1px;
      }
      .track {
        position: relative;
        height: 10px;
        background: var(--sunken);
      }
      .two .track {
        height: 7px;
      }
      .bar {
        position: absolute;
        top: 0;
        bottom: 0;
        box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--ink) 35%, transparent);
      }
      .zero {
        position: absolute;
        top: -2px;
        bottom: -2px;
        border-left: 1px solid var(--line-strong);
      }
      .numbers {
        text-align: right;
        font-size: var(--t-xs);
        line-height: 1.15;
      }
      [aria-pressed="true"] {
        outline: 2px solid var(--here);
      }
      [aria-pressed="true"] .label {
        color: var(--here-ink);
        font-weight: var(--w-b);
      }
    `,
  ];

  override render(): unknown {
    const chosen = this.units.findIndex((unit) => unit.channel === this.chosen);
    return html`<div class="units" @keydown=${walkButtons}>
      ${this.units.map(
        (unit, i) =>
          html`<button
            tabindex=${tabStop(i, chosen)}
            class=${unit.values.length > 1 ? "two" : ""}
            title=${unit.dead}
            aria-pressed=${unit.channel === this.chosen}
            @click=${() => this.dispatchEvent(new CustomEvent("channel-chosen", { detail: unit.channel }))}
          >
            <span class="label name" title=${unit.name}>${unit.name}</span>
            <span class="bars">${unit.values.map(({ value, colour }) => this.#bar(value, colour, unit.dead !== ""))}</span>
            <span class="numbers">${unit.values.map(({ text }) => html`<div>${text}</div>`)}</span>
          </button>`,
      )}
    </div>`;
  }

  #bar(value: number, colour: string, dead: boolean): unknown {
    const [lo, hi] = [Math.min(0, this.lo), Math.max(0, this.hi)];
    const at = (v: number): number => (hi > lo ? ((Math.min(hi, Math.max(lo, v)) - lo) / (hi - lo)) * 100 : 0);
    const shown = Number.isNaN(value) ? hi : value;
    const [from, to] = [Math.min(at(0), at(shown)), Math.max(at(0), at(shown))];
    return html`<span class="track ${dead ? "crossed" : ""}">
      <span class="bar" .style=${`left:${from}%;width:${to - from}%;background:${colour}`}></span>
      ${lo < 0 ? html`<span class="zero" .style=${`left:${at(0)}%`}></span>` : nothing}
    </span>`;
  }
}

customElements.define("cnn-unit-bars", UnitBars);
