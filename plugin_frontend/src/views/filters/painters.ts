/** What is drawn around and over the tiles: numbers, norms, and where one is. */
import { tileLength, tileStart } from "../../canvas/axis.ts";
import { placeRect, visibleTiles, type GridLayout, type Insets } from "../../canvas/grid_layout.ts";
import { besideCaption, captionRoom } from "../../canvas/tile_captions.ts";
import type { GridContext } from "../../canvas/grid_renderer.ts";
import { rangeOfTile, tileAt, valueAt, type PaletteColouring } from "../../canvas/grid_scene.ts";
import { frameHere, setFont, type PaintTheme } from "../../canvas/grid_theme.ts";
import { INF_PIXEL, NAN_PIXEL, colourPixel, pixelCss, inkOn } from "../../math/colour.ts";
import { formatNumber, formatTiny } from "../../math/format.ts";

export const MATRIX_INSETS: Insets = { left: 42, top: 62, right: 72, bottom: 4 };
/** Room for the orange frame of a tile at the border. */
export const TILE_INSETS: Insets = { left: 3, top: 3, right: 3, bottom: 3 };

/** Pixels a cell from which on it carries its number. */
export const NUMBERED_FROM = 34;
const MOST_NUMBERS = 1500;

/** A label and a norm for each item: a filter, or an input of one filter. */
export interface TileLabels {
  readonly slices: number;
  readonly name: (item: number) => string;
  readonly norm: (item: number) => number;
  /** Whether it is practically dead: that is said in place of its norm. */
  readonly dead: (item: number) => boolean;
  readonly largestNorm: number;
  /** The item at a place of the list. */
  readonly items: Int32Array;
  readonly here: number | null;
  readonly hovered: number | null;
}

export function paintTiles(context: GridContext, layout: GridLayout, theme: PaintTheme, labels: TileLabels): void {
  const seen = visibleTiles(layout);
  if (!seen) return;
  const { columns } = layout.scene;
  for (let row = seen.rows.first; row <= seen.rows.last; row++) {
    for (let column = seen.columns.first; column <= seen.columns.last; column++) {
      const place = row * columns + column;
      const item = labels.items[Math.floor(place / labels.slices)];
      if (item === undefined || tileAt(layout.scene, place) < 0) continue;
      const slice = place % labels.slices;
      if (layout.footer) paintFooter(context, layout, theme, labels, place, item, slice);
      if (item === labels.here) frameHere(context, placeRect(layout, place), theme);
    }
  }
  paintNumbers(context, layout, theme);
}

function paintFooter(
  context: GridContext,
  layout: GridLayout,
  theme: PaintTheme,
  labels: TileLabels,
  place: number,
  item: number,
  slice: number,
): void {
  const rect = placeRect(layout, place);
  const orange = item === labels.here || item === labels.hovered;
  const norm = labels.norm(item);
  setFont(context, theme, 11, item === labels.here);
  context.textBaseline = "alphabetic";
  const room = captionRoom(layout, rect.width);
  const taken = context.measureText(labels.name(item)).width;
  if (slice === 0) {
    context.fillStyle = orange ? theme.here : barColour(norm, theme.ink2);
    context.fillRect(rect.x, rect.y + rect.height + 3, Math.max(1, rect.width * share(norm, labels.largestNorm)), 1.5);
    context.textAlign = "left";
    context.fillStyle = orange ? theme.hereInk : theme.ink2;
    if (orange || taken <= room + (labels.slices - 1) * layout.across.pitch)
      context.fillText(labels.name(item), rect.x, rect.y + rect.height + 15);
  }
  if (slice === labels.slices - 1) {
    setFont(context, theme, 11);
    const texts = labels.dead(item) ? ["dead"] : [2, 1].map((digits) => formatNumber(norm, { digits }));
    const own = labels.slices === 1 ? taken : Math.max(0, taken - (labels.slices - 1) * layout.across.pitch);
    const text = besideCaption(texts, own, room, (each) => context.measureText(each).width);
    if (text === null) return;
    context.textAlign = "right";
    context.fillStyle = orange ? theme.hereInk : theme.ink3;
    context.fillText(text, rect.x + room, rect.y + rect.height + 15);
  }
}

/** The weights themselves, where a cell has room for them. */
export function paintNumbers(context: GridContext, layout: GridLayout, theme: PaintTheme): void {
  const { scene, pose } = layout;
  const seen = visibleTiles(layout);
  if (!seen || pose.cell < NUMBERED_FROM || scene.colouring.kind !== "palette") return;
  const tiles = (seen.rows.last - seen.rows.first + 1) * (seen.columns.last - seen.columns.first + 1);
  if (tiles * scene.tileWidth * scene.tileHeight > MOST_NUMBERS) return;
  const { insets, width, height } = layout.viewport;
  clipped(
    context,
    insets.left,
    insets.top,
    width - insets.left - insets.right,
    height - insets.top - insets.bottom,
    () => writeNumbers(context, layout, theme, seen, scene.colouring as PaletteColouring),
  );
}

