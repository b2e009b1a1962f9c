import { html, LitElement, nothing, svg, type PropertyValues } from "lit";
import type { Picture } from "../../parts/picture.ts";
import "../../parts/picture.ts";
import "../../canvas/grid_element.ts";
import type { GridElement, GridHover } from "../../canvas/grid_element.ts";
import type { GridScene } from "../../canvas/grid_scene.ts";
import { imageWindow, imageWindowStyles } from "../../parts/image_window.ts";
import { base, controls } from "../../parts/styles.ts";
import { columnSizes, PAIR_GAP, type ColumnSizes } from "./column_sizes.ts";
import { imageColumnStyles } from "./image_column_styles.ts";
import { mapPainter, type Mark } from "./map_painter.ts";

/** A map drawn large below the image. */
export interface LargeMap {
  readonly key: "map" | "input" | "b";
  readonly heading: string;
  readonly note: string;
  readonly scene: GridScene;
  /** The cell, or cells, marked on it. */
  readonly mark: Mark | null;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
  readonly strong?: boolean;
}

export interface LargeHover {
  readonly key: LargeMap["key"];
  readonly x: number;
  readonly y: number;
}

/**
 * The probe image, what one cell sees of it, that cell's map drawn large with its numbers, and the row of all probe
 * images. Fires `large-hover` {LargeHover or null} and `image-chosen` {index}.
 */
export class ImageColumn extends LitElement {
  static override properties = {
    picture: { attribute: false },
    heading: {},
    verdict: {},
    wrong: { type: Boolean },
    seen: { attribute: false },
    seenWords: {},
    large: { attribute: false },
    facts: { attribute: false },
    thumbnails: { attribute: false },
    image: { type: Number },
    room: { state: true },
  };

  declare picture: Picture | null;
  /** The true class, or the image's number. */
  declare heading: string;
  declare verdict: string;
  declare wrong: boolean;
  /** Part of the picture that the cell sees, in its pixels. */
  declare seen: Mark | null;
  declare seenWords: string;
  declare large: readonly LargeMap[];
  declare facts: readonly Fact[];
  declare thumbnails: readonly (Picture | null)[];
  declare image: number;
  declare room: { width: number; height: number };

