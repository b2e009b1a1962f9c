import { css, html, LitElement } from "lit";
import { base, controls } from "./styles.ts";

/** A small whole number with − and + beside it, and its name before it. Fires `change` with the number as `detail`. */
export class Stepper extends LitElement {
  static override properties = {
    label: {},
    value: { type: Number },
    text: {},
    min: { type: Number },
    max: { type: Number },
  };
  declare label: string;
  declare value: number;
  /** What is written in place of the number, such as "3×2". */
  declare text: string;
  declare min: number;
  declare max: number;

  constructor() {
    super();
    this.label = this.text = "";
    this.value = this.min = 1;
    this.max = 9;
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        color: var(--ink-3);
      }
      div {
        display: inline-flex;
        border: 1px solid var(--line-strong);
        border-radius: var(--r2);
      }
      button {
        border: 0;
        height: 24px;
        width: 22px;
        padding: 0;
      }
      output {
        min-width: 26px;
        padding: 0 var(--s1);
        line-height: 24px;
        text-align: center;
        font-weight: var(--w-b);
        color: var(--ink);
        border: solid var(--line);
        border-width: 0 1px;
      }
    `,
  ];

  override render(): unknown {
    return html`${this.label}
      <div role="group" aria-label=${this.label}>
        <button aria-label="${this.label} smaller" ?disabled=${this.value <= this.min} @click=${() => this.#step(-1)}>−</button>
        <output>${this.text || this.value}</output>
        <button aria-label="${this.label} larger" ?disabled=${this.value >= this.max} @click=${() => this.#step(1)}>+</button>
      </div>`;
  }

  #step(by: number): void {
    const detail = Math.min(this.max, Math.max(this.min, this.value + by));
    this.dispatchEvent(new CustomEvent("change", { detail }));
  }
}

customElements.define("cnn-stepper", Stepper);
