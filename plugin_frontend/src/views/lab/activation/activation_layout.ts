/** Where panels stand, in CSS pixels from the picture's corner. */
export const GAP = 24;
export const HEAD = 22;
const AXIS = 24;
const LEAST_HEIGHT = 140;
const MOST_HEIGHT = 330;
const LEAST_WIDTH = 250;
const LAYER_ROW = 24;
/** Narrower heads have their numbers in a line of their own. */
const ONE_LINE = 300;

export interface PanelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Of the curves. */
  readonly top: number;
  readonly bottom: number;
  readonly twoLines: boolean;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly panelWidth: number;
  readonly panelHeight: number;
  readonly layers: { readonly y: number; readonly columns: number; readonly each: number; readonly row: number };
}

export function layoutOf(panels: number, width: number, height: number): Layout {
  const most = Math.max(1, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
  const columns = Math.max(1, Math.min(most, panels <= 4 ? 2 : 3, panels));
  const rows = Math.ceil(panels / columns);
  const each = (width - (columns - 1) * GAP) / columns;
  const layersHeight = HEAD + 30 + LAYER_ROW * rows;
  const panelHeight = Math.min(
    MOST_HEIGHT,
    Math.max(LEAST_HEIGHT, Math.floor((height - layersHeight) / Math.max(1, rows)) - 8),
  );
  const y = rows * (panelHeight + 8);
  return {
    width,
    height: y + layersHeight,
    columns,
    panelWidth: each,
    panelHeight,
    layers: { y, columns, each, row: LAYER_ROW },
  };
}

export function boxOf({ columns, panelWidth, panelHeight }: Layout, i: number): PanelBox {
  const y = Math.floor(i / columns) * (panelHeight + 8);
  const twoLines = panelWidth < ONE_LINE;
  return {
    x: (i % columns) * (panelWidth + GAP),
    y,
    width: panelWidth,
    top: y + HEAD + (twoLines ? 16 : 0),
    bottom: y + panelHeight - AXIS,
    twoLines,
  };
}
