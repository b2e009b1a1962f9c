import { css, html, nothing } from "lit";
import { base, controls } from "../parts/styles.ts";
import { liveStatus } from "../state/liveness.ts";
import { SessionElement } from "../state/session_element.ts";

export type FrameCommand = "link" | "png" | "svg" | "csv" | "keys";

/** The row of views, and what can be done with the current one. Fires `command` with a FrameCommand as `detail`. */
export class Tabs extends SessionElement {
  static override properties = {
    ...SessionElement.properties,
    png: { type: Boolean },
    svg: { type: Boolean },
    csv: { type: Boolean },
    said: {},
    now: { state: true },
  };
  /** Whether the current view has a picture, a chart, or numbers, to save. */
  declare png: boolean;
  declare svg: boolean;
  declare csv: boolean;
  /** What the last command did, for a moment. */
  declare said: string;
  declare now: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.png = this.svg = this.csv = false;
    this.said = "";
    this.now = Date.now();
  }

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding: 0 var(--s4) 0 0;
        border-bottom: 1px solid var(--line);
        min-width: 0;
      }
      [role="tablist"] {
        display: flex;
        align-self: stretch;
        padding-left: 12px;
        min-width: 0;
        overflow: auto hidden;
        scrollbar-width: none;
        flex: 1 0 auto;
        max-width: 60%;
      }
      [role="tab"] {
        all: unset;
        padding: 0 12px;
        font-size: var(--t-m);
        color: var(--ink-2);
        cursor: pointer;
        box-shadow: none;
      }
      [role="tab"]:hover {
        color: var(--ink);
        background: none !important;
      }
      [role="tab"]:focus-visible {
        outline: 2px solid var(--focus);
        outline-offset: -3px;
        border-radius: var(--r2);
      }
      [role="tab"][aria-selected="true"] {
        color: var(--ink);
        font-weight: var(--w-b);
        box-shadow: inset 0 -2px var(--ink);
      }
      /* As wide bold as not, so that tabs do not move. */
      [role="tab"]::after {
        content: attr(data-title);
        display: block;
        height: 0;
        overflow: hidden;
        visibility: hidden;
        font-weight: var(--w-b);
      }
      [role="tab"] {
        display: inline-flex;
        flex-direction: column;
        justify-content: center;
      }
      .status {
        flex: 1 1 0;
        min-width: 0;
        text-align: right;
        font-size: var(--t-xs);
        color: var(--ink-2);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .status.bad {
        color: var(--bad);
      }
      button {
        flex: none;
      }
      .keys {
        width: 26px;
        padding: 0;
      }
      @media (max-width: 900px) {
        .long {
          display: none;
        }
        [role="tablist"] {
          flex: 1 1 0;
          max-width: none;
          padding-left: 4px;
        }
        [role="tab"] {
          padding: 0 8px;
        }
        .status {
          display: none;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => (this.now = Date.now()), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render(): unknown {
    const { session } = this;
    const views = session.views;
    return html`
      <div role="tablist" aria-label="Views" @keydown=${this.#key}>
        ${views.map(
          (view) =>
            html`<button
              role="tab"
              data-title=${view.title}
              aria-selected=${view.id === session.view?.id}
              tabindex=${view.id === session.view?.id ? 0 : -1}
              title=${`${view.title} (${view.key}). ${view.what}`}
              @click=${() => session.set({ view: view.id })}
            >
              ${view.title}
            </button>`,
        )}
      </div>
      ${this.#status()}
      <button title="Copy a link to exactly this (U)" @click=${() => this.#fire("link")}><span class="long">Copy </span>link</button>
      <button title=${this.png ? "Save the picture (S)" : "This view has no picture now"} ?disabled=${!this.png}
        @click=${() => this.#fire("png")}><span class="long">Save </span>PNG</button>
      ${
        this.svg
          ? html`<button title="Save the chart (V)" @click=${() => this.#fire("svg")}><span class="long">Save </span>SVG</button>`
          : nothing
      }
      <button title=${this.csv ? "Save the numbers (C)" : "This view has no table now"} ?disabled=${!this.csv}
        @click=${() => this.#fire("csv")}><span class="long">Save </span>CSV</button>
      <button class="keys" aria-label="All keys" title="All keys (?)" @click=${() => this.#fire("keys")}>?</button>
    `;
  }

  #status(): unknown {
    const { session } = this;
    if (this.said) return html`<span class="status" role="status">${this.said}</span>`;
    if (session.offline)
      return html`<span class="status bad" title=${session.offline.reason}>! ${session.offline.reason}</span>`;
    const run = session.runs?.runs.find((each) => each.name === session.runA);
    if (!run) return html`<span class="status">${nothing}</span>`;
    const when = new Date(run.last_wall_time * 1000).toLocaleString();
    return html`<span class="status" title=${`Last record: ${when}`}
      >${liveStatus(run.last_wall_time, session.readAt, Math.max(this.now, session.readAt))}</span
    >`;
  }

  #fire(command: FrameCommand): void {
    this.dispatchEvent(new CustomEvent<FrameCommand>("command", { detail: command }));
  }

  #key(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    const { session } = this;
    const at = session.views.findIndex((view) => view.id === session.view?.id);
    const next = session.views[(at + by + session.views.length) % session.views.length];
    if (!next) return;
    session.set({ view: next.id });
    event.preventDefault();
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  }
}

customElements.define("cnn-tabs", Tabs);
