import type { GridContext, GridTheme } from "./grid_renderer.ts";
import type { GridLayout, Rect } from "./grid_layout.ts";

/** The theme's colours and type for what is drawn around data. Data colours are not among them. */
export interface PaintTheme extends GridTheme {
  readonly page: string;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly line: string;
  readonly bar: string;
  readonly here: string;
  readonly hereInk: string;
  readonly focus: string;
  readonly font: string;
}

/** Draws over the tiles and into the insets, in CSS pixels. */
export type GridPainter = (context: GridContext, layout: GridLayout, theme: PaintTheme) => void;

export function readTheme(element: Element): PaintTheme {
  const style = getComputedStyle(element);
  const token = (name: string, fallback: string): string => style.getPropertyValue(name).trim() || fallback;
  return {
    page: token("--page", "#ffffff"),
    ink: token("--ink", "#1f2023"),
    ink2: token("--ink-2", "#4d4f54"),
    ink3: token("--ink-3", "#686b70"),
    line: token("--line", "#e2e2df"),
    bar: token("--bars", "#c4c4bf"),
    here: token("--here", "#dd6800"),
    hereInk: token("--here-ink", "#a34400"),
    focus: token("--focus", "#1a5fb4"),
    hatch: token("--hatch", "#b4b4ae"),
    font: token("--font", "sans-serif"),
  };
}

export type FontSize = 11 | 12 | 13;

export function setFont(context: GridContext, theme: PaintTheme, size: FontSize = 11, bold = false): void {
  context.font = `${bold ? 600 : 400} ${size}px ${theme.font}`;
}

/** Frame something in orange, which means "here", with a white halo so that it shows on any data. */
export function frameHere(context: GridContext, rect: Rect, theme: PaintTheme, width = 2): void {
  context.save();
  context.lineJoin = "miter";
  strokeAround(context, rect, width + 2, width / 2, "#ffffff");
  strokeAround(context, rect, width, width / 2, theme.here);
  context.restore();
}

function strokeAround(context: GridContext, rect: Rect, width: number, distance: number, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(rect.x - distance, rect.y - distance, rect.width + 2 * distance, rect.height + 2 * distance);
}
