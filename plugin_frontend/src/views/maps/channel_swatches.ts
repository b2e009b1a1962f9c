import { css, html, LitElement, nothing } from "lit";
import { base, controls } from "../../parts/styles.ts";
import { tabStop, walkButtons } from "../../parts/walk_buttons.ts";

export interface Swatch {
  readonly channel: number;
  /** CSS colour of its one value; null: it is dead, and crossed out. */
  readonly colour: string | null;
  readonly title: string;
}

/** Channels without a picture worth drawing, small in a row. Fires `channel-chosen`. */
export class ChannelSwatches extends LitElement {
  static override properties = {
    glyph: {},
    heading: {},
    note: {},
    bad: { type: Boolean },
    swatches: { attribute: false },
    chosen: { type: Number },
  };

  declare glyph: string;
  declare heading: string;
  declare note: string;
  declare bad: boolean;
  declare swatches: readonly Swatch[];
  declare chosen: number;

  constructor() {
    super();
    this.glyph = this.heading = this.note = "";
    this.bad = false;
    this.swatches = [];
    this.chosen = -1;
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        flex: none;
      }
      h2 {
        font-size: var(--t-xs);
        margin-bottom: var(--s1);
      }
      .bad {
        color: var(--bad);
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 5px;
        max-height: 104px;
        overflow-y: auto;
        padding: 3px;
        margin: -3px;
      }
      button {
        border: 0;
        background: none;
        padding: 0;
        width: 30px;
        height: auto;
        font: var(--t-xs) / 16px var(--font);
        color: var(--ink-3);
      }
      button:hover:not(:disabled) {
        background: none;
        color: var(--ink);
      }
      button span {
        display: block;
        height: 30px;
      }
      [aria-pressed="true"] {
        color: var(--here-ink);
        font-weight: var(--w-b);
      }
      [aria-pressed="true"] span {
        outline: 2px solid var(--here);
        outline-offset: 1px;
      }
      @media (max-height: 780px) {
        button span {
          height: 20px;
        }
        .row {
          max-height: 78px;
        }
      }
    `,
  ];

  override render(): unknown {
    if (this.swatches.length === 0) return nothing;
    const chosen = this.swatches.findIndex(({ channel }) => channel === this.chosen);
    return html`
      <h2>
        <b class=${this.bad ? "bad" : ""}>${this.glyph} ${this.heading}</b> <span class="quiet">${this.note}</span>
      </h2>
      <div class="row" @keydown=${walkButtons}>
        ${this.swatches.map(
          ({ channel, colour, title }, i) =>
            html`<button
              tabindex=${tabStop(i, chosen)}
              aria-pressed=${channel === this.chosen}
              aria-label="Channel ${channel}, ${title}"
              title=${title}
              @click=${() => this.dispatchEvent(new CustomEvent("channel-chosen", { detail: channel }))}
            >
              <span class=${colour === null ? "crossed" : ""} .style=${colour === null ? "" : `background:${colour}`}></span>
              ${channel}
            </button>`,
        )}
      </div>
    `;
  }
}

customElements.define("cnn-channel-swatches", ChannelSwatches);
