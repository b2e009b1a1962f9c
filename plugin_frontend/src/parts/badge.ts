import { css, html, LitElement } from "lit";
import { base } from "./styles.ts";

/** What a number is, in a word or two: "probe", "exact", "before clipping". */
export class Badge extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-block;
        font-size: var(--t-xs);
        line-height: 14px;
        padding: 0 var(--s1);
        border-radius: var(--r1);
        background: var(--sunken);
        color: var(--ink);
      }
    `,
  ];

  override render(): unknown {
    return html`<slot></slot>`;
  }
}

customElements.define("cnn-badge", Badge);
