import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { classMap } from "lit/directives/class-map.js";
import { repeat } from "lit/directives/repeat.js";
import type { Rect } from "../../../canvas/grid_layout.ts";
import type { CellSum, Filter } from "../../../math/convolution.ts";
import { formatSigned } from "../../../math/format.ts";
import { base, controls } from "../../../parts/styles.ts";
import { walkButtons } from "../../../parts/walk_buttons.ts";
import type { Edit } from "./edits.ts";
import { parseWeight, LARGEST_WEIGHT } from "./edits.ts";
import type { Colouring } from "./map_picture.ts";
import { cellTile, cellTileStyles, weightTile, type TileCells } from "./cell_tile.ts";

/** A weight of the list: its channel counts within the filter. */
export interface WeightPlace {
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

export interface ProductsInput {
  readonly cell: CellSum;
  readonly filter: Filter;
  /** Channels of the filter in their order. */
  readonly order: ArrayLike<number>;
  readonly names: readonly string[];
  readonly window: Colouring;
  readonly kernel: Colouring;
  readonly product: Colouring;
  /** Weights that were changed by hand. */
  readonly edited: (place: WeightPlace) => boolean;
  /** The channel that is drawn large. */
  readonly chosen: number;
}

const ROW_GAP = 8;
/** Rows above and below those in sight that are drawn too. */
const SPARE = 1;

/**
 * Window × kernel = product for each input channel, and the sum. Only rows in sight are drawn. Fires `weight-hover`
 * {place or null}, `weight-edit` {place, value} and `channel-chosen` {channel}.
 */
export class Products extends LitElement {
  static override properties = {
    input: { attribute: false },
    cell: { type: Number },
    numbered: { type: Boolean },
    height: { type: Number },
    at: { attribute: false },
    sorted: {},
    top: { state: true },
    complaint: { state: true },
  };
  declare input: ProductsInput | null;
  /** CSS pixels a weight. */
  declare cell: number;
  declare numbered: boolean;
  /** CSS pixels that the list may be high. */
  declare height: number;
  /** The weight under the cursor. */
  declare at: WeightPlace | null;
  /** What the channels are sorted by, and of which filter they are: at another one the list begins at its top. */
  declare sorted: string;
  declare top: number;
  declare complaint: string;
  /** The channel whose weight was changed last: it stays in sight when its share gives it another place. */
  #edited: number | null = null;

  constructor() {
    super();
    this.input = this.at = null;
    this.cell = this.height = this.top = 0;
    this.numbered = false;
    this.complaint = this.sorted = "";
  }

