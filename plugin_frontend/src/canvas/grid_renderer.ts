import type { GridLayout } from "./grid_layout.ts";
import type { GridScene } from "./grid_scene.ts";

/** The only colours of a grid that follow the theme: what is no data. */
export interface GridTheme {
  /** Strokes of hatching, as CSS. */
  readonly hatch: string;
}

/**
 * Draws scenes. A frame's cost must not grow with the number of tiles, only with the pixels on the screen; colours are
 * computed when a scene is first shown and again only when a new scene is set.
 */
export interface GridRenderer {
  /** What to draw from now on. Setting the scene that is already set costs nothing. */
  setScene(scene: GridScene | undefined): void;
  /** Draw the tiles of the layout into their viewport; the insets stay untouched. */
  draw(context: GridContext, layout: GridLayout, theme: GridTheme): void;
}

export type GridContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
