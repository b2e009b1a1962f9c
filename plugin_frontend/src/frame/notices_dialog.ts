import { css, html, LitElement, nothing } from "lit";
import { formatCount } from "../math/format.ts";
import { base, controls } from "../parts/styles.ts";
import type { Notice } from "../data/schema.ts";
import { dialogStyles } from "./dialog_styles.ts";
import { Modal } from "./modal.ts";

/** So many are listed; the sentence says of how many. */
const MOST = 500;

/** What could not be read of a run, or was given up while it was written: file, place, reason. */
export class NoticesDialog extends LitElement {
  static override properties = { run: {}, notices: { attribute: false } };
  declare run: string;
  declare notices: readonly Notice[] | null;

  constructor() {
    super();
    this.run = "";
    this.notices = null;
  }

  static override styles = [
    base,
    controls,
    dialogStyles,
    css`
      h2 {
        min-width: 0;
        margin-right: var(--s4);
      }
      table {
        border-collapse: collapse;
        width: 100%;
        margin-top: var(--s2);
      }
      th {
        text-align: left;
        font-weight: var(--w-r);
        color: var(--ink-3);
      }
      th,
      td {
        padding: var(--s1) var(--s3) var(--s1) 0;
        border-bottom: 1px solid var(--line);
        vertical-align: top;
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
      }
      .number {
        text-align: right;
        white-space: nowrap;
      }
    `,
  ];

  readonly #modal = new Modal(this);

  get shown(): boolean {
    return this.#modal.shown;
  }

  show(): void {
    this.#modal.show();
  }

  override render(): unknown {
    const all = this.notices ?? [];
    return html`<dialog aria-label="Notices" @click=${this.#modal.closeOutside}>
      <header>
        <h2 class="name">Notices of ${this.run}</h2>
        <button @click=${this.#modal.close}>Close</button>
      </header>
      ${
        this.notices === null
          ? html`<p>Reading the run.</p>`
          : html`<p>
            ${all.length === 0 ? "Nothing was lost or damaged." : "What was lost or damaged; everything else is intact."}
            ${all.length > MOST ? `The first ${MOST} of ${formatCount(all.length)}.` : nothing}
          </p>`
      }
      ${all.length > 0 ? this.#table(all.slice(0, MOST)) : nothing}
    </dialog>`;
  }

  #table(notices: readonly Notice[]): unknown {
    return html`<table>
      <thead>
        <tr>
          <th>file</th>
          <th class="number">byte</th>
          <th>reason</th>
        </tr>
      </thead>
      <tbody>
        ${notices.map(
          (notice) =>
            html`<tr>
              <td>${notice.file}</td>
              <td class="number">${formatCount(notice.offset)}</td>
              <td>${notice.reason}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

customElements.define("cnn-notices-dialog", NoticesDialog);
