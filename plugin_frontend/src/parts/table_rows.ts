import { css, html, LitElement, nothing } from "lit";
import { base } from "./styles.ts";

/** A row, or "line" for a hairline between two groups. */
export type TableRow = readonly [name: string, value: string] | "line";

/** Names left, values right, under a heading. */
export class TableRows extends LitElement {
  static override properties = { heading: {}, note: {}, rows: { attribute: false } };
  declare heading: string;
  /** Quiet words after the heading. */
  declare note: string;
  declare rows: readonly TableRow[];

  constructor() {
    super();
    this.heading = "";
    this.note = "";
    this.rows = [];
  }

  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--s1) var(--s3);
        margin: var(--s1) 0 0;
      }
      dt {
        color: var(--ink-2);
      }
      dd {
        margin: 0;
        text-align: right;
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
      }
      .lined {
        border-top: 1px solid var(--line);
        padding-top: var(--s1);
      }
      /* The line runs through the gap between the columns. */
      dt.lined {
        margin-right: calc(-1 * var(--s3));
      }
    `,
  ];

  override render(): unknown {
    return html`
      ${this.heading ? html`<h2><b><bdi>${this.heading}</bdi></b> <span class="quiet">${this.note}</span></h2>` : nothing}
      <dl>
        ${this.rows.map((row, i) => {
          if (row === "line") return nothing;
          const lined = this.rows[i - 1] === "line" ? "lined" : "";
          return html`<dt class=${lined}>${row[0]}</dt><dd class=${lined}>${row[1]}</dd>`;
        })}
      </dl>
    `;
  }
}

customElements.define("cnn-table-rows", TableRows);
