import { tileAt, type Cell, type GridScene } from "./grid_scene.ts";

const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * The cell that an arrow key leads to: the next cell, on the border the neighbouring tile's; with `byTile` the same cell
 * of the next tile. From nowhere to the first cell. Null for other keys; the cell itself where the grid ends.
 */
export function stepCursor(scene: GridScene, cell: Cell | null, key: string, byTile: boolean): Cell | null {
  const step = STEPS[key];
  if (!step || tileAt(scene, 0) < 0) return null;
  if (!cell || cell.place >= scene.columns * scene.rows) return { place: 0, column: 0, row: 0, x: 0, y: 0 };
  const { tileWidth, tileHeight, columns, rows } = scene;
  const [dx, dy] = [step[0] * (byTile ? tileWidth : 1), step[1] * (byTile ? tileHeight : 1)];
  const x = Math.min(columns * tileWidth - 1, Math.max(0, cell.column * tileWidth + cell.x + dx));
  const y = Math.min(rows * tileHeight - 1, Math.max(0, cell.row * tileHeight + cell.y + dy));
  const [column, row] = [Math.floor(x / tileWidth), Math.floor(y / tileHeight)];
  const place = row * columns + column;
  return tileAt(scene, place) < 0 ? cell : { place, column, row, x: x % tileWidth, y: y % tileHeight };
}
