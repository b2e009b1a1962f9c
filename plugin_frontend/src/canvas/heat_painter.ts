/** Draws the cells of a step heatmap: what was not logged is hatched, and zeros, NaN and Inf carry their word. */
import { INF_PIXEL, NAN_PIXEL, inkOn } from "../math/colour.ts";
import { stretchesOf, ZERO_PIXEL, type HeatCells } from "../math/heat_cells.ts";
import { hatchRect } from "./canvas_grid_renderer.ts";
import type { GridContext } from "./grid_renderer.ts";
import { setFont, type PaintTheme } from "./grid_theme.ts";
import { cellHeight } from "./heat_rows.ts";

/** CSS pixels. */
export interface HeatmapPlace {
  readonly width: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly theme: PaintTheme;
  /** Behind cells of no colour, as CSS. */
  readonly ground: string;
}

const WORDS: readonly (readonly [pixel: number, word: string])[] = [
  [ZERO_PIXEL, "zero"],
  [NAN_PIXEL, "NaN"],
  [INF_PIXEL, "Inf"],
];

/** A row so tall, and a stretch so wide, carries its word. CSS pixels. */
const WORD_HEIGHT = 12;
const WORD_WIDTH = 34;

export function drawHeatmap(context: GridContext, cells: HeatCells, place: HeatmapPlace): void {
  const { width, height, rowHeight, theme } = place;
  if (!cells.width || !cells.pixels.length) return;
  hatchRect(context, 0, 0, width, height, theme.hatch);
  const rows = cells.pixels.length / cells.width;
  const sheet = new OffscreenCanvas(cells.width, rows);
  const bytes = new Uint8ClampedArray(
    cells.pixels.buffer as ArrayBuffer,
    cells.pixels.byteOffset,
    cells.pixels.byteLength,
  );
  sheet.getContext("2d")!.putImageData(new ImageData(bytes, cells.width, rows), 0, 0);
  context.save();
  context.imageSmoothingEnabled = false;
  const tall = cellHeight(rowHeight);
  for (let row = 0; row < rows; row++) {
    drawGround(context, cells, row, place);
    context.drawImage(sheet, 0, row, cells.width, 1, 0, row * rowHeight, width, tall);
    if (tall === rowHeight) continue;
    context.fillStyle = theme.page;
    context.fillRect(0, row * rowHeight + tall, width, rowHeight - tall);
  }
  if (rowHeight >= WORD_HEIGHT) drawWords(context, cells, place);
  context.restore();
}

/** From the first logged step to the last: what has no colour there is not unlogged. */
function drawGround(context: GridContext, { shown, width }: HeatCells, row: number, place: HeatmapPlace): void {
  const own = shown.subarray(row * width, (row + 1) * width);
  const from = own.findIndex((index) => index >= 0);
  if (from < 0) return;
  const to = own.findLastIndex((index) => index >= 0) + 1;
  const each = place.width / width;
  context.fillStyle = place.ground;
  context.fillRect(from * each, row * place.rowHeight, (to - from) * each, place.rowHeight);
}

function drawWords(context: GridContext, cells: HeatCells, { width, rowHeight, theme }: HeatmapPlace): void {
  const each = width / cells.width;
  setFont(context, theme, 11);
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const [pixel, word] of WORDS) {
    context.fillStyle = inkOn(pixel);
    for (const { row, from, to } of stretchesOf(cells, pixel, Math.ceil(WORD_WIDTH / each))) {
      context.fillText(word, ((from + to) / 2) * each, row * rowHeight + cellHeight(rowHeight) / 2 + 0.5);
    }
  }
}
