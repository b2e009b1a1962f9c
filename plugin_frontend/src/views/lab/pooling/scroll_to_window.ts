/** Keeps the window in sight where the input is zoomed. */
import type { GridElement } from "../../../canvas/grid_element.ts";
import { cellRect, clampPose, distanceToSight, type GridLayout, type Rect } from "../../../canvas/grid_layout.ts";
import type { Shown } from "./view_model.ts";

/** The window's cells on the input's grid, padding among them; of a band all of its rows. */
export function windowRect(layout: GridLayout, { pooled, place, volume }: Shown): Rect {
  const { rows, columns } = pooled.grid;
  const first = cellRect(layout, 0, place.column * columns.stride, volume.axes === 1 ? 0 : place.row * rows.stride);
  const tall = volume.axes === 1 ? layout.scene.tileHeight : rows.size;
  return { ...first, width: first.width * columns.size, height: first.height * tall };
}

export function scrollToWindow(grid: GridElement, shown: Shown): void {
  const { layout, pose } = grid;
  if (!layout || !pose) return;
  const { dx, dy } = distanceToSight(layout, windowRect(layout, shown));
  if (dx || dy)
    grid.pose = clampPose(layout.scene, layout.viewport, {
      ...layout.pose,
      x: layout.pose.x + dx,
      y: layout.pose.y + dy,
    });
}
