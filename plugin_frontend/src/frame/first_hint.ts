import { css, html, LitElement, nothing } from "lit";
import { base, controls } from "../parts/styles.ts";

const KEY = "cnnviz.hints-read";
const MOST = 1000;

/** One sentence above a view that is seen for the first time: what to look for. Read once, it does not come back. */
export class FirstHint extends LitElement {
  static override properties = { view: {}, what: {}, text: {} };
  declare view: string;
  declare what: string;
  declare text: string;

  constructor() {
    super();
    this.view = this.what = this.text = "";
  }

  static override styles = [
    base,
    controls,
    css`
      p {
        display: flex;
        align-items: baseline;
        gap: var(--s2);
        padding: var(--s1) var(--s4);
        border-bottom: 1px solid var(--line);
        background: var(--panel);
        color: var(--ink-2);
      }
      /* 200 % zoom: two lines, the rest by scrolling. */
      @media (max-height: 480px) {
        p {
          max-height: 42px;
          overflow-y: auto;
        }
      }
      span {
        flex: 1;
        min-width: 0;
      }
    `,
  ];

  override render(): unknown {
    if (!this.text || read().includes(this.view)) return nothing;
    return html`<p role="note">
      <span><b>New here?</b> ${this.what} ${this.text}</span>
      <button class="link" @click=${this.#done}>Got it</button>
    </p>`;
  }

  #done(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify([...new Set([...read(), this.view])]));
    } catch {
      // Not remembered then: storage can be off.
    }
    this.text = "";
  }
}

/** Views whose hint was read. */
function read(): readonly string[] {
  try {
    const kept: unknown = JSON.parse((localStorage.getItem(KEY) ?? "[]").slice(0, MOST));
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

customElements.define("cnn-first-hint", FirstHint);
