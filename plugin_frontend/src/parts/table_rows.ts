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
      hr {
        grid-column: 1 / -1;
        width: 100%;
        border: 0;
        border-top: 1px solid var(--line);
        margin: 0;
      }
    `,
  ];

  override render(): unknown {
    return html`
      ${this.heading ? html`<h2><b><bdi>${this.heading}</bdi></b> <span class="quiet">${this.note}</span></h2>` : nothing}
      <dl>
        ${this.rows.map((row) => (row === "line" ? html`<hr />` : html`<dt>${row[0]}</dt><dd>${row[1]}</dd>`))}
      </dl>
    `;
  }
}

customElements.define("cnn-table-rows", TableRows);
