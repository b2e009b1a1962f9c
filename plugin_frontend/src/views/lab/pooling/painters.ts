/** What is drawn over the maps: the window, padding, cells that nobody reads, numbers. */
import { hatchRect } from "../../../canvas/canvas_grid_renderer.ts";
import { cellRect, type GridLayout, type Rect } from "../../../canvas/grid_layout.ts";
import type { GridContext } from "../../../canvas/grid_renderer.ts";
import { frameHere, setFont, type GridPainter, type PaintTheme } from "../../../canvas/grid_theme.ts";
import { colourPixel, paletteOf, inkOn } from "../../../math/colour.ts";
import { formatNumber } from "../../../math/format.ts";
import type { Grid, Planes } from "../../../math/planes.ts";
import { cellsNeverRead, tapsInside, windowSpan, type WindowAxis } from "../../../math/window_geometry.ts";
import type { Span } from "../../../math/receptive_field.ts";
import type { Scale } from "./scales.ts";
import type { Place, WindowNumbers } from "./window_numbers.ts";

/** Room around a map for the frame of a cell at its border. */
export const FRAME_ROOM = { left: 4, top: 4, right: 4, bottom: 4 } as const;

/** Cells from which on each carries its number. */
const NUMBERED_FROM = 30;

/** Columns x and rows y of a tile, half-open. */
function area(layout: GridLayout, x: Span, y: Span): Rect {
  const first = cellRect(layout, 0, x.start, y.start);
  return { ...first, width: first.width * (x.end - x.start), height: first.height * (y.end - y.start) };
}

/** Neighbours joined: 3, 4, 7 are 3 … 4 and 7. */
export function bands(cells: readonly number[]): Span[] {
  const found: Span[] = [];
  for (const cell of cells) {
    const last = found.at(-1);
    if (last?.end === cell) last.end = cell + 1;
    else found.push({ start: cell, end: cell + 1 });
  }
  return found;
}

interface Painted {
  readonly plane: Planes;
  readonly grid: Grid;
  readonly place: Place;
  readonly scale: Scale;
  readonly band: number;
}

/** The map with its padding, what is never read, numbers where there is room, and the window. */
export function inputPainter({ plane, grid, place, scale, band }: Painted): GridPainter {
  return (context, layout, theme) => {
    paintPadding(context, layout, grid, band, theme);
    paintUnread(context, layout, grid, band, theme);
    if (band === 1 && layout.pose.cell >= NUMBERED_FROM) {
      paintNumbers(context, layout, plane.values, plane.columns, scale, theme, grid.columns.before, grid.rows.before);
    }
    const across = shifted(windowSpan(grid.columns, place.column), grid.columns.before);
    const down = shifted(windowSpan(grid.rows, place.row), grid.rows.before);
    frameHere(context, area(layout, across, times(down, band)), theme, 2);
  };
}

const shifted = ({ start, end }: Span, by: number): Span => ({ start: start + by, end: end + by });
const times = ({ start, end }: Span, factor: number): Span => ({ start: start * factor, end: end * factor });

function paintPadding(
  context: GridContext,
  layout: GridLayout,
  { rows, columns }: Grid,
  band: number,
  theme: PaintTheme,
): void {
  if (rows.before + rows.after + columns.before + columns.after === 0) return;
  const whole = area(layout, { start: 0, end: layout.scene.tileWidth }, { start: 0, end: layout.scene.tileHeight });
  const map = area(
    layout,
    { start: columns.before, end: columns.before + columns.length },
    times({ start: rows.before, end: rows.before + rows.length }, band),
  );
  context.save();
  context.beginPath();
  context.rect(whole.x, whole.y, whole.width, whole.height);
  context.rect(map.x, map.y, map.width, map.height);
  context.fillStyle = theme.page;
  context.fill("evenodd");
  context.setLineDash([3, 3]);
  context.strokeStyle = theme.ink3;
  context.strokeRect(whole.x + 0.5, whole.y + 0.5, whole.width - 1, whole.height - 1);
  context.restore();
}

