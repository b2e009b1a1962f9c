import { css, html, LitElement, nothing } from "lit";
import type { Option } from "./segmented.ts";
import { base, controls } from "./styles.ts";

/** A choice from a list, with its name before it. Fires `change` with the value as `detail`. */
export class Select extends LitElement {
  static override properties = { options: { attribute: false }, value: {}, label: {}, name: {} };
  declare options: readonly Option[];
  declare value: string;
  declare label: string;
  /** What a screen reader says where there is no label to see. */
  declare name: string;
  #byPointer = false;

  constructor() {
    super();
    this.options = [];
    this.value = this.label = this.name = "";
  }

  static override styles = [
    base,
    controls,
    css`
      label {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        color: var(--ink-3);
      }
      select {
        max-width: 160px;
      }
    `,
  ];

  override render(): unknown {
    return html`<label
      >${this.label}<select
        aria-label=${this.name || nothing}
        @change=${this.#change}
        @pointerdown=${() => (this.#byPointer = true)}
        @keydown=${() => (this.#byPointer = false)}
      >
        ${this.options.map(
          (option) =>
            html`<option
              value=${option.value}
              ?selected=${option.value === this.value}
              ?disabled=${option.disabled !== undefined}
              title=${option.disabled ?? ""}
            >
              ${option.label}
            </option>`,
        )}
      </select></label
    >`;
  }

  /** Other options may have made the browser choose another one by itself. */
  protected override updated(): void {
    if (this.options.some(({ value }) => value === this.value))
      this.renderRoot.querySelector("select")!.value = this.value;
  }

  #change(event: Event): void {
    event.stopPropagation();
    // Chosen with the mouse, it gives its focus back: arrow keys then move the step again.
    if (this.#byPointer) (event.target as HTMLSelectElement).blur();
    this.dispatchEvent(new CustomEvent("change", { detail: (event.target as HTMLSelectElement).value }));
  }
}

customElements.define("cnn-select", Select);