  static override styles = [
    base,
    controls,
    cellTileStyles,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .scroll {
        overflow: hidden auto;
        position: relative;
        scrollbar-width: thin;
      }
      .row {
        display: grid;
        align-items: center;
        justify-content: center;
        position: absolute;
        left: 0;
        right: 0;
      }
      .heads {
        position: static;
        margin-bottom: var(--s2);
        text-align: center;
      }
      .label {
        text-align: right;
        padding: 0 6px 0 0;
        color: var(--ink-2);
        font-size: var(--t-xs);
      }
      button.label {
        border: 0;
        background: none;
        height: auto;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      button.label[aria-pressed="true"] {
        color: var(--ink);
        font-weight: var(--w-b);
      }
      .sign {
        text-align: center;
        color: var(--ink-3);
      }
      .sum {
        padding-left: 6px;
        font-size: var(--t-m);
        font-weight: var(--w-b);
        white-space: nowrap;
      }
      .complaint {
        color: var(--bad);
        margin: var(--s1) 0 0;
      }
    `,
  ];

  get #pitch(): number {
    return (this.input?.filter.rows ?? 1) * this.cell + ROW_GAP;
  }

  override render(): unknown {
    const { input } = this;
    if (!input || !(this.cell > 0)) return nothing;
    const { order, filter } = input;
    const pitch = this.#pitch;
    const tile = filter.columns * this.cell;
    const columns = `grid-template-columns: 66px ${tile}px 17px ${tile}px 17px ${tile}px 66px`;
    const whole = order.length * pitch;
    const height = Math.min(whole, Math.max(pitch, this.height));
    const top = Math.min(this.top, Math.max(0, whole - height));
    const first = Math.max(0, Math.floor(top / pitch) - SPARE);
    const count = Math.min(order.length - first, Math.ceil(height / pitch) + 1 + 2 * SPARE);
    const rows = Array.from({ length: count }, (_, i) => first + i);
    // One Tab stop for all names, and one for the weights of that row: the chosen one, or the first in sight.
    const stop = rows.find((place) => order[place] === input.chosen) ?? first;
    return html`
      <div class="row heads" style=${columns}><span></span><b>window</b><span></span><b>kernel</b><span></span><b>product</b><b class="sum">sum</b></div>
      <div class="scroll" .style=${`height:${height}px`} @scroll=${(event: Event) => (this.top = (event.currentTarget as HTMLElement).scrollTop)}
        @pointerleave=${() => this.#hover(null)} @keydown=${walkNames}>
        <div .style=${`height:${whole - ROW_GAP}px`}></div>
        ${repeat(
          rows,
          (place) => order[place],
          (place) => this.#row(input, order[place]!, `${columns};top:${place * pitch}px`, place === stop),
        )}
      </div>
      ${this.complaint ? html`<p class="complaint" role="alert">${this.complaint}</p>` : nothing}
    `;
  }

  #row(input: ProductsInput, channel: number, style: string, isStop: boolean): unknown {
    const { cell, filter, names } = input;
    const size = filter.rows * filter.columns;
    const part = <T extends Float32Array | Float64Array>(values: T): T =>
      values.subarray(channel * size, (channel + 1) * size) as T;
    const cells: TileCells = {
      rows: filter.rows,
      columns: filter.columns,
      cell: this.cell,
      numbered: this.numbered,
      at: this.at?.channel === channel ? this.at : null,
      hover: (row, column) => this.#hover({ channel, row, column }),
    };
    const name = names[channel] ?? String(channel);
    return html`<div class="row" data-channel=${channel} style=${style}>
      <button class="label" title=${`draw ${name} as the input`} aria-pressed=${channel === input.chosen} tabindex=${isStop ? 0 : -1}
        @click=${() => this.dispatchEvent(new CustomEvent("channel-chosen", { detail: channel }))}>${name}</button>
      ${cellTile("window", part(cell.window), input.window, cells, cell.inside)}
      <span class="sign">×</span>
      ${
        this.numbered
          ? weightTile(part(filter.weights), input.kernel, cells, {
              label: (row, column) => `weight ${name}, row ${row}, column ${column}`,
              isStop,
              edited: (row, column) => input.edited({ channel, row, column }),
              change: (row, column, field) => this.#edit({ channel, row, column }, field),
            })
          : cellTile("kernel", part(filter.weights), input.kernel, cells, null)
      }
      <span class="sign">=</span>
      ${cellTile("product", part(cell.products), input.product, cells, cell.inside)}
      <span class=${classMap({ sum: true })}>${formatSigned(cell.sums[channel]!, 3)}</span>
    </div>`;
  }

  #hover(detail: WeightPlace | null): void {
    this.dispatchEvent(new CustomEvent("weight-hover", { detail }));
  }

  /** False where what was written is no weight: then it is said, and the old one stays. */
  #edit(place: WeightPlace, field: HTMLInputElement): boolean {
    const value = parseWeight(field.value);
    this.complaint =
      value === null
        ? `“${field.value.slice(0, 40)}” is no weight: a number between −${LARGEST_WEIGHT.toLocaleString("en")} and ${LARGEST_WEIGHT.toLocaleString("en")} is. The weight stays as it was.`
        : "";
    if (value === null) return false;
    const { filter } = this.input!;
    const detail: Edit = { ...place, value };
    const now = filter.weights[(place.channel * filter.rows + place.row) * filter.columns + place.column];
    if (value === now) return true;
    this.#edited = place.channel;
    this.dispatchEvent(new CustomEvent("weight-edit", { detail }));
    return true;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("sorted")) this.complaint = "";
  }

  protected override updated(changed: PropertyValues): void {
    const scroll = this.renderRoot.querySelector(".scroll");
    if (changed.has("sorted") && scroll) scroll.scrollTop = 0;
    if (this.#edited === null || !changed.has("input")) return;
    const top = Array.from(this.input?.order ?? []).indexOf(this.#edited) * this.#pitch;
    this.#edited = null;
    if (!scroll || top < 0) return;
    if (top < scroll.scrollTop || top + this.#pitch > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top;
  }

  /** The client rectangle of a cell of a row in sight. */
  cellRect(part: "window" | "kernel" | "product", { channel, row, column }: WeightPlace): Rect | null {
    const tile = this.renderRoot.querySelector(`[data-channel="${channel}"] .${part}`)?.getBoundingClientRect();
    const filter = this.input?.filter;
    if (!tile || !filter) return null;
    const [width, height] = [tile.width / filter.columns, tile.height / filter.rows];
    return { x: tile.left + column * width, y: tile.top + row * height, width, height };
  }
}

/** Arrow keys go from name to name; those inside a tile are its own. */
function walkNames(event: KeyboardEvent): void {
  if ((event.target as HTMLElement).matches("button.label")) walkButtons(event);
}

customElements.define("cnn-lab-products", Products);
