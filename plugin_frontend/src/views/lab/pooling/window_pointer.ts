/** Moves the window with the pointer, on any of the picture's maps. */
import type { GridElement } from "../../../canvas/grid_element.ts";
import { hitTest, type Rect } from "../../../canvas/grid_layout.ts";
import type { StillGrid } from "../../../canvas/still_grid.ts";
import type { WindowAxis } from "../../../math/window_geometry.ts";
import type { Shown } from "./view_model.ts";
import type { Place } from "./window_numbers.ts";

export type AnyGrid = GridElement | StillGrid;

export interface PointerTarget {
  shown(): Shown | null;
  put(place: Place): void;
  /** The pointer took hold of the window. */
  took(): void;
}

/** Listeners for what holds the maps (elements of class "map"); they hear before the grids, whose drag pans. */
export class WindowPointer {
  #map: AnyGrid | null = null;

  constructor(private readonly target: PointerTarget) {}

  get isDragging(): boolean {
    return this.#map !== null;
  }

  readonly down = {
    capture: true,
    handleEvent: (event: PointerEvent): void => {
      const map = event.composedPath().find((each) => each instanceof HTMLElement && each.matches(".map")) as
        AnyGrid | undefined;
      const shown = this.target.shown();
      if (!map || !shown || event.button !== 0 || map.dataset["part"] === "window") return;
      const cell = cellOf(map, shown, event);
      if (!cell) return;
      const isZoomed = "pose" in map && map.pose !== null;
      if (isZoomed && !covers(shown, cell)) return;
      event.stopPropagation();
      event.preventDefault();
      this.target.took();
      this.#map = map;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      this.target.put(placeOf(map, shown, cell));
    },
  };

  readonly move = {
    capture: true,
    handleEvent: (event: PointerEvent): void => {
      const shown = this.target.shown();
      const cell = this.#map && shown && cellOf(this.#map, shown, event);
      if (this.#map && cell) this.target.put(placeOf(this.#map, shown, cell));
    },
  };

  readonly up = {
    capture: true,
    handleEvent: (event: PointerEvent): void => {
      if (this.#map) event.stopPropagation();
      this.#map = null;
    },
  };
}

/** Rows of a tile that stand for one row of its map. */
function bandOf(map: AnyGrid, { volume }: Shown): number {
  return volume.axes === 1 ? (map.scene?.tileHeight ?? 1) : 1;
}

/** Cells of padding before a map's first cell on its tile. */
function lead(map: AnyGrid, { pooled: { grid } }: Shown): Place {
  return map.dataset["part"] === "input"
    ? { row: grid.rows.before, column: grid.columns.before }
    : { row: 0, column: 0 };
}

/** The cell of a map under the pointer, negative in padding; null outside. */
function cellOf(map: AnyGrid, shown: Shown, event: PointerEvent): Place | null {
  const box = map.getBoundingClientRect();
  const cell = map.layout && hitTest(map.layout, event.clientX - box.left, event.clientY - box.top);
  if (!cell) return null;
  const { row, column } = lead(map, shown);
  return { row: Math.floor(cell.y / bandOf(map, shown)) - row, column: cell.x - column };
}

/** The client rectangle of a map's cell. */
export function rectOfCell(map: AnyGrid, shown: Shown, { row, column }: Place): Rect | null {
  const before = lead(map, shown);
  return map.cellAt(0, column + before.column, (row + before.row) * bandOf(map, shown));
}

/** On an output the cell itself; on the input the window whose middle is nearest to the cell. */
function placeOf(map: AnyGrid, { pooled: { grid } }: Shown, cell: Place): Place {
  const part = map.dataset["part"] ?? "";
  if (part !== "input" && !part.endsWith(".gradient")) return cell;
  return { row: nearestWindow(grid.rows, cell.row), column: nearestWindow(grid.columns, cell.column) };
}

export function nearestWindow({ before, size, stride, output }: WindowAxis, cell: number): number {
  return Math.max(0, Math.min(output - 1, Math.round((cell + before - (size - 1) / 2) / stride)));
}

/** Whether the window stands over a cell of the input. */
function covers({ pooled: { grid }, place }: Shown, cell: Place): boolean {
  const within = ({ stride, before, size }: WindowAxis, index: number, at: number): boolean =>
    at >= index * stride - before && at < index * stride - before + size;
  return within(grid.rows, place.row, cell.row) && within(grid.columns, place.column, cell.column);
}
