import type { Picture } from "../../parts/picture.ts";
import type { GridElement } from "../../gl/grid_element.ts";
import { frameHere, readTheme, setFont } from "../../gl/grid_theme.ts";
import type { Mark } from "./map_painter.ts";

export interface MapsPicture {
  readonly title: string;
  readonly notes: readonly string[];
  readonly image: Picture | null;
  readonly seen: Mark | null;
  readonly grids: readonly GridElement[];
}

const MARGIN = 16;
const LINE = 18;
const IMAGE_SIDE = 240;

/** Title, probe image with its window, and the grids as they are shown, on one sheet. Twice the screen's size. */
export async function mapsPng(host: Element, { title, notes, image, seen, grids }: MapsPicture): Promise<Blob> {
  const theme = readTheme(host);
  const pictures = grids.map((grid) => grid.toCanvas()).filter((canvas) => canvas !== null);
  const scale = image ? Math.max(1, Math.floor(IMAGE_SIDE / Math.max(image.width, image.height))) : 1;
  const [imageWidth, imageHeight] = image ? [image.width * scale, image.height * scale] : [0, 0];
  const left = MARGIN + (image ? imageWidth + MARGIN : 0);
  const top = MARGIN + LINE + 6;
  const width = Math.max(left + pictures.reduce((sum, one) => sum + one.width + MARGIN, 0), 480);
  const height = top + Math.max(imageHeight, ...pictures.map((one) => one.height)) + notes.length * LINE + MARGIN + 8;
  const canvas = new OffscreenCanvas(Math.ceil(width * 2), Math.ceil(height * 2));
  const context = canvas.getContext("2d")!;
  context.scale(2, 2);
  context.imageSmoothingEnabled = false;
  context.fillStyle = theme.page;
  context.fillRect(0, 0, width, height);
  context.fillStyle = theme.ink;
  setFont(context, theme, 13, true);
  context.fillText(title, MARGIN, MARGIN + 12, width - 2 * MARGIN);
  if (image) {
    context.drawImage(asCanvas(image), MARGIN, top, imageWidth, imageHeight);
    if (seen) {
      const rect = { x: MARGIN + seen.x * scale, y: top + seen.y * scale, width: seen.width * scale, height: seen.height * scale };
      frameHere(context, rect, theme, 2);
    }
  }
  let x = left;
  for (const picture of pictures) {
    context.drawImage(picture, x, top);
    x += picture.width + MARGIN;
  }
  context.fillStyle = theme.ink2;
  setFont(context, theme, 11);
  for (const [i, note] of notes.entries()) {
    context.fillText(note, MARGIN, height - MARGIN - (notes.length - 1 - i) * LINE, width - 2 * MARGIN);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

function asCanvas({ width, height, pixels }: Picture): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const bytes = new Uint8ClampedArray(pixels.slice().buffer as ArrayBuffer);
  canvas.getContext("2d")!.putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas;
}
