/** Where a biography's columns, pictures and charts lie. CSS pixels from the element's top left. */

export interface StoryLayout {
  readonly left: number;
  readonly pitch: number;
  /** Every how many columns a picture has room. */
  readonly every: number;
  readonly cell: number;
  readonly rowTops: readonly number[];
  readonly rowHeight: number;
  readonly charts: readonly { top: number; height: number }[];
  readonly height: number;
}

const GUTTER = 64;
const TICKS = 18;
const LARGEST_TILE = 24;
const SMALLEST_TILE = 12;
const ROW_GAP = 3;
const CHART_GAP = 10;

export interface StorySize {
  readonly width: number;
  readonly height: number;
  readonly density: number;
  readonly steps: number;
  readonly rows: number;
  readonly charts: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
}

export function storyLayout(size: StorySize): StoryLayout {
  const pitch = Math.max(1e-3, (size.width - GUTTER) / Math.max(1, size.steps));
  const longer = Math.max(size.tileWidth, size.tileHeight);
  const wanted = Math.min(LARGEST_TILE, Math.max(SMALLEST_TILE, pitch - 1));
  const whole = Math.floor((wanted / longer) * size.density) / size.density;
  const cell = whole > 0 ? whole : wanted / longer;
  const every = Math.max(1, Math.ceil((size.tileWidth * cell + 1) / pitch - 1e-6));
  const rowHeight = size.tileHeight * cell;
  const rowTops = Array.from({ length: size.rows }, (_, i) => TICKS + i * (rowHeight + ROW_GAP) + (i > 0 ? 3 : 0));
  const start = TICKS + size.rows * (rowHeight + ROW_GAP) + CHART_GAP;
  const height = Math.max(34, (size.height - start) / Math.max(1, size.charts) - CHART_GAP);
  const charts = Array.from({ length: size.charts }, (_, i) => ({ top: start + i * (height + CHART_GAP), height }));
  return {
    left: GUTTER,
    pitch,
    every,
    cell,
    rowTops,
    rowHeight,
    charts,
    height: start + size.charts * (height + CHART_GAP),
  };
}

export function columnCentre(layout: StoryLayout, index: number): number {
  return layout.left + (index + 0.5) * layout.pitch;
}

/** The column at a position; null left of the first one. */
export function columnAt(layout: StoryLayout, x: number, steps: number): number | null {
  const index = Math.floor((x - layout.left) / layout.pitch);
  return index < 0 || index >= steps ? null : index;
}

/** Whether a column's picture is drawn where only every few have room: the shown one always is. */
export function pictured(layout: StoryLayout, index: number, shown: number): boolean {
  if (index === shown) return true;
  return index % layout.every === 0 && Math.abs(index - shown) >= layout.every;
}