function writeNumbers(
  context: GridContext,
  layout: GridLayout,
  theme: PaintTheme,
  seen: NonNullable<ReturnType<typeof visibleTiles>>,
  { palette, range }: PaletteColouring,
): void {
  const { scene, pose } = layout;
  setFont(context, theme, 11);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let row = seen.rows.first; row <= seen.rows.last; row++) {
    for (let column = seen.columns.first; column <= seen.columns.last; column++) {
      const place = row * scene.columns + column;
      const tile = tileAt(scene, place);
      if (tile < 0) continue;
      const { x: left, y: top } = placeRect(layout, place);
      const { lo, hi } = rangeOfTile(range, tile);
      for (let y = 0; y < scene.tileHeight; y++) {
        for (let x = 0; x < scene.tileWidth; x++) {
          const value = valueAt(scene, { place, column, row, x, y })!;
          context.fillStyle = scene.dead?.[tile] ? theme.ink2 : inkOn(colourPixel(value, lo, hi, palette));
          context.fillText(formatTiny(value), left + (x + 0.5) * pose.cell, top + (y + 0.5) * pose.cell + 0.5);
        }
      }
    }
  }
}

export interface MatrixLabels {
  readonly slices: number;
  readonly filters: Int32Array;
  readonly inputs: Int32Array;
  readonly filterNorms: ArrayLike<number>;
  /** 1 for each filter that is practically dead: its bar is a cross. */
  readonly deadFilters: ArrayLike<number>;
  readonly inputNorms: ArrayLike<number>;
  readonly inputName: (input: number) => string;
  /** Filter and input under the cursor, or opened. */
  readonly filter: number | null;
  readonly input: number | null;
}

/** Norms of filters above, use of inputs to the right, numbers at both, and the crosshair. */
export function paintMatrix(context: GridContext, layout: GridLayout, theme: PaintTheme, labels: MatrixLabels): void {
  paintNumbers(context, layout, theme);
  const { insets, width, height } = layout.viewport;
  // Numbers at the border may reach a little over it.
  clipped(context, insets.left - 12, 0, width - insets.left - insets.right + 24, height, () => {
    paintColumnHeads(context, layout, theme, labels);
  });
  clipped(context, 0, insets.top - 6, width, height - insets.top - insets.bottom + 10, () => {
    paintRowHeads(context, layout, theme, labels);
  });
  setFont(context, theme, 11);
  context.textBaseline = "alphabetic";
  context.fillStyle = theme.ink3;
  context.textAlign = "right";
  context.fillText("norm", insets.left - 6, 24);
  context.textAlign = "left";
  const end = Math.min(width - insets.right, insets.left + spanEnd(layout)) + 8;
  context.fillText("use of the", end, insets.top - 18);
  context.fillText("input", end, insets.top - 6);
}

function paintColumnHeads(context: GridContext, layout: GridLayout, theme: PaintTheme, labels: MatrixLabels): void {
  const { insets, width, height } = layout.viewport;
  const { across, pose } = layout;
  const most = largest(labels.filterNorms);
  const base = insets.top - 18;
  const written = new Spacer(28);
  const seen = visibleTiles(layout);
  if (!seen) return;
  const first = Math.floor(seen.columns.first / labels.slices);
  const last = Math.floor(seen.columns.last / labels.slices);
  const xOf = (place: number): number => insets.left + tileStart(across, place * labels.slices) - pose.x;
  const wide = tileStart(across, labels.slices - 1) + tileLength(across);
  const here = labels.filter === null ? -1 : labels.filters.indexOf(labels.filter);
  if (here >= first && here <= last) written.take(xOf(here) + wide / 2);
  setFont(context, theme, 11);
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (let place = first; place <= last; place++) {
    const filter = labels.filters[place]!;
    const x = xOf(place);
    const norm = labels.filterNorms[filter]!;
    const bar = Math.max(1, share(norm, most) * (base - 6));
    context.fillStyle = place === here ? theme.here : barColour(norm, theme.bar);
    const start = Math.max(x, insets.left);
    const end = Math.min(x + Math.max(0.75, wide), width - insets.right);
    const middle = x + wide / 2;
    if (labels.deadFilters[filter]) {
      if (middle >= insets.left && middle <= width - insets.right)
        cross(context, middle, base - 4, Math.min(3, wide / 2 - 0.5), place === here ? theme.here : theme.ink3);
    } else if (end > start) context.fillRect(start, base - bar, end - start, bar);
    if (place !== here && middle >= insets.left && middle <= width - insets.right && written.take(middle)) {
      context.fillStyle = theme.ink3;
      context.fillText(String(filter), middle, insets.top - 5);
    }
  }
  if (here < first || here > last) return;
  setFont(context, theme, 11, true);
  context.fillStyle = theme.hereInk;
  context.fillText(String(labels.filter), xOf(here) + wide / 2, insets.top - 5);
  const bottom = Math.min(height - insets.bottom, insets.top + tileStart(layout.down, layout.scene.rows) - pose.y);
  outline(context, { x: xOf(here), y: insets.top, width: wide, height: bottom - insets.top }, theme);
}

