/**
 * A part of the page as a picture: its grids drawn anew at any density, and its text where it stands. Borders, fields
 * and buttons are left away.
 */
import { CanvasGridRenderer } from "./canvas_grid_renderer.ts";
import { GridElement } from "./grid_element.ts";
import type { GridContext } from "./grid_renderer.ts";
import { readTheme } from "./grid_theme.ts";
import { StillGrid } from "./still_grid.ts";

const LEFT_AWAY = "select, button, input, .sr-only";

/** Draws `root` with its top left at the context's origin; `density`: device pixels of the context a CSS pixel. */
export function drawPage(context: GridContext, root: Element, density: number): void {
  const origin = root.getBoundingClientRect();
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node instanceof Element && node.matches(LEFT_AWAY) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof StillGrid || node instanceof GridElement) drawGrid(context, node, origin, density);
    else if (node instanceof Text && node.data.trim() !== "") drawText(context, node, origin);
  }
}

function drawGrid(context: GridContext, grid: StillGrid | GridElement, origin: DOMRect, density: number): void {
  const { layout } = grid;
  if (!layout) return;
  const box = grid.getBoundingClientRect();
  const dense = { ...layout, viewport: { ...layout.viewport, density } };
  const theme = readTheme(grid);
  context.save();
  context.translate(box.left - origin.left, box.top - origin.top);
  context.beginPath();
  context.rect(0, 0, box.width, box.height);
  context.clip();
  new CanvasGridRenderer().draw(context, dense, theme);
  grid.painter?.(context, dense, theme);
  context.restore();
}

/** Word by word, since a text may run over several lines. */
function drawText(context: GridContext, text: Text, origin: DOMRect): void {
  const style = getComputedStyle(text.parentElement!);
  if (style.visibility === "hidden") return;
  context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.fillStyle = style.color;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const range = document.createRange();
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const box = range.getBoundingClientRect();
    if (box.width > 0) context.fillText(word, box.left - origin.left, box.top - origin.top + box.height / 2);
  }
  context.textBaseline = "alphabetic";
}
