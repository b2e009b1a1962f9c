import { css, html, LitElement, nothing } from "lit";
import { base } from "./styles.ts";

/** A thin bar; `value` is the share done, or null where nobody knows. `text` stands beside it. */
export class LoadingBar extends LitElement {
  static override properties = { value: { type: Number }, text: {} };
  declare value: number | null;
  declare text: string;

  constructor() {
    super();
    this.value = null;
    this.text = "";
  }

  static override styles = [
    base,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: var(--s3);
        font-size: var(--t-xs);
        color: var(--ink-2);
      }
      .track {
        flex: 1;
        height: 3px;
        background: var(--line);
        overflow: hidden;
      }
      .bar {
        height: 100%;
        background: var(--ink-2);
      }
      .unknown {
        width: 25%;
        animation: slide 1.2s linear infinite;
      }
      @keyframes slide {
        from {
          transform: translateX(-100%);
        }
        to {
          transform: translateX(400%);
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .unknown {
          width: 100%;
          animation: none;
          opacity: 0.5;
        }
      }
      span {
        background: var(--page);
        padding: 0 var(--s1);
      }
    `,
  ];

  override render(): unknown {
    const share = this.value === null ? null : Math.min(1, Math.max(0, this.value));
    return html`
      <div class="track" role="progressbar" aria-label="Loading" aria-valuenow=${share === null ? nothing : share * 100}>
        ${
          share === null
            ? html`<div class="bar unknown"></div>`
            : html`<div class="bar" .style=${`width:${share * 100}%`}></div>`
        }
      </div>
      ${this.text ? html`<span>${this.text}</span>` : nothing}
    `;
  }
}

customElements.define("cnn-loading-bar", LoadingBar);
