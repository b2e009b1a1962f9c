import { cellRect, placeRect, type GridLayout } from "../../canvas/grid_layout.ts";
import { besideCaption, captionRoom } from "../../canvas/tile_captions.ts";
import type { GridContext } from "../../canvas/grid_renderer.ts";
import { frameHere, setFont, type GridPainter, type PaintTheme } from "../../canvas/grid_theme.ts";

export interface TileLabel {
  readonly left: string;
  /** The first that fits beside `left` is drawn. */
  readonly right: readonly string[];
}

/** Cells of a tile, for instance the one under the cursor. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface MapMarks {
  /** By place; places beyond the labels carry none. */
  readonly labels: readonly TileLabel[];
  /** Place of the chosen tile, -1 for none. */
  readonly chosen: number;
  /** Drawn on the tile at `pointed`, and, where `everywhere`, lighter on every other. */
  readonly mark: Mark | null;
  readonly pointed: number;
  readonly everywhere: boolean;
}

/** Room around a grid for the frame of a tile at its border. */
export const FRAME_ROOM = { left: 4, top: 4, right: 4, bottom: 0 } as const;

const ROOM_FOR_ONE = 14;

/** Labels below the tiles, a frame around the chosen one, and the same cell marked on all of them. */
export function mapPainter({ labels, chosen, mark, pointed, everywhere }: MapMarks): GridPainter {
  return (context, layout, theme) => {
    const places = Math.min(labels.length, layout.scene.columns * layout.scene.rows);
    for (let place = 0; place < places; place++) {
      const tile = placeRect(layout, place);
      if (tile.y > layout.viewport.height || tile.y + tile.height + layout.footer < 0) continue;
      const label = labels[place];
      if (layout.footer > 0 && label) drawLabel(context, layout, theme, place, label, place === chosen);
      if (mark && (everywhere || place === pointed)) drawMark(context, layout, theme, place, mark, place === pointed);
    }
    if (chosen >= 0 && chosen < places) frameHere(context, placeRect(layout, chosen), theme, 2);
  };
}

function drawLabel(
  context: GridContext,
  layout: GridLayout,
  theme: PaintTheme,
  place: number,
  label: TileLabel,
  chosen: boolean,
): void {
  const { x, y, width, height } = placeRect(layout, place);
  if (width < ROOM_FOR_ONE) return;
  const line = y + height + 13;
  setFont(context, theme, 11, chosen);
  if (!chosen && context.measureText(label.left).width > captionRoom(layout, width)) return;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.fillStyle = chosen ? theme.hereInk : theme.ink2;
  context.fillText(label.left, x, line);
  const room = captionRoom(layout, width);
  const taken = context.measureText(label.left).width;
  setFont(context, theme, 11, false);
  const right = besideCaption(label.right, taken, room, (text) => context.measureText(text).width);
  if (right === null) return;
  context.textAlign = "right";
  context.fillStyle = theme.ink3;
  context.fillText(right, x + room, line);
}

function drawMark(
  context: GridContext,
  layout: GridLayout,
  theme: PaintTheme,
  place: number,
  mark: Mark,
  pointed: boolean,
): void {
  const cell = cellRect(layout, place, mark.x, mark.y);
  const rect = { ...cell, width: cell.width * mark.width, height: cell.height * mark.height };
  if (pointed) {
    frameHere(context, rect, theme, 1.5);
    return;
  }
  context.save();
  context.lineWidth = 1;
  context.strokeStyle = "#ffffff";
  context.strokeRect(rect.x - 0.5, rect.y - 0.5, rect.width + 1, rect.height + 1);
  context.strokeStyle = theme.here;
  context.strokeRect(rect.x - 1.5, rect.y - 1.5, rect.width + 3, rect.height + 3);
  context.restore();
}
