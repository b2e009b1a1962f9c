/** A scene as a picture of its own, whatever part of it is on the screen. */
import { axisLength } from "./axis.ts";
import { CanvasGridRenderer } from "./canvas_grid_renderer.ts";
import { layoutGrid, type GridLayout } from "./grid_layout.ts";
import type { GridPainter, PaintTheme } from "./grid_theme.ts";

const LONGEST_SIDE = 8192;

/** The whole scene of a layout at `cell` pixels a cell, smaller where a side would pass 8,192 pixels. */
export function pictureOf(
  layout: GridLayout,
  cell: number,
  theme: PaintTheme,
  painter: GridPainter | null,
): OffscreenCanvas {
  const { insets } = layout.viewport;
  let whole = layout;
  for (let size = cell, fits = false; !fits; size /= 2) {
    const pose = { ...layout.pose, cell: size, x: 0, y: 0 };
    const { across, down, footer } = layoutGrid(layout.scene, layout.viewport, pose);
    const width = Math.ceil(axisLength(across) + insets.left + insets.right);
    const height = Math.ceil(axisLength(down, footer) + insets.top + insets.bottom);
    whole = layoutGrid(layout.scene, { width, height, insets, density: 1 }, pose);
    fits = Math.max(width, height) <= LONGEST_SIDE || size < 1 / 64;
  }
  const canvas = new OffscreenCanvas(whole.viewport.width, whole.viewport.height);
  const context = canvas.getContext("2d")!;
  context.fillStyle = theme.page;
  context.fillRect(0, 0, canvas.width, canvas.height);
  new CanvasGridRenderer().draw(context, whole, theme);
  painter?.(context, whole, theme);
  return canvas;
}
