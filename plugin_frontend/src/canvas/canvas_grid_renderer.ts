/** The grid on Canvas2D: coloured pages of the sheet, copied to the screen without smoothing. */
import { tileStart } from "./axis.ts";
import { innerSize, visibleTiles, type GridLayout } from "./grid_layout.ts";
import type { GridContext, GridRenderer, GridTheme } from "./grid_renderer.ts";
import { NOT_LOGGED, tileAt, type GridScene } from "./grid_scene.ts";
import { SheetPages } from "./pages.ts";
import { LOOSE_HALVINGS, sheetGeometry, type Patch } from "./sheet.ts";

const DEEPEST_HALVING = 6;

export class CanvasGridRenderer implements GridRenderer {
  private scene: GridScene | undefined;
  private pages: SheetPages | undefined;
  private hatch = "";

  setScene(scene: GridScene | undefined): void {
    if (scene === this.scene) return;
    this.scene = scene;
    this.pages = undefined;
  }

  draw(context: GridContext, layout: GridLayout, theme: GridTheme): void {
    this.setScene(layout.scene);
    if (!this.pages || theme.hatch !== this.hatch) {
      this.hatch = theme.hatch;
      this.pages = new SheetPages(layout.scene, pixelOf(theme.hatch));
    }
    const { insets, density } = layout.viewport;
    const { width, height } = innerSize(layout.viewport);
    context.save();
    context.beginPath();
    context.rect(insets.left, insets.top, width, height);
    context.clip();
    // Fewer than one device pixel a cell: take the reduction whose pixels are one to two device pixels large. A finer
    // one would beat with the screen's grid.
    const scale = layout.pose.cell * density;
    const level = Math.max(0, Math.min(DEEPEST_HALVING, Math.ceil(-Math.log2(scale) - 1e-9)));
    context.imageSmoothingEnabled = scale < 1;
    if (layout.dense) drawDense(context, layout, this.pages, level);
    else drawLoose(context, layout, this.pages, Math.min(level, LOOSE_HALVINGS), theme);
    context.restore();
  }
}

function drawDense(context: GridContext, layout: GridLayout, pages: SheetPages, level: number): void {
  const { pose, viewport } = layout;
  const { width, height } = innerSize(viewport);
  const part = { x: pose.x / pose.cell, y: pose.y / pose.cell, width: width / pose.cell, height: height / pose.cell };
  const left = viewport.insets.left - pose.x;
  const top = viewport.insets.top - pose.y;
  for (const { canvas, patch } of pages.covering(part, level)) {
    const shown = intersection(patch, part);
    if (!shown) continue;
    const ratio = canvas.width / patch.width;
    const ratioY = canvas.height / patch.height;
    context.drawImage(
      canvas,
      (shown.x - patch.x) * ratio,
      (shown.y - patch.y) * ratioY,
      shown.width * ratio,
      shown.height * ratioY,
      left + shown.x * pose.cell,
      top + shown.y * pose.cell,
      shown.width * pose.cell,
      shown.height * pose.cell,
    );
  }
}

function drawLoose(context: GridContext, layout: GridLayout, pages: SheetPages, level: number, theme: GridTheme): void {
  const { scene, pose, viewport } = layout;
  const { pitchX, pitchY } = sheetGeometry(scene);
  const seen = visibleTiles(layout);
  if (!seen) return;
  const snap = (position: number): number => Math.round(position * viewport.density) / viewport.density;
  for (let row = seen.rows.first; row <= seen.rows.last; row++) {
    for (let column = seen.columns.first; column <= seen.columns.last; column++) {
      const tile = tileAt(scene, row * scene.columns + column);
      const left = snap(viewport.insets.left + tileStart(layout.across, column) - pose.x);
      const top = snap(viewport.insets.top + tileStart(layout.down, row) - pose.y);
      if (tile === NOT_LOGGED) {
        hatchRect(context, left, top, scene.tileWidth * pose.cell, scene.tileHeight * pose.cell, theme.hatch);
      }
      if (tile < 0) continue;
      if (scene.dead?.[tile]) {
        crossRect(context, left, top, scene.tileWidth * pose.cell, scene.tileHeight * pose.cell, theme.hatch);
        continue;
      }
      const place = { x: column * pitchX, y: row * pitchY, width: scene.tileWidth, height: scene.tileHeight };
      for (const { canvas, patch } of pages.covering(place, level)) {
        const shown = intersection(patch, place);
        if (!shown) continue;
        const [ratio, ratioY] = [canvas.width / patch.width, canvas.height / patch.height];
        context.drawImage(
          canvas,
          (shown.x - patch.x) * ratio,
          (shown.y - patch.y) * ratioY,
          shown.width * ratio,
          shown.height * ratioY,
          left + (shown.x - place.x) * pose.cell,
          top + (shown.y - place.y) * pose.cell,
          shown.width * pose.cell,
          shown.height * pose.cell,
        );
      }
    }
  }
}

/** Diagonal strokes six pixels apart, as for anything that is no number. */
export function hatchRect(
  context: GridContext,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
): void {
  strokeInRect(context, x, y, width, height, colour, 1.5, () => {
    for (let start = x - height; start < x + width; start += 6) {
      context.moveTo(start, y + height);
      context.lineTo(start + height, y);
    }
  });
}

/** A frame with both diagonals: what is practically dead. */
export function crossRect(
  context: GridContext,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
): void {
  strokeInRect(context, x, y, width, height, colour, 1, () => {
    context.moveTo(x, y);
    context.lineTo(x + width, y + height);
    context.moveTo(x, y + height);
    context.lineTo(x + width, y);
  });
}

/** The lines that `draw` adds to the path, cut off at the rectangle, and the rectangle's frame. */
function strokeInRect(
  context: GridContext,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
  lineWidth: number,
  draw: () => void,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.beginPath();
  draw();
  context.strokeStyle = colour;
  context.lineWidth = lineWidth;
  context.stroke();
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  context.restore();
}

function intersection(a: Patch, b: Patch): Patch | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

function pixelOf(css: string): number {
  const hex = /^#([0-9a-f]{6})$/i.exec(css.trim());
  const rgb = hex ? parseInt(hex[1]!, 16) : 0x9a9a96;
  return ((0xff << 24) | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >>> 16)) >>> 0;
}
