import { BAR_HEIGHT, drawBar } from "../../../canvas/bar_picture.ts";
import { readTheme, setFont } from "../../../canvas/grid_theme.ts";
import { drawPage } from "../../../canvas/page_picture.ts";
import { linearLabels, rootLabels } from "./legend.ts";
import type { Scales } from "./scales.ts";

/** Pixels of the file a pixel of the screen. */
const DENSITY = 2;
const MARGIN = 16;
const TITLE = 28;
const BAR = 200;

/** Title, the picture as it is on the page, and its three scales. */
export async function poolingPng(host: Element, room: Element, scales: Scales, title: string): Promise<Blob> {
  const theme = readTheme(host);
  const parts = [...room.children].map((part) => part.getBoundingClientRect());
  const box = room.getBoundingClientRect();
  const width = Math.max(3 * (BAR + MARGIN), room.scrollWidth, box.width);
  const tall = Math.max(...parts.map(({ bottom }) => bottom - box.top), 1);
  const height = tall + TITLE + BAR_HEIGHT + 24 + 3 * MARGIN;
  const canvas = new OffscreenCanvas(Math.ceil((width + 2 * MARGIN) * DENSITY), Math.ceil(height * DENSITY));
  const context = canvas.getContext("2d")!;
  context.scale(DENSITY, DENSITY);
  context.fillStyle = theme.page;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = theme.ink;
  setFont(context, theme, 13, true);
  context.fillText(title, MARGIN, MARGIN + 12, width);
  context.save();
  context.translate(MARGIN, MARGIN + TITLE);
  drawPage(context, room, DENSITY);
  context.restore();
  const bars = [
    ["value, input and outputs", scales.value, linearLabels(scales.value.range)],
    ["minus average", scales.minus, linearLabels(scales.minus.range)],
    ["gradient received, square-root scale", scales.gradient, rootLabels(scales.gradient.range)],
  ] as const;
  const top = tall + TITLE + 2 * MARGIN;
  for (const [i, [name, { map }, labels]] of bars.entries()) {
    const x = MARGIN + i * (BAR + 2 * MARGIN);
    context.fillStyle = theme.ink;
    setFont(context, theme, 11);
    context.fillText(name, x, top + 12);
    drawBar(context, { map, labels }, { x, y: top + 20 }, BAR, theme);
  }
  return canvas.convertToBlob({ type: "image/png" });
}
