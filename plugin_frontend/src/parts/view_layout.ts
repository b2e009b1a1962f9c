import { css, html, LitElement, nothing } from "lit";
import { base } from "./styles.ts";
import "./how_to_read.ts";
import "./loading_bar.ts";

/**
 * The shape of every view: a head with title and controls, the picture, and the legend column.
 *
 * Slots: `title`, `subtitle`, `controls` (several elements in a row), default (the picture, which fills the height and
 * scrolls only if it must), `legend` (scrolls). Attributes: `how` (the two sentences; the student can close them),
 * `busy` (a thin bar, the picture dimmed), `progress` (words beside the bar).
 */
export class ViewLayout extends LitElement {
  static override properties = { how: {}, busy: { type: Boolean, reflect: true }, progress: {} };

  declare how: string;
  declare busy: boolean;
  declare progress: string;

  constructor() {
    super();
    this.how = "";
    this.busy = false;
    this.progress = "";
  }

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template: var(--h-head) minmax(0, 1fr) / minmax(0, 1fr) var(--w-legend);
        height: 100%;
        min-height: 0;
      }
      header {
        grid-area: 1 / 1;
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding: 0 var(--s4);
        min-width: 0;
      }
      .title {
        display: flex;
        align-items: baseline;
        gap: var(--s2);
        /* The controls take what they need; a long name is cut before they are. */
        min-width: 140px;
        flex: 1 1 0;
        overflow: hidden;
        white-space: nowrap;
      }
      h1 {
        font-size: var(--t-l);
        font-weight: var(--w-b);
        max-width: 60%;
        flex: none;
      }
      .subtitle {
        font-size: var(--t-m);
        color: var(--ink-2);
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .controls {
        display: flex;
        align-items: center;
        gap: var(--s2) var(--s4);
        flex: 0 1 auto;
        min-width: 0;
        overflow-x: auto;
        scrollbar-width: none;
        padding: 3px;
        margin: -3px;
      }
      .controls ::slotted(*) {
        flex: none;
      }
      .body {
        grid-area: 2 / 1;
        position: relative;
        min-width: 0;
        min-height: 0;
        overflow: auto;
        padding: 0 var(--s4) var(--s3);
        transition: opacity var(--ease);
      }
      :host([busy]) .body {
        opacity: 0.55;
      }
      .loading {
        grid-area: 2 / 1;
        align-self: start;
        z-index: 1;
        /* In the head's empty edge: it must not strike through what stands first in the body. */
        margin: -9px var(--s4) 0;
        pointer-events: none;
      }
      aside {
        grid-area: 1 / 2 / 3 / 3;
        display: flex;
        flex-direction: column;
        min-height: 0;
        border-left: 1px solid var(--line);
      }
      .legend {
        flex: 1 1 auto;
        min-height: 0;
        overflow: hidden auto;
        padding: var(--s3) var(--s4);
        display: flex;
        flex-direction: column;
        gap: var(--s4);
      }
      .legend:focus-visible {
        outline: 2px solid var(--focus);
        outline-offset: -2px;
      }
      .legend ::slotted(*) {
        flex: none;
      }
      cnn-how-to-read {
        flex: none;
        margin: 0 var(--s4);
      }
      @media (max-height: 780px) {
        cnn-how-to-read {
          display: none;
        }
      }
      @media (max-width: 1360px) {
        .controls {
          column-gap: var(--s2);
        }
      }
      @media (max-width: 1000px) {
        header {
          flex-wrap: wrap;
          gap: 0 var(--s3);
          align-content: center;
          padding-top: 2px;
        }
        :host {
          grid-template-rows: auto minmax(0, 1fr);
        }
        header {
          min-height: var(--h-head);
          row-gap: var(--s1);
          padding-block: var(--s1) var(--s2);
        }
        .title {
          flex-basis: 100%;
        }
        .controls,
        .controls ::slotted(*) {
          flex-wrap: wrap;
        }
        .controls ::slotted(*) {
          flex: 0 1 auto;
        }
      }
      /* The key L, or a very narrow window, takes the legend away. */
      aside {
        container-type: inline-size;
      }
      @container (max-width: 40px) {
        .legend,
        cnn-how-to-read {
          display: none;
        }
      }
    `,
  ];

  override render(): unknown {
    return html`
      <header>
        <div class="title">
          <h1 class="name"><slot name="title"></slot></h1>
          <span class="subtitle"><slot name="subtitle"></slot></span>
        </div>
        <div class="controls"><slot name="controls"></slot></div>
      </header>
      ${this.busy ? html`<cnn-loading-bar class="loading" .text=${this.progress}></cnn-loading-bar>` : nothing}
      <div class="body" aria-busy=${this.busy}><slot></slot></div>
      <aside aria-label="Legend">
        <div class="legend" tabindex="0" role="group" aria-label="Legend"><slot name="legend"></slot></div>
        ${this.how ? html`<cnn-how-to-read .text=${this.how}></cnn-how-to-read>` : nothing}
      </aside>
    `;
  }
}

customElements.define("cnn-view-layout", ViewLayout);
