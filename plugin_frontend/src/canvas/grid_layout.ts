/**
 * Where every tile and cell lies: pure geometry in CSS pixels from the canvas' top left.
 *
 * A grid is either *loose* (up to 4,096 places: each tile is drawn by itself, gaps and labels have any size) or *dense*
 * (more: the gaps are one cell wide and lie in the drawn sheet, so that a frame costs a few copies whatever the count).
 */
import { axisLength, carryOver, cellIndexAt, tileLength, tileStart, tilesBetween, type Axis } from "./axis.ts";
import type { Cell, GridScene, Spacing } from "./grid_scene.ts";

const DENSE_ABOVE = 4096;
export const LARGEST_CELL = 96;
/** Tiles narrower than this have no footer: no number would fit below them. */
const LABELLED_FROM = 24;

export interface Insets {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const NO_INSETS: Insets = { left: 0, top: 0, right: 0, bottom: 0 };

/** The part of the canvas that shows tiles; the insets around it are the view's, for numbers and bars. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
  readonly insets: Insets;
  /** Device pixels a CSS pixel. */
  readonly density: number;
}

/** Zoom and pan: pixels a cell, gap in cells, and the content's point at the viewport's top left. */
export interface GridPose {
  readonly cell: number;
  readonly gap: number;
  readonly x: number;
  readonly y: number;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface GridLayout {
  readonly scene: GridScene;
  readonly viewport: Viewport;
  readonly pose: GridPose;
  readonly dense: boolean;
  readonly across: Axis;
  readonly down: Axis;
  readonly footer: number;
}

export function isDense(scene: GridScene): boolean {
  return scene.columns * scene.rows > DENSE_ABOVE;
}

export function layoutGrid(scene: GridScene, viewport: Viewport, pose: GridPose): GridLayout {
  const dense = isDense(scene);
  const labelled = !dense && scene.tileWidth * pose.cell >= LABELLED_FROM;
  const footer = labelled ? (scene.spacing?.footer ?? 0) : 0;
  const gap = gapPixels(scene, pose.cell, pose.gap);
  const group = dense ? 0 : (scene.spacing?.groupColumns ?? 0);
  const across: Axis = {
    count: scene.columns,
    cells: scene.tileWidth,
    cell: pose.cell,
    pitch: scene.tileWidth * pose.cell + gap,
    group,
    extra: group ? gap * ((scene.spacing?.groupGap ?? 3) - 1) : 0,
  };
  const down: Axis = {
    count: scene.rows,
    cells: scene.tileHeight,
    cell: pose.cell,
    pitch: scene.tileHeight * pose.cell + gap + footer,
    group: 0,
    extra: 0,
  };
  return { scene, viewport, pose, dense, across, down, footer };
}

/** The largest zoom at which everything shows, in whole device pixels a cell (or a tile) where that is two or more. */
export function fitPose(scene: GridScene, viewport: Viewport): GridPose {
  const { width, height } = innerSize(viewport);
  const [least, most] = gapRange(scene);
  const largest = Math.min(LARGEST_CELL, cellThatFits(scene, width, height, least));
  const step = zoomStep(scene);
  let cell = wholePixels(scene, largest * viewport.density) / viewport.density;
  // A cell that is right but for rounding may be a hair too large.
  while (cell * viewport.density >= 2 + step && !fits(scene, viewport, { cell, gap: least, x: 0, y: 0 })) {
    cell -= step / viewport.density;
  }
  let gap = most;
  for (; gap > least && !fits(scene, viewport, { cell, gap, x: 0, y: 0 }); gap -= 0.05);
  return { cell, gap: Math.max(least, gap), x: 0, y: 0 };
}

/** The least difference between two zooms that are told apart, in device pixels a cell. */
function zoomStep(scene: Pick<GridScene, "tileWidth" | "spacing">): number {
  return scene.spacing?.wholeCells === false ? 1 / scene.tileWidth : 1;
}

/** Device pixels a cell, rounded down to whole cells (or whole tiles) where that is two or more. */
function wholePixels(scene: Pick<GridScene, "tileWidth" | "spacing">, pixels: number): number {
  const step = zoomStep(scene);
  const whole = Math.floor((pixels + 0.01 * step) / step) * step;
  return whole >= 2 ? whole : pixels;
}

/** How many columns let so many tiles appear largest in this room. */
export function bestColumns(count: number, scene: Omit<GridScene, "columns" | "rows">, viewport: Viewport): number {
  const { width, height } = innerSize(viewport);
  let best = 1;
  let bestCell = 0;
  let lastRows = 0;
  // Only the fewest columns for a number of rows: the last row is then as full as it can be.
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    if (rows === lastRows) continue;
    lastRows = rows;
    const candidate = { ...scene, columns, rows };
    const cell = cellThatFits(candidate, width, height, gapRange(candidate)[0]) * viewport.density;
    const whole = wholePixels(candidate, cell);
    if (whole > bestCell) {
      best = columns;
      bestCell = whole;
    }
  }
  return best;
}