  static override styles = [base, controls, imageWindowStyles, imageColumnStyles];
  readonly #resizing = new ResizeObserver(([entry]) => {
    if (entry) this.room = { width: entry.contentRect.width, height: entry.contentRect.height };
  });

  constructor() {
    super();
    this.picture = this.seen = null;
    this.heading = this.verdict = this.seenWords = "";
    this.wrong = false;
    this.large = [];
    this.facts = [];
    this.thumbnails = [];
    this.image = 0;
    this.room = { width: 0, height: 0 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resizing.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizing.disconnect();
  }

  override render(): unknown {
    if (this.room.width === 0) return nothing;
    const sizes = this.#sizes;
    return html`
      <div class="head">
        <b class="name">${this.heading}</b>
        <span class="quiet name ${this.wrong ? "wrong" : ""}" title=${this.verdict}>${this.verdict}</span>
      </div>
      ${
        this.picture
          ? imageWindow(this.picture, sizes.scale, this.seen, this.seenWords)
          : html`<p class="missing">The input is no picture that could be drawn.</p>`
      }
      <div class="views" @wheel=${{ handleEvent: leaveWheelToPage, capture: true }}>
        ${this.large.map((map) => this.#largeMap(map, sizes))} ${this.large.length === 1 ? this.#facts("") : nothing}
      </div>
      ${this.large.length > 1 ? this.#facts("below") : nothing} ${this.#thumbnailRow()}
      <svg class="thread" aria-hidden="true">${svg`<line class="under"></line><line class="over"></line>`}</svg>
    `;
  }

  protected override updated(_changed: PropertyValues): void {
    this.#drawThread();
  }

  get #sizes(): ColumnSizes {
    const [first] = this.large;
    const map = first ? { width: first.scene.tileWidth, height: first.scene.tileHeight } : { width: 1, height: 1 };
    return columnSizes(this.room, this.picture, map, this.large.length > 1);
  }

  #largeMap(map: LargeMap, { cell }: ColumnSizes): unknown {
    const [first] = this.large as [LargeMap];
    const { tileWidth, tileHeight } = map.scene;
    // Every map of a pair takes the place of the first, so that the same part of the image stands at the same place.
    const own = Math.min((cell * first.scene.tileWidth) / tileWidth, (cell * first.scene.tileHeight) / tileHeight);
    const size = `width:${own * tileWidth}px;height:${own * tileHeight}px`;
    const marks = { labels: [{ left: "", right: [] }], chosen: -1, mark: map.mark, pointed: 0, everywhere: false };
    return html`<figure data-key=${map.key}>
      <figcaption .style=${`width:${this.large.length > 1 ? (this.room.width - PAIR_GAP) / 2 : own * tileWidth}px`}>
        <b class="name">${map.heading}</b><span class="quiet">${map.note}</span>
      </figcaption>
      <cnn-grid
        .style=${size}
        .scene=${map.scene}
        .painter=${mapPainter(marks)}
        label="${map.heading}, ${map.note}"
        @grid-hover=${(event: CustomEvent<GridHover>) => this.#hover(map, event.detail)}
      ></cnn-grid>
    </figure>`;
  }

  #facts(className: string): unknown {
    return html`<dl class="facts ${className}">
      ${this.facts.map(
        ({ name, value, more, strong }) =>
          html`<dt>${name}</dt>
            <dd class=${strong ? "strong" : ""}>${value}${more ? html`<small>${more}</small>` : nothing}</dd>`,
      )}
    </dl>`;
  }

  #thumbnailRow(): unknown {
    return html`<div class="thumbnails">
      <div class="head"><span>Probe images</span><span>[ and ] to change</span></div>
      <div class="row">
        ${this.thumbnails.map(
          (picture, index) =>
            html`<button
              aria-pressed=${index === this.image}
              aria-label="Probe image ${index}"
              @click=${() => this.dispatchEvent(new CustomEvent("image-chosen", { detail: index }))}
            >
              ${picture ? html`<cnn-picture .picture=${picture}></cnn-picture>` : html`<span class="none"></span>`}
              ${index}
            </button>`,
        )}
      </div>
    </div>`;
  }

  #hover(map: LargeMap, { cell }: GridHover): void {
    const detail: LargeHover | null = cell && { key: map.key, x: cell.x, y: cell.y };
    this.dispatchEvent(new CustomEvent("large-hover", { detail }));
  }

  /** The dotted line from the image's window to the cell that looks through it. */
  #drawThread(): void {
    const lines = this.renderRoot.querySelectorAll<SVGLineElement>(".thread line");
    const map = this.large.find((each) => each.key === "map");
    const image = this.renderRoot.querySelector<HTMLElement>(".image");
    const grid = this.renderRoot.querySelector<GridElement>('[data-key="map"] cnn-grid');
    const { seen } = this;
    const whole = !seen || !this.picture || (seen.width >= this.picture.width && seen.height >= this.picture.height);
    const show = map?.mark && image && grid && seen && !whole;
    for (const line of lines) line.style.display = show ? "" : "none";
    if (!show) return;
    const { scale } = this.#sizes;
    const [origin, from, to] = [this, image, grid].map((each) => each.getBoundingClientRect()) as [
      DOMRect,
      DOMRect,
      DOMRect,
    ];
    const cell = to.width / map.scene.tileWidth;
    const ends = {
      x1: from.left - origin.left + (seen.x + seen.width / 2) * scale,
      y1: from.top - origin.top + (seen.y + seen.height) * scale + 2,
      x2: to.left - origin.left + (map.mark.x + map.mark.width / 2) * cell,
      y2: to.top - origin.top + map.mark.y * cell - 2,
    };
    for (const line of lines) for (const [name, value] of Object.entries(ends)) line.setAttribute(name, String(value));
  }
}

/** These maps fill their place already: the wheel scrolls what is around them. */
function leaveWheelToPage(event: Event): void {
  event.stopImmediatePropagation();
}

customElements.define("cnn-image-column", ImageColumn);
