import type { GridElement } from "../../canvas/grid_element.ts";
import type { Rect } from "../../canvas/grid_layout.ts";
import { tileShape } from "./map_scene.ts";
import type { Shown } from "./view_model.ts";

/** Where a cell of a channel is on the page: for tests in a browser. Null while that channel has no tile. */
export function cellRectOf(
  root: ParentNode,
  shown: Shown | null,
  channel: number,
  row: number,
  column: number,
  run: "A" | "B",
): Rect | null {
  const grid = root.querySelector<GridElement>(`cnn-grid.${run}`);
  const place = shown?.classes.active.indexOf(channel) ?? -1;
  if (!grid || !shown || place < 0) return null;
  const shape = tileShape(shown.a.maps.stack, shown.slice);
  return grid.cellAt(place, column, shape.repeat > 1 ? 0 : row);
}
