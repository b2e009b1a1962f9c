/**
 * <cnn-still-grid>: a scene at `cell` pixels a cell that is only looked at: as large as its content, with neither zoom
 * nor focus. `hit` and `cellAt` lead from the pointer to a cell and back.
 */
import { LitElement, css, html } from "lit";
import { axisLength } from "./axis.ts";
import { CanvasGridRenderer } from "./canvas_grid_renderer.ts";
import { NO_INSETS, cellRect, hitTest, layoutGrid, type GridLayout, type Insets, type Rect } from "./grid_layout.ts";
import type { Cell, GridScene } from "./grid_scene.ts";
import { readTheme, type GridPainter } from "./grid_theme.ts";

export class StillGrid extends LitElement {
  static override properties = {
    scene: { attribute: false },
    painter: { attribute: false },
    insets: { attribute: false },
    cell: { type: Number },
    label: {},
  };

  static override styles = css`
    :host { display: block; }
    canvas { display: block; color: var(--ink); transition: color 1ms; }
  `;

  declare scene: GridScene | null;
  declare painter: GridPainter | null;
  declare insets: Insets;
  /** CSS pixels a cell. */
  declare cell: number;
  declare label: string;
  private readonly renderer = new CanvasGridRenderer();

  constructor() {
    super();
    this.scene = null;
    this.painter = null;
    this.insets = NO_INSETS;
    this.cell = 1;
    this.label = "";
  }

  /** Where everything lies; null without a scene. */
  get layout(): GridLayout | null {
    const { scene, insets, cell } = this;
    if (!scene || !scene.tileWidth || !scene.tileHeight || !(cell > 0)) return null;
    const density = window.devicePixelRatio || 1;
    const pose = { cell, gap: scene.spacing?.gap ?? 0, x: 0, y: 0 };
    const { across, down, footer } = layoutGrid(scene, { width: 1, height: 1, insets, density }, pose);
    const width = Math.ceil(axisLength(across) + insets.left + insets.right);
    const height = Math.ceil(axisLength(down, footer) + insets.top + insets.bottom);
    return layoutGrid(scene, { width, height, insets, density }, pose);
  }

  /** The client rectangle of a cell; null when it is not drawn. */
  cellAt(place: number, x: number, y: number): Rect | null {
    const layout = this.layout;
    if (!layout || place < 0 || place >= layout.scene.columns * layout.scene.rows) return null;
    const box = this.getBoundingClientRect();
    const rect = cellRect(layout, place, x, y);
    return { ...rect, x: rect.x + box.left, y: rect.y + box.top };
  }

  /** The cell at a point of the window; null in gaps and outside. */
  hit(clientX: number, clientY: number): Cell | null {
    const box = this.getBoundingClientRect();
    return (this.layout && hitTest(this.layout, clientX - box.left, clientY - box.top)) ?? null;
  }

  protected override render(): unknown {
    return html`<canvas role="img" aria-label=${this.label} @transitionrun=${() => this.draw()}></canvas>`;
  }

  protected override updated(): void {
    this.draw();
  }

  private draw(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    const { layout } = this;
    if (!canvas || !layout) return;
    const { width, height, density } = layout.viewport;
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d")!;
    context.setTransform(density, 0, 0, density, 0, 0);
    const theme = readTheme(this);
    this.renderer.draw(context, layout, theme);
    this.painter?.(context, layout, theme);
  }
}

customElements.define("cnn-still-grid", StillGrid);
