import { css, html, LitElement, nothing } from "lit";
import { base, controls } from "./styles.ts";

const KEY = "cnnviz.how-to-read";

/** Two sentences for a student. Closed once, they stay closed in all views; a link brings them back. */
export class HowToRead extends LitElement {
  static override properties = { text: {}, open: { state: true } };
  declare text: string;
  declare open: boolean;

  constructor() {
    super();
    this.text = "";
    this.open = remembered() !== "closed";
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        border-top: 1px solid var(--line);
        padding: var(--s3) 0;
        color: var(--ink-2);
        position: relative;
        line-height: 1.5;
      }
      b {
        color: var(--ink);
      }
      .close {
        position: absolute;
        top: var(--s2);
        right: calc(-1 * var(--s2));
        width: 24px;
        height: 24px;
        padding: 0;
        border-color: transparent;
        background: none;
        color: var(--ink-3);
      }
      p {
        padding-right: var(--s3);
      }
    `,
  ];

  override render(): unknown {
    if (!this.text) return nothing;
    if (!this.open) return html`<button class="link" @click=${() => this.#set(true)}>How to read</button>`;
    return html`
      <p><b>How to read.</b> ${this.text}</p>
      <button class="close" aria-label="Close How to read" title="Close" @click=${() => this.#set(false)}>×</button>
    `;
  }

  #set(open: boolean): void {
    this.open = open;
    try {
      localStorage.setItem(KEY, open ? "open" : "closed");
    } catch {
      // Not remembered then: storage can be off.
    }
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

customElements.define("cnn-how-to-read", HowToRead);
