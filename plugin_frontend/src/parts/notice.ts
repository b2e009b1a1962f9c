import { css, html, LitElement, nothing } from "lit";
import { base } from "./styles.ts";

/** Something is stale or damaged while the picture stays. Default slot: links. */
export class NoticeBox extends LitElement {
  static override properties = { heading: {}, text: {} };
  declare heading: string;
  declare text: string;

  constructor() {
    super();
    this.heading = this.text = "";
  }

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: 22px minmax(0, 1fr);
        padding: var(--s2);
        border-radius: var(--r2);
        background: var(--warn-wash);
        color: var(--ink-2);
        overflow-wrap: anywhere;
      }
      .glyph,
      h3 {
        color: var(--warn);
        font-weight: var(--w-b);
      }
    `,
  ];

  override render(): unknown {
    return html`<span class="glyph" aria-hidden="true">!</span>
      <div role="note">
        <h3>${this.heading}</h3>
        ${this.text ? html`<p>${this.text}</p>` : nothing}
        <slot></slot>
      </div>`;
  }
}

customElements.define("cnn-notice", NoticeBox);
