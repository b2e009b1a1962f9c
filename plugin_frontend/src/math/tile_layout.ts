/** How large tiles can be so that all of them are seen at once. */

export interface TileLayout {
  columns: number;
  rows: number;
  /** Size of one picture in CSS pixels. */
  width: number;
  height: number;
}

export interface TileSpace {
  width: number;
  height: number;
  /** Between tiles, and below each one for its label. */
  gap: number;
  label: number;
  /** Limits of a picture's width. */
  smallest: number;
  largest: number;
}

/**
 * The largest width up to `wanted` at which every cell is a whole number of device pixels wide; where cells are more
 * than that, any width (nearest sampling is uneven there anyway).
 */
export function wholeMultiple(wanted: number, cells: number, pixelRatio: number): number {
  const pixels = Math.floor(wanted * pixelRatio);
  const multiple = Math.floor(pixels / Math.max(1, cells));
  return multiple >= 1 ? (multiple * cells) / pixelRatio : pixels / pixelRatio;
}

/** The fewest columns, hence the largest tiles, whose rows fit the height; at the smallest width the rest scrolls. */
export function tileLayout(
  count: number,
  cells: readonly [rows: number, columns: number],
  space: TileSpace,
  pixelRatio: number,
): TileLayout {
  const [rowCells, columnCells] = cells;
  const aspect = rowCells / Math.max(1, columnCells);
  const at = (columns: number): TileLayout => {
    const room = Math.min(space.largest, (space.width - space.gap * (columns - 1)) / columns);
    const width = wholeMultiple(Math.max(room, 1), columnCells, pixelRatio);
    return { columns, rows: Math.ceil(count / columns), width, height: Math.max(width * aspect, 8) };
  };
  const most = Math.max(1, Math.floor((space.width + space.gap) / (space.smallest + space.gap)));
  for (let columns = 1; columns < most; columns++) {
    const layout = at(columns);
    if (layout.rows * (layout.height + space.label + space.gap) - space.gap <= space.height) return roomy(count, layout, space);
  }
  return roomy(count, at(most), space);
}

/** As many columns as the width takes at the layout's tile size. */
function roomy(count: number, layout: TileLayout, space: TileSpace): TileLayout {
  const columns = Math.max(layout.columns, Math.floor((space.width + space.gap) / (layout.width + space.gap)));
  return { ...layout, columns, rows: Math.ceil(count / columns) };
}
