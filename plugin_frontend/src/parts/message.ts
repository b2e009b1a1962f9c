import { css, html, LitElement, nothing } from "lit";
import { base, controls } from "./styles.ts";

/**
 * What stands in a view's place when it has no picture: an empty state (what is missing, the line of code that brings
 * it, what else is there) or an error (reason, what works, one button). Slot `actions`: buttons; default: more words.
 */
export class Message extends LitElement {
  static override properties = { heading: {}, text: {}, code: {}, more: {} };
  declare heading: string;
  declare text: string;
  declare code: string;
  declare more: string;

  constructor() {
    super();
    this.heading = this.text = this.code = this.more = "";
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        place-content: center;
        height: 100%;
        padding: var(--s5);
        overflow: auto;
        font-size: var(--t-m);
        color: var(--ink-2);
      }
      div {
        max-width: 420px;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      h2 {
        font-size: var(--t-l);
        font-weight: var(--w-b);
        color: var(--ink);
        unicode-bidi: isolate;
        max-height: 4.2em;
        overflow: hidden;
      }
      p {
        margin-top: var(--s1);
        line-height: 1.5;
      }
      pre {
        margin: var(--s3) 0;
        padding: var(--s2);
        border-radius: var(--r2);
        background: var(--sunken);
        color: var(--ink);
        font: var(--t-s) / 1.6 var(--mono);
        white-space: pre-wrap;
        user-select: all;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1);
        margin-top: var(--s3);
      }
    `,
  ];

  override render(): unknown {
    return html`<div role="status">
      <h2>${this.heading}</h2>
      ${this.text ? html`<p>${this.text}</p>` : nothing} ${this.code ? html`<pre>${this.code}</pre>` : nothing}
      ${this.more ? html`<p>${this.more}</p>` : nothing}
      <slot></slot>
      <div class="actions"><slot name="actions"></slot></div>
    </div>`;
  }
}

customElements.define("cnn-message", Message);