function cross(context: GridContext, x: number, y: number, arm: number, colour: string): void {
  if (arm < 1) return;
  context.beginPath();
  context.moveTo(x - arm, y - arm);
  context.lineTo(x + arm, y + arm);
  context.moveTo(x - arm, y + arm);
  context.lineTo(x + arm, y - arm);
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.stroke();
}

function paintRowHeads(context: GridContext, layout: GridLayout, theme: PaintTheme, labels: MatrixLabels): void {
  const { insets, width, height } = layout.viewport;
  const { down, pose } = layout;
  const seen = visibleTiles(layout);
  if (!seen) return;
  const most = largest(labels.inputNorms);
  const high = tileLength(down);
  const end = Math.min(width - insets.right, insets.left + spanEnd(layout)) + 8;
  const written = new Spacer(13);
  const here = labels.input === null ? -1 : labels.inputs.indexOf(labels.input);
  const yOf = (place: number): number => insets.top + tileStart(down, place) - pose.y;
  if (here >= seen.rows.first && here <= seen.rows.last) written.take(yOf(here) + high / 2);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let place = seen.rows.first; place <= seen.rows.last; place++) {
    const input = labels.inputs[place]!;
    const norm = labels.inputNorms[input]!;
    const y = yOf(place);
    const bar = Math.max(1, share(norm, most) * (insets.right - 20));
    context.fillStyle = place === here ? theme.here : barColour(norm, theme.bar);
    const top = Math.max(y, insets.top);
    const bottom = Math.min(y + Math.max(0.75, high), height - insets.bottom);
    if (bottom > top) context.fillRect(end, top, bar, bottom - top);
    const middle = y + high / 2;
    if (middle < insets.top || middle > height - insets.bottom || (place !== here && !written.take(middle))) continue;
    setFont(context, theme, 11, place === here);
    context.fillStyle = place === here ? theme.hereInk : theme.ink3;
    context.fillText(labels.inputName(input), insets.left - 6, middle + 0.5);
  }
  if (here >= seen.rows.first && here <= seen.rows.last) {
    outline(context, { x: insets.left, y: yOf(here), width: end - 8 - insets.left, height: high }, theme);
  }
}

/** The length of a bar: full for what is no number, so that its colour is seen. */
function share(norm: number, most: number): number {
  if (!Number.isFinite(norm)) return 1;
  return most > 0 ? norm / most : 0;
}

function barColour(norm: number, usual: string): string {
  if (Number.isFinite(norm)) return usual;
  return pixelCss(Number.isNaN(norm) ? NAN_PIXEL : INF_PIXEL);
}

/** Where the content ends, from the viewport's left. */
function spanEnd(layout: GridLayout): number {
  return tileStart(layout.across, layout.scene.columns - 1) + tileLength(layout.across) - layout.pose.x;
}

function outline(
  context: GridContext,
  rect: { x: number; y: number; width: number; height: number },
  theme: PaintTheme,
): void {
  if (rect.width <= 0 || rect.height <= 0) return;
  context.strokeStyle = theme.here;
  context.lineWidth = 1.5;
  context.strokeRect(rect.x - 0.75, rect.y - 0.75, rect.width + 1.5, rect.height + 1.5);
}

function clipped(context: GridContext, x: number, y: number, width: number, height: number, paint: () => void): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  paint();
  context.restore();
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > most && values[i]! < Infinity) most = values[i]!;
  return most;
}

/** Lets labels be written only where they leave each other room. */
class Spacer {
  private readonly taken: number[] = [];

  constructor(private readonly room: number) {}

  take(at: number): boolean {
    if (this.taken.some((other) => Math.abs(other - at) < this.room)) return false;
    this.taken.push(at);
    return true;
  }
}