function paintUnread(
  context: GridContext,
  layout: GridLayout,
  { rows, columns }: Grid,
  band: number,
  theme: PaintTheme,
): void {
  const inside = (axis: WindowAxis): Span => ({ start: axis.before, end: axis.before + axis.length });
  const veil = (rect: Rect): void => {
    context.save();
    context.globalAlpha = 0.85;
    context.fillStyle = theme.page;
    context.fillRect(rect.x, rect.y, rect.width, rect.height);
    context.restore();
    hatchRect(context, rect.x, rect.y, rect.width, rect.height, theme.hatch);
  };
  for (const one of bands(cellsNeverRead(rows))) {
    veil(area(layout, inside(columns), times(shifted(one, rows.before), band)));
  }
  for (const one of bands(cellsNeverRead(columns))) {
    veil(area(layout, shifted(one, columns.before), times(inside(rows), band)));
  }
}

function paintNumbers(
  context: GridContext,
  layout: GridLayout,
  values: ArrayLike<number>,
  columns: number,
  { range, map }: Scale,
  theme: PaintTheme,
  left = 0,
  top = 0,
  bold = -1,
): void {
  const palette = paletteOf(map);
  context.save();
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < values.length; i++) {
    const rect = cellRect(layout, 0, left + (i % columns), top + Math.floor(i / columns));
    const { width, height } = layout.viewport;
    if (rect.x + rect.width < 0 || rect.y + rect.height < 0 || rect.x > width || rect.y > height) continue;
    const value = values[i]!;
    setFont(context, theme, 11, i === bold);
    context.fillStyle = inkOn(colourPixel(value, range.lo, range.hi, palette));
    context.fillText(inCell(value), rect.x + rect.width / 2, rect.y + rect.height / 2 + 0.5, rect.width - 2);
  }
  context.restore();
}

/** "0.37", "12.4": two decimals, or as few digits as tell it from zero. */
export function inCell(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0";
  if (!Number.isFinite(value) || magnitude >= 1000 || magnitude < 0.005) return formatNumber(value, { digits: 1 });
  return `${value < 0 ? "−" : ""}${magnitude.toFixed(magnitude < 10 ? 2 : magnitude < 100 ? 1 : 0)}`;
}

/** The output cell that the window makes. */
export function outputPainter(place: Place, band: number): GridPainter {
  return (context, layout, theme) => {
    const rect = area(
      layout,
      { start: place.column, end: place.column + 1 },
      { start: place.row * band, end: (place.row + 1) * band },
    );
    frameHere(context, rect, theme, 1.5);
  };
}

/** The window on the input without its padding. */
export function gradientPainter(grid: Grid, place: Place, band: number): GridPainter {
  return (context, layout, theme) => {
    const part = (axis: WindowAxis, index: number): Span =>
      shifted(tapsInside(axis, index), windowSpan(axis, index).start);
    frameHere(
      context,
      area(layout, part(grid.columns, place.column), times(part(grid.rows, place.row), band)),
      theme,
      1.5,
    );
  };
}

/** The window by itself: its numbers, padding, and the first of its largest values framed in white. */
export function windowPainter(numbers: WindowNumbers, scale: Scale): GridPainter {
  return (context, layout, theme) => {
    const { rows, columns, values, inside, largest } = numbers;
    const numbered = layout.pose.cell >= NUMBERED_FROM - 6;
    if (numbered) paintNumbers(context, layout, values, columns, scale, theme, 0, 0, largest);
    for (let i = 0; i < rows * columns; i++) {
      const rect = cellRect(layout, 0, i % columns, Math.floor(i / columns));
      if (!inside[i]) paintPad(context, rect, theme, numbered);
      else if (i === largest && layout.pose.cell >= 6) {
        context.strokeStyle = "#ffffff";
        context.lineWidth = 2;
        context.strokeRect(rect.x + 2, rect.y + 2, rect.width - 4, rect.height - 4);
      }
    }
    frameHere(context, area(layout, { start: 0, end: columns }, { start: 0, end: rows }), theme, 2);
  };
}

function paintPad(context: GridContext, rect: Rect, theme: PaintTheme, named: boolean): void {
  context.save();
  context.fillStyle = theme.page;
  context.fillRect(rect.x, rect.y, rect.width, rect.height);
  context.strokeStyle = theme.ink3;
  context.setLineDash([3, 3]);
  context.strokeRect(rect.x + 0.5, rect.y + 0.5, rect.width - 1, rect.height - 1);
  if (named) {
    setFont(context, theme, 11);
    context.fillStyle = theme.ink3;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("pad", rect.x + rect.width / 2, rect.y + rect.height / 2, rect.width - 2);
  }
  context.restore();
}
