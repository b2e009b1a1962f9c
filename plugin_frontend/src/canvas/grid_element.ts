/**
 * <cnn-grid>: a scene that can be zoomed, panned, pointed at and walked through with the keyboard.
 *
 * Set `scene` (and, where wanted, `insets` with a `painter` that fills them). It fires
 *   grid-hover  {cell, by}: the cell under the pointer or the keyboard's cursor, null when it left
 *   grid-open   {cell}: a click, or Enter
 *   grid-back   Escape with no cursor left to put away
 *   grid-pose   {pose}: a person zoomed or panned; null when everything is fitted again
 *
 * `cellAt` gives the client rectangle of a cell, and `debug` what was drawn, for tests in a browser.
 */
import { LitElement, css, html, type PropertyValues } from "lit";
import { CanvasGridRenderer } from "./canvas_grid_renderer.ts";
import { listenForGestures } from "./gestures.ts";
import { stepCursor } from "./grid_cursor.ts";
import {
  LARGEST_CELL,
  NO_INSETS,
  bestColumns,
  cellRect,
  clampPose,
  distanceToSight,
  fitPose,
  hitTest,
  layoutGrid,
  zoomAround,
  type GridLayout,
  type GridPose,
  type Insets,
  type Rect,
  type Viewport,
} from "./grid_layout.ts";
import type { GridPainter } from "./grid_theme.ts";
import type { GridRenderer } from "./grid_renderer.ts";
import type { Cell, GridScene } from "./grid_scene.ts";
import { pictureOf } from "./grid_picture.ts";
import { frameHere, readTheme } from "./grid_theme.ts";

export interface GridHover {
  readonly cell: Cell | null;
  readonly by: "pointer" | "keyboard";
}

export class GridElement extends LitElement {
  static override properties = {
    scene: { attribute: false },
    flow: { type: Boolean },
    insets: { attribute: false },
    painter: { attribute: false },
    label: { type: String },
    pose: { attribute: false },
    cursor: { attribute: false },
    describe: { attribute: false },
  };

  static override styles = css`
    :host { display: block; position: relative; min-width: 0; min-height: 0; overflow: hidden; }
    canvas {
      position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; display: block;
      /* Told apart by a transition: the one event that a change of the theme's variables causes. */
      color: var(--ink); transition: color 1ms;
    }
    canvas:focus-visible { outline: 2px solid var(--focus, #1a5fb4); outline-offset: -2px; }
    .live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  `;

  declare scene: GridScene | null;
  /** Let the element choose columns and rows for `columns · rows` places, so that the tiles are largest. */
  declare flow: boolean;
  declare insets: Insets;
  declare painter: GridPainter | null;
  declare label: string;
  /** Zoom and pan; null fits everything. */
  declare pose: GridPose | null;
  /** The cell that is framed: set it to follow another grid. */
  declare cursor: Cell | null;
  /** What a screen reader says of the cell that the keyboard reached. */
  declare describe: ((cell: Cell) => string) | null;

  /** Milliseconds that the last frame took to draw, and how many were drawn. */
  readonly timing = { last: 0, frames: 0 };

  private readonly renderer: GridRenderer = new CanvasGridRenderer();
  private size = { width: 0, height: 0 };
  private frame = 0;
  private listening: AbortController | null = null;
  private arranged: { scene: GridScene; key: string; result: GridScene } | null = null;
  private readonly resizing = new ResizeObserver(() => this.measure());

  constructor() {
    super();
    this.scene = null;
    this.flow = false;
    this.insets = NO_INSETS;
    this.painter = null;
    this.label = "";
    this.pose = null;
    this.cursor = null;
    this.describe = null;
  }

  protected override render(): unknown {
    return html`<canvas tabindex="0" role="application" aria-label=${this.label}></canvas>
      <div class="live" aria-live="polite"></div>`;
  }

  protected override firstUpdated(): void {
    this.start();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.listening?.abort();
    this.listening = null;
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("scene") as GridScene | null | undefined;
    if (before && this.scene && !sameGeometry(before, this.scene)) {
      if (!changed.has("pose")) this.pose = null;
      if (!changed.has("cursor")) this.cursor = null;
    }
    this.requestFrame();
  }

