import { css, html, LitElement, nothing, svg } from "lit";
import { classMap } from "lit/directives/class-map.js";
import type { Rect } from "../../../canvas/grid_layout.ts";
import { frameStyles } from "../../../parts/image_window.ts";
import "../../../parts/picture.ts";
import type { Picture } from "../../../parts/picture.ts";
import { base } from "../../../parts/styles.ts";

const OVERHANG = 5;

/** A point of the map, in cells from its top left corner. */
export interface MapPoint {
  readonly row: number;
  readonly column: number;
}

/**
 * A map with the orange window on it, which the pointer drags. Fires `map-point` {row, column} while the pointer is
 * down. Keys are left to whoever listens; the element can have focus.
 */
export class WindowMap extends LitElement {
  static override properties = {
    picture: { attribute: false },
    width: { type: Number },
    height: { type: Number },
    frame: { attribute: false },
    label: {},
    small: { type: Boolean },
    veil: {},
  };
  declare picture: Picture | null;
  /** CSS pixels. */
  declare width: number;
  declare height: number;
  /** The window, in cells; it may reach over the edge where there is padding. */
  declare frame: Rect | null;
  declare label: string;
  /** A single cell: its frame is thin. */
  declare small: boolean;
  /** What stands over the cells still to come. */
  declare veil: string;
  #held = false;

  constructor() {
    super();
    this.picture = this.frame = null;
    this.width = this.height = 0;
    this.label = this.veil = "";
    this.small = false;
  }

  static override styles = [
    base,
    frameStyles,
    css`
      :host {
        display: block;
      }
      .map {
        position: relative;
        background: var(--sunken);
        cursor: crosshair;
        touch-action: none;
      }
      cnn-picture,
      svg {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        overflow: visible;
        pointer-events: none;
      }
      .small .halo {
        stroke-width: 3.5px;
      }
      .small .frame {
        stroke-width: 1.5px;
      }
      p {
        position: absolute;
        inset: auto 0 12%;
        text-align: center;
        color: var(--ink-2);
        white-space: pre-line;
        pointer-events: none;
      }
    `,
  ];

  override render(): unknown {
    const { picture, width, height } = this;
    if (!picture || !(width > 0)) return nothing;
    return html`<div
      class=${classMap({ map: true, small: this.small })}
      tabindex="0"
      role="application"
      aria-label=${this.label}
      .style=${`width:${width}px;height:${height}px`}
      @pointerdown=${this.#down}
      @pointermove=${this.#move}
      @pointerup=${() => (this.#held = false)}
      @pointercancel=${() => (this.#held = false)}
    >
      <cnn-picture .picture=${picture}></cnn-picture>
      ${this.veil ? html`<p>${this.veil}</p>` : nothing}
      ${this.frame ? this.#window(this.frame, width / picture.width, height / picture.height) : nothing}
    </div>`;
  }

  /** Over padding the frame ends a little beyond the edge, so that it does not strike through what stands there. */
  #window({ x, y, width, height }: Rect, across: number, down: number): unknown {
    const [left, top] = [Math.max(-OVERHANG, x * across), Math.max(-OVERHANG, y * down)];
    const right = Math.min(this.width + OVERHANG, (x + width) * across);
    const bottom = Math.min(this.height + OVERHANG, (y + height) * down);
    const rect = (name: string): unknown =>
      svg`<rect class=${name} x=${left} y=${top} width=${Math.max(0, right - left)} height=${Math.max(0, bottom - top)}></rect>`;
    return html`<svg aria-hidden="true">${rect("halo")}${rect("frame")}</svg>`;
  }

  /** The client rectangle of a cell. */
  cellRect(row: number, column: number): Rect | null {
    const { picture } = this;
    const box = this.renderRoot.querySelector(".map")?.getBoundingClientRect();
    if (!picture || !box) return null;
    const [width, height] = [box.width / picture.width, box.height / picture.height];
    return { x: box.left + column * width, y: box.top + row * height, width, height };
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#held = true;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#tell(event);
  }

  #move(event: PointerEvent): void {
    if (this.#held) this.#tell(event);
  }

  #tell(event: PointerEvent): void {
    const cell = this.cellRect(0, 0);
    if (!cell) return;
    const detail: MapPoint = {
      row: (event.clientY - cell.y) / cell.height,
      column: (event.clientX - cell.x) / cell.width,
    };
    this.dispatchEvent(new CustomEvent("map-point", { detail }));
  }
}

customElements.define("cnn-lab-window-map", WindowMap);