/** The pose after zooming to `cell` pixels a cell while the point under (x, y) stays where it is. */
export function zoomAround(layout: GridLayout, cell: number, x: number, y: number): GridPose {
  const { scene, viewport, pose } = layout;
  const { insets } = viewport;
  const next = layoutGrid(scene, viewport, { ...pose, cell });
  const left = carryOver(layout.across, next.across, x - insets.left + pose.x) - (x - insets.left);
  const top = carryOver(layout.down, next.down, y - insets.top + pose.y) - (y - insets.top);
  return clampPose(scene, viewport, { ...next.pose, x: left, y: top });
}

/** The nearest pose that shows no emptiness which panning could avoid. */
export function clampPose(scene: GridScene, viewport: Viewport, pose: GridPose): GridPose {
  const { width, height } = innerSize(viewport);
  const layout = layoutGrid(scene, viewport, pose);
  const x = Math.max(0, Math.min(pose.x, axisLength(layout.across) - width));
  const y = Math.max(0, Math.min(pose.y, axisLength(layout.down, layout.footer) - height));
  return { ...pose, x, y };
}

export function placeRect(layout: GridLayout, place: number): Rect {
  const { insets } = layout.viewport;
  const column = place % layout.scene.columns;
  const row = Math.floor(place / layout.scene.columns);
  return {
    x: snap(layout, insets.left + tileStart(layout.across, column) - layout.pose.x),
    y: snap(layout, insets.top + tileStart(layout.down, row) - layout.pose.y),
    width: tileLength(layout.across),
    height: tileLength(layout.down),
  };
}

export function cellRect(layout: GridLayout, place: number, x: number, y: number): Rect {
  const tile = placeRect(layout, place);
  const { cell } = layout.pose;
  return { x: tile.x + x * cell, y: tile.y + y * cell, width: cell, height: cell };
}

/** The cell under a point of the canvas; undefined in gaps, insets and outside. */
export function hitTest(layout: GridLayout, x: number, y: number): Cell | undefined {
  const { insets, width, height } = layout.viewport;
  if (x < insets.left || y < insets.top || x >= width - insets.right || y >= height - insets.bottom) return undefined;
  const across = cellIndexAt(layout.across, x - insets.left + layout.pose.x);
  const down = cellIndexAt(layout.down, y - insets.top + layout.pose.y);
  if (!across || !down) return undefined;
  const place = down.tile * layout.scene.columns + across.tile;
  return { place, column: across.tile, row: down.tile, x: across.cell, y: down.cell };
}

/** How far a rectangle lies outside the viewport, to its right or bottom where positive; zero where it is seen whole. */
export function distanceToSight(layout: GridLayout, rect: Rect): { dx: number; dy: number } {
  const { insets, width, height } = layout.viewport;
  return {
    dx: beyond(rect.x, rect.width, insets.left, width - insets.right),
    dy: beyond(rect.y, rect.height, insets.top, height - insets.bottom),
  };
}

export function visibleTiles(layout: GridLayout): { columns: Span; rows: Span } | undefined {
  const { width, height } = innerSize(layout.viewport);
  const columns = tilesBetween(layout.across, layout.pose.x, layout.pose.x + width);
  const rows = tilesBetween(layout.down, layout.pose.y, layout.pose.y + height);
  return columns && rows && { columns, rows };
}

export interface Span {
  readonly first: number;
  readonly last: number;
}

export function contentSize(layout: GridLayout): { width: number; height: number } {
  return { width: axisLength(layout.across), height: axisLength(layout.down, layout.footer) };
}

export function innerSize({ width, height, insets }: Viewport): { width: number; height: number } {
  return {
    width: Math.max(1, width - insets.left - insets.right),
    height: Math.max(1, height - insets.top - insets.bottom),
  };
}

/** The gaps that fitting may choose between, in cells. */
export function gapRange(scene: GridScene): [number, number] {
  const most = scene.spacing?.gap ?? 1;
  if (isDense(scene)) return most > 0 ? [1, 1] : [0, 0];
  return [Math.min(most, most * 0.4), most];
}

function beyond(start: number, length: number, lo: number, hi: number): number {
  return start < lo ? start - lo : start + length > hi ? start + length - hi : 0;
}

function gapPixels(scene: GridScene, cell: number, gap: number): number {
  if (isDense(scene) || gap <= 0) return gap * cell;
  const { smallestGap = 1, largestGap = 12 }: Spacing = scene.spacing ?? {};
  if (cell < 1) return gap * cell;
  return Math.min(largestGap, Math.max(smallestGap, Math.round(gap * cell)));
}

function fits(scene: GridScene, viewport: Viewport, pose: GridPose): boolean {
  const room = innerSize(viewport);
  const { width, height } = contentSize(layoutGrid(scene, viewport, pose));
  return width <= room.width && height <= room.height;
}

/** Pixels a cell that just fit, by bisection: the gaps' limits make the size no linear function of it. */
function cellThatFits(scene: GridScene, width: number, height: number, gap: number): number {
  const viewport = { width, height, insets: NO_INSETS, density: 1 };
  let lo = 0;
  let hi = LARGEST_CELL * 2;
  for (let i = 0; i < 24; i++) {
    const middle = (lo + hi) / 2;
    if (fits(scene, viewport, { cell: middle, gap, x: 0, y: 0 })) lo = middle;
    else hi = middle;
  }
  return lo;
}

function snap(layout: GridLayout, position: number): number {
  const { density } = layout.viewport;
  return layout.dense ? position : Math.round(position * density) / density;
}