  /** Draw at the next animation frame. */
  requestFrame(): void {
    if (!this.frame && this.isConnected) this.frame = requestAnimationFrame(() => this.drawFrame());
  }

  /** Where everything lies now; null before the element has a size and a scene. */
  get layout(): GridLayout | null {
    const viewport = this.viewport;
    const scene = this.scene && viewport.width > 0 && viewport.height > 0 ? this.arrange(this.scene, viewport) : null;
    if (!scene || !scene.columns || !scene.rows || !scene.tileWidth || !scene.tileHeight) return null;
    return layoutGrid(scene, viewport, this.pose ? clampPose(scene, viewport, this.pose) : fitPose(scene, viewport));
  }

  /** The client rectangle of a cell; null when no such cell is drawn. It may lie outside the visible part. */
  cellAt(place: number, x: number, y: number): Rect | null {
    const layout = this.layout;
    if (!layout || place < 0 || place >= layout.scene.columns * layout.scene.rows) return null;
    const box = this.canvas.getBoundingClientRect();
    const rect = cellRect(layout, place, x, y);
    return { ...rect, x: rect.x + box.left, y: rect.y + box.top };
  }

  /** Zoom by a factor around the middle, or a point. False where the limit is reached. */
  zoomBy(factor: number, x = this.size.width / 2, y = this.size.height / 2): boolean {
    const layout = this.layout;
    if (!layout) return false;
    const least = fitPose(layout.scene, layout.viewport).cell;
    const wanted = Math.min(Math.max(LARGEST_CELL, least), layout.pose.cell * factor);
    if (Math.abs(wanted - layout.pose.cell) < 1e-9) return false;
    if (wanted <= least) {
      const moved = this.pose !== null;
      this.takePose(null);
      return moved;
    }
    this.takePose(zoomAround(layout, wanted, x, y));
    return true;
  }

  fit(): void {
    this.takePose(null);
  }

  /** The whole scene as a picture, with the painter's marks, at `cell` pixels a cell or as large as it is shown. */
  toCanvas(cell?: number): OffscreenCanvas | null {
    const layout = this.layout;
    return (
      layout && pictureOf(layout, cell ?? fitPose(layout.scene, layout.viewport).cell, readTheme(this), this.painter)
    );
  }

  /** The same as a PNG. */
  async toPng(cell?: number): Promise<Blob | null> {
    return (await this.toCanvas(cell)?.convertToBlob({ type: "image/png" })) ?? null;
  }

  /** For tests in a browser: what was drawn, without pixels. */
  get debug(): object | null {
    const layout = this.layout;
    if (!layout) return null;
    const { columns, rows, tileWidth, tileHeight } = layout.scene;
    return { columns, rows, tileWidth, tileHeight, dense: layout.dense, pose: layout.pose, timing: this.timing };
  }

  private get viewport(): Viewport {
    return { ...this.size, insets: this.insets, density: window.devicePixelRatio || 1 };
  }

  private get canvas(): HTMLCanvasElement {
    return this.renderRoot.querySelector("canvas")!;
  }

  private start(): void {
    this.listening?.abort();
    this.listening = new AbortController();
    const { signal } = this.listening;
    listenForGestures(
      this.canvas,
      {
        pan: (dx, dy) => this.panBy(dx, dy),
        zoom: (factor, x, y) => this.zoomBy(factor, x, y),
        hover: (point) => this.hoverAt(point),
        click: (x, y) => {
          const cell = this.layout && hitTest(this.layout, x, y);
          if (cell) this.tell("grid-open", { cell });
        },
      },
      signal,
    );
    this.canvas.addEventListener("keydown", (event) => this.onKey(event), { signal });
    this.canvas.addEventListener("transitionrun", () => this.requestFrame(), { signal });
    this.resizing.observe(this);
    this.measure();
  }

  private measure(): void {
    const { width, height } = this.getBoundingClientRect();
    if (width === this.size.width && height === this.size.height) return;
    this.size = { width, height };
    this.dispatchEvent(new CustomEvent("grid-resize"));
    this.requestFrame();
  }

