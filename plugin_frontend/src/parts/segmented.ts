import { css, html, LitElement } from "lit";
import { base, controls } from "./styles.ts";

export interface Option {
  readonly value: string;
  readonly label: string;
  /** Why it cannot be chosen now; shown as its title. */
  readonly disabled?: string | undefined;
}

/** A choice of a few, all of them visible. Fires `change` with the value as `detail`. */
export class Segmented extends LitElement {
  static override properties = { options: { attribute: false }, value: {}, label: {} };
  declare options: readonly Option[];
  declare value: string;
  /** What is chosen, for those who cannot see it. */
  declare label: string;

  constructor() {
    super();
    this.options = [];
    this.value = "";
    this.label = "";
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-flex;
      }
      div {
        display: inline-flex;
        border: 1px solid var(--line-strong);
        border-radius: var(--r2);
      }
      button {
        border: 0;
        border-radius: 0;
        height: 24px;
        background: var(--raise);
      }
      button + button {
        border-left: 1px solid var(--line);
      }
      button:first-child {
        border-radius: 3px 0 0 3px;
      }
      button:last-child {
        border-radius: 0 3px 3px 0;
      }
      button[aria-checked="true"],
      button[aria-checked="true"]:hover {
        background: var(--ink);
        color: var(--page);
      }
    `,
  ];

  override render(): unknown {
    return html`<div role="radiogroup" aria-label=${this.label} @keydown=${this.#key}>
      ${this.options.map(
        (option) =>
          html`<button
            role="radio"
            aria-checked=${option.value === this.value}
            tabindex=${option.value === this.value ? 0 : -1}
            ?disabled=${option.disabled !== undefined}
            title=${option.disabled ?? ""}
            @click=${() => this.#choose(option.value)}
          >
            ${option.label}
          </button>`,
      )}
    </div>`;
  }

  #choose(value: string): void {
    if (value !== this.value) this.dispatchEvent(new CustomEvent("change", { detail: value }));
  }

  #key(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const open = this.options.filter((option) => option.disabled === undefined);
    const at = open.findIndex((option) => option.value === this.value);
    const next = open[(at + by + open.length) % open.length];
    if (!next) return;
    this.#choose(next.value);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-checked="true"]')?.focus());
  }
}

customElements.define("cnn-segmented", Segmented);
