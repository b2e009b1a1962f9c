import { paletteOf, pixelCss } from "../math/colour.ts";
import type { ColourMap } from "../math/colour_maps.ts";
import type { GridContext } from "./grid_renderer.ts";
import { setFont, type PaintTheme } from "./grid_theme.ts";

export interface BarPicture {
  readonly map: ColourMap;
  /** Where on the ramp, 0 left to 1 right, and what stands there. */
  readonly labels: readonly { readonly at: number; readonly text: string }[];
}

const RAMP = 10;
/** Height of a bar with its numbers. */
export const BAR_HEIGHT = 28;

/** A colour bar with its numbers below, for pictures that are saved. */
export function drawBar(
  context: GridContext,
  { map, labels }: BarPicture,
  at: { x: number; y: number },
  width: number,
  theme: PaintTheme,
): void {
  const { pixels } = paletteOf(map);
  const each = width / pixels.length;
  for (const [i, pixel] of pixels.entries()) {
    context.fillStyle = pixelCss(pixel);
    context.fillRect(at.x + i * each, at.y, each + 0.5, RAMP);
  }
  context.fillStyle = theme.ink2;
  setFont(context, theme, 11);
  for (const label of labels) {
    context.textAlign = label.at <= 0 ? "left" : label.at >= 1 ? "right" : "center";
    context.fillText(label.text, at.x + label.at * width, at.y + RAMP + 14);
  }
  context.textAlign = "left";
}