  private arrange(scene: GridScene, viewport: Viewport): GridScene {
    if (!this.flow) return scene;
    const key = JSON.stringify(viewport);
    if (this.arranged?.scene !== scene || this.arranged.key !== key) {
      const count = scene.columns * scene.rows;
      const columns = bestColumns(count, scene, viewport);
      const rows = Math.ceil(count / Math.max(1, columns));
      this.arranged = { scene, key, result: { ...scene, columns, rows } };
    }
    return this.arranged.result;
  }

  private drawFrame(): void {
    this.frame = 0;
    const started = performance.now();
    const density = window.devicePixelRatio || 1;
    const { canvas } = this;
    const [width, height] = [Math.round(this.size.width * density), Math.round(this.size.height * density)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d")!;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, this.size.width, this.size.height);
    const layout = this.layout;
    if (layout) {
      const theme = readTheme(this);
      this.renderer.draw(context, layout, theme);
      this.painter?.(context, layout, theme);
      const { cursor } = this;
      if (cursor && layout.pose.cell >= 3 && cursor.place < layout.scene.columns * layout.scene.rows) {
        frameHere(context, cellRect(layout, cursor.place, cursor.x, cursor.y), theme, 1.5);
      }
    }
    this.timing.last = performance.now() - started;
    this.timing.frames++;
  }

  private hoverAt(point: { x: number; y: number } | null): void {
    const cell = (point && this.layout && hitTest(this.layout, point.x, point.y)) ?? null;
    this.tell("grid-hover", { cell, by: "pointer" });
  }

  private panBy(dx: number, dy: number): void {
    const layout = this.layout;
    if (!layout) return;
    const { pose } = layout;
    const next = clampPose(layout.scene, layout.viewport, { ...pose, x: pose.x - dx, y: pose.y - dy });
    if (next.x !== pose.x || next.y !== pose.y) this.takePose(next);
  }

  private takePose(pose: GridPose | null): void {
    this.pose = pose;
    this.requestFrame();
    this.tell("grid-pose", { pose });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.useKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private useKey(event: KeyboardEvent): boolean {
    const { layout } = this;
    if (!layout) return false;
    switch (event.key) {
      case "+":
      case "=":
        return this.zoomBy(1.5) || true;
      case "-":
      case "−":
        return this.zoomBy(1 / 1.5) || true;
      case "0":
        return (this.fit(), true);
      case "Enter":
        return this.cursor ? (this.tell("grid-open", { cell: this.cursor }), true) : false;
      case "Escape":
        if (this.cursor) this.reach(null);
        else this.tell("grid-back", {});
        return true;
      default: {
        const cell = stepCursor(layout.scene, this.cursor, event.key, event.shiftKey);
        if (cell) this.reach(cell);
        return cell !== null;
      }
    }
  }

  /** Put the keyboard's cursor on a cell, bring it into sight, and say what it is. */
  private reach(cell: Cell | null): void {
    this.cursor = cell;
    if (cell) this.scrollToWindow(cell);
    this.tell("grid-hover", { cell, by: "keyboard" });
    const live = this.renderRoot.querySelector(".live");
    if (live && cell && this.describe) live.textContent = this.describe(cell);
  }

  private scrollToWindow(cell: Cell): void {
    const layout = this.layout;
    if (!layout) return;
    const { dx, dy } = distanceToSight(layout, cellRect(layout, cell.place, cell.x, cell.y));
    if (dx || dy) this.panBy(-dx, -dy);
  }

  private tell(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function sameGeometry(a: GridScene, b: GridScene): boolean {
  return a.columns === b.columns && a.rows === b.rows && a.tileWidth === b.tileWidth && a.tileHeight === b.tileHeight;
}

customElements.define("cnn-grid", GridElement);

declare global {
  interface HTMLElementTagNameMap {
    "cnn-grid": GridElement;
  }
  interface HTMLElementEventMap {
    "grid-hover": CustomEvent<GridHover>;
    "grid-open": CustomEvent<{ cell: Cell }>;
    "grid-pose": CustomEvent<{ pose: GridPose | null }>;
  }
}
