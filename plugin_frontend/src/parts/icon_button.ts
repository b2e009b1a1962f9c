import { css, html, LitElement, nothing, svg, type SVGTemplateResult } from "lit";
import { base, controls } from "./styles.ts";

/** Pictures of 16 × 16, filled with the ink. */
const ICONS: Readonly<Record<string, SVGTemplateResult>> = {
  first: svg`<path d="M3 3h2v10H3zM13 3v10L6 8z"/>`,
  back: svg`<path d="M11 3v10L5 8z"/>`,
  play: svg`<path d="M4 2.5v11L13 8z"/>`,
  pause: svg`<path d="M4 3h3v10H4zM9 3h3v10H9z"/>`,
  next: svg`<path d="M5 3v10l6-5z"/>`,
  last: svg`<path d="M3 3v10l7-5zM11 3h2v10h-2z"/>`,
  close: svg`<path d="M3.3 4.7 4.7 3.3 8 6.6l3.3-3.3 1.4 1.4L9.4 8l3.3 3.3-1.4 1.4L8 9.4l-3.3 3.3-1.4-1.4L6.6 8z"/>`,
  runs: svg`<path d="M2 3h12v2H2zM2 7h12v2H2zM2 11h12v2H2z"/>`,
};

/** A button that is a picture; `label` is its name and title. */
export class IconButton extends LitElement {
  static override properties = {
    icon: {},
    label: {},
    disabled: { type: Boolean },
    framed: { type: Boolean, reflect: true },
    pressed: { attribute: false },
  };
  declare icon: string;
  declare label: string;
  declare disabled: boolean;
  declare framed: boolean;
  /** For a button that is on or off; null for one that acts. */
  declare pressed: boolean | null;

  constructor() {
    super();
    this.icon = this.label = "";
    this.disabled = this.framed = false;
    this.pressed = null;
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-flex;
      }
      button {
        display: grid;
        place-items: center;
        width: 28px;
        height: 28px;
        padding: 0;
        border-color: transparent;
        background: none;
      }
      button:disabled {
        border-color: transparent;
      }
      :host([framed]) button {
        width: 34px;
        border-color: var(--line-strong);
        background: var(--raise);
      }
      svg {
        width: 16px;
        height: 16px;
        fill: currentColor;
      }
    `,
  ];

  override render(): unknown {
    return html`<button
      aria-label=${this.label}
      title=${this.label}
      aria-pressed=${this.pressed === null ? nothing : this.pressed}
      ?disabled=${this.disabled}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[this.icon]}</svg>
    </button>`;
  }
}

customElements.define("cnn-icon-button", IconButton);
