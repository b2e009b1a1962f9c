import { axisLength } from "../../canvas/axis.ts";
import { drawBar } from "../../canvas/bar_picture.ts";
import { CanvasGridRenderer } from "../../canvas/canvas_grid_renderer.ts";
import type { GridElement } from "../../canvas/grid_element.ts";
import { fitPose, layoutGrid, type GridLayout } from "../../canvas/grid_layout.ts";
import { frameHere, readTheme, setFont, type GridPainter, type PaintTheme } from "../../canvas/grid_theme.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import type { BarLabel } from "../../parts/colour_bar.ts";
import type { Picture } from "../../parts/picture.ts";
import type { Mark } from "./map_painter.ts";

export interface MapsPicture {
  readonly title: string;
  readonly notes: readonly string[];
  readonly image: Picture | null;
  readonly seen: Mark | null;
  readonly grids: readonly GridElement[];
  readonly map: ColourMap;
  readonly labels: readonly BarLabel[];
}

interface Part {
  readonly layout: GridLayout;
  readonly painter: GridPainter | null;
}

/** Pixels of the file a pixel of the screen. */
const DENSITY = 2;
const MARGIN = 16;
const LINE = 18;
const IMAGE_SIDE = 240;
const BAR_HEIGHT = 44;

/** Title, probe image with its window, colour bar, and the grids as they are shown, on one sheet. */
export async function mapsPng(host: Element, picture: MapsPicture): Promise<Blob> {
  const theme = readTheme(host);
  const { image, notes } = picture;
  const parts = picture.grids.map(wholeGrid).filter((part) => part !== null);
  const scale = image ? Math.max(1, Math.floor(IMAGE_SIDE / Math.max(image.width, image.height))) : 1;
  const imageHeight = image ? image.height * scale : 0;
  const left = MARGIN + IMAGE_SIDE + MARGIN;
  const top = MARGIN + LINE + 6;
  const width = left + parts.reduce((sum, { layout }) => sum + layout.viewport.width + MARGIN, 0);
  const tallest = Math.max(imageHeight + BAR_HEIGHT, ...parts.map(({ layout }) => layout.viewport.height));
  const height = top + tallest + notes.length * LINE + MARGIN;
  const canvas = new OffscreenCanvas(Math.ceil(width * DENSITY), Math.ceil(height * DENSITY));
  const context = canvas.getContext("2d")!;
  context.scale(DENSITY, DENSITY);
  context.fillStyle = theme.page;
  context.fillRect(0, 0, width, height);
  context.fillStyle = theme.ink;
  setFont(context, theme, 13, true);
  context.fillText(picture.title, MARGIN, MARGIN + 12, width - 2 * MARGIN);
  if (image) drawImage(context, image, scale, picture.seen, { x: MARGIN, y: top }, theme);
  drawBar(context, picture, { x: MARGIN, y: top + imageHeight + 12 }, IMAGE_SIDE, theme);
  let x = left;
  for (const { layout, painter } of parts) {
    context.save();
    context.translate(x, top);
    new CanvasGridRenderer().draw(context, layout, theme);
    painter?.(context, layout, theme);
    context.restore();
    x += layout.viewport.width + MARGIN;
  }
  context.fillStyle = theme.ink2;
  setFont(context, theme, 11);
  context.textAlign = "left";
  for (const [i, note] of notes.entries()) {
    context.fillText(note, MARGIN, height - MARGIN - (notes.length - 1 - i) * LINE, width - 2 * MARGIN);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

/** All of a grid at the size at which it fits its place, whatever part of it is zoomed into. */
function wholeGrid(grid: GridElement): Part | null {
  const { layout } = grid;
  if (!layout) return null;
  const { scene, viewport } = layout;
  const pose = fitPose(scene, viewport);
  const { across, down, footer } = layoutGrid(scene, viewport, pose);
  const { insets } = viewport;
  const width = Math.ceil(axisLength(across) + insets.left + insets.right);
  const height = Math.ceil(axisLength(down, footer) + insets.top + insets.bottom);
  return { layout: layoutGrid(scene, { width, height, insets, density: DENSITY }, pose), painter: grid.painter };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function drawImage(
  context: OffscreenCanvasRenderingContext2D,
  image: Picture,
  scale: number,
  seen: Mark | null,
  at: Point,
  theme: PaintTheme,
): void {
  const small = new OffscreenCanvas(image.width, image.height);
  const bytes = new Uint8ClampedArray(image.pixels.slice().buffer as ArrayBuffer);
  small.getContext("2d")!.putImageData(new ImageData(bytes, image.width, image.height), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, at.x, at.y, image.width * scale, image.height * scale);
  if (!seen) return;
  const rect = {
    x: at.x + seen.x * scale,
    y: at.y + seen.y * scale,
    width: seen.width * scale,
    height: seen.height * scale,
  };
  frameHere(context, rect, theme, 2);
}
