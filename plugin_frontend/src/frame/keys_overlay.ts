import { css, html, LitElement, nothing } from "lit";
import { base, controls } from "../parts/styles.ts";
import type { ViewDefinition } from "../views/view.ts";
import { dialogStyles } from "./dialog_styles.ts";
import { Modal } from "./modal.ts";
import { KEYS } from "./keys.ts";

/** All keys, and the view's two sentences, which small windows have no room for elsewhere. */
export class KeysOverlay extends LitElement {
  static override properties = { view: { attribute: false } };
  declare view: ViewDefinition | null;

  constructor() {
    super();
    this.view = null;
  }

  static override styles = [
    base,
    controls,
    dialogStyles,
    css`
      h3 {
        font-weight: var(--w-b);
        margin-top: var(--s3);
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: var(--s1) var(--s4);
        margin: var(--s1) 0 0;
      }
      dd {
        margin: 0;
        color: var(--ink-2);
      }
      kbd {
        font: inherit;
        border: 1px solid var(--line-strong);
        border-radius: var(--r1);
        padding: 0 5px;
        margin-right: 3px;
        background: var(--panel);
      }
      p {
        color: var(--ink-2);
        margin-top: var(--s1);
      }
    `,
  ];

  readonly #modal = new Modal(this);

  show(): void {
    this.#modal.show();
  }

  get shown(): boolean {
    return this.#modal.shown;
  }

  close(): void {
    this.#modal.close();
  }

  override render(): unknown {
    return html`<dialog aria-label="All keys" @click=${this.#modal.closeOutside}>
      <header>
        <h2>Keys</h2>
        <button aria-label="Close" @click=${this.#modal.close}>Close</button>
      </header>
      ${list(KEYS)}
      ${
        this.view
          ? html`${this.view.keys?.length ? html`<h3>${this.view.title}</h3>${list(this.view.keys)}` : nothing}
            <h3>How to read ${this.view.title}</h3>
            <p>${this.view.what} ${this.view.howToRead}</p>`
          : nothing
      }
    </dialog>`;
  }
}

function list(keys: readonly (readonly [string, string])[]): unknown {
  return html`<dl>
    ${keys.map(
      ([key, meaning]) =>
        html`<dt>${key.split(" ").map((part) => (part === "–" ? " – " : html`<kbd>${part}</kbd>`))}</dt>
          <dd>${meaning}</dd>`,
    )}
  </dl>`;
}

customElements.define("cnn-keys-overlay", KeysOverlay);
