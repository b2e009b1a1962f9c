/** The scenes of the view: which weights stand where, in which colours. */
import type { Colouring, GridScene, Spacing } from "../../canvas/grid_scene.ts";
import type { ChannelOrder, Palette } from "../../math/colour.ts";
import { boundsByTile, type Bounds } from "./bounds.ts";
import type { Mode } from "./fields.ts";
import { tileOf, type Kernels, type KernelShape } from "./kernels.ts";

/** Which filter stands at which place, and which input. */
export interface Order {
  readonly filters: Int32Array;
  readonly inputs: Int32Array;
}

/** A weight. In a folded tile the input is that of the first of the three channels. */
export interface WeightPlace {
  readonly filter: number;
  readonly input: number;
  readonly slice: number;
  readonly row: number;
  readonly column: number;
}

export interface ScenePlan {
  readonly mode: Mode;
  readonly order: Order;
  readonly palette: Palette;
  readonly bounds: Bounds;
  /** The filter that "one" shows. */
  readonly filter: number;
  /** Which colours the three channels of a folded tile are. */
  readonly channels: ChannelOrder;
}

const TILE_SPACING: Spacing = { gap: 1, largestGap: 12, footer: 18 };

export function sceneOf(kernels: Kernels, plan: ScenePlan): GridScene {
  const { mode, order } = plan;
  const dead = deadTiles(kernels, mode);
  const size = { values: kernels.values, tileWidth: kernels.width, tileHeight: kernels.height, dead };
  const colouring = mode === "folded" ? folded(plan) : palette(kernels, plan);
  if (mode === "folded") {
    return { ...size, colouring, tiles: order.filters, columns: order.filters.length, rows: 1, spacing: TILE_SPACING };
  }
  const { slices } = kernels;
  const groups: Spacing = slices > 1 ? { groupColumns: slices, groupGap: 3 } : {};
  if (mode === "matrix") {
    return {
      ...size,
      colouring,
      columns: order.filters.length * slices,
      rows: order.inputs.length,
      tiles: matrixTiles(kernels, order),
      spacing: { gap: 0.6, largestGap: 8, ...groups },
    };
  }
  const tiles =
    mode === "tiles"
      ? listTiles(kernels, order.filters, (filter, slice) => tileOf(kernels, filter, 0, slice))
      : listTiles(kernels, order.inputs, (input, slice) => tileOf(kernels, plan.filter, input, slice));
  return { ...size, colouring, tiles, columns: tiles.length, rows: 1, spacing: TILE_SPACING };
}

/** The weight at a cell of a scene made with the same plan. */
export function weightAt(
  shape: KernelShape,
  plan: Pick<ScenePlan, "mode" | "order" | "filter">,
  columns: number,
  cell: { place: number; x: number; y: number },
): WeightPlace | null {
  const { order, mode } = plan;
  const at = { row: cell.y, column: cell.x };
  const { slices } = shape;
  if (mode === "matrix") {
    const column = cell.place % columns;
    const filter = order.filters[Math.floor(column / slices)];
    const input = order.inputs[Math.floor(cell.place / columns)];
    return filter === undefined || input === undefined ? null : { filter, input, slice: column % slices, ...at };
  }
  const item = (mode === "one" ? order.inputs : order.filters)[Math.floor(cell.place / slices)];
  if (item === undefined) return null;
  const owner = mode === "one" ? { filter: plan.filter, input: item } : { filter: item, input: 0 };
  return { ...owner, slice: cell.place % slices, ...at };
}

/** The cell that shows a weight; null where the scene does not show it. */
export function cellOf(
  shape: KernelShape,
  plan: Pick<ScenePlan, "mode" | "order" | "filter">,
  columns: number,
  weight: WeightPlace,
): { place: number; x: number; y: number } | null {
  const { mode, order } = plan;
  const at = { x: weight.column, y: weight.row };
  const filter = order.filters.indexOf(weight.filter);
  const input = order.inputs.indexOf(weight.input);
  if (mode === "one") {
    return weight.filter === plan.filter && input >= 0 ? { place: input * shape.slices + weight.slice, ...at } : null;
  }
  if (filter < 0) return null;
  if (mode === "matrix") {
    return input < 0 ? null : { place: input * columns + filter * shape.slices + weight.slice, ...at };
  }
  return { place: filter * shape.slices + weight.slice, ...at };
}

/** The tiles of dead filters; undefined where none is dead. A folded tile is a filter. */
function deadTiles(kernels: Kernels, mode: Mode): Uint8Array | undefined {
  if (!kernels.dead.includes(1)) return undefined;
  if (mode === "folded") return kernels.dead;
  const tilesAFilter = kernels.inputs * kernels.slices;
  return new Uint8Array(kernels.filters * tilesAFilter).map(
    (_, tile) => kernels.dead[Math.floor(tile / tilesAFilter)]!,
  );
}

function palette(kernels: Kernels, { palette: colours, bounds }: ScenePlan): Colouring {
  if (bounds.each.length === 1) {
    const bound = bounds.each[0]!;
    return { kind: "palette", palette: colours, range: { lo: -bound, hi: bound } };
  }
  const hi = boundsByTile(bounds, kernels);
  return { kind: "palette", palette: colours, range: { lo: hi.map((bound) => -bound), hi } };
}

/** A folded tile is a filter: bounds by filter already lie in its order. */
function folded({ bounds, channels }: ScenePlan): Colouring {
  return { kind: "folded", bound: bounds.each.length === 1 ? bounds.each[0]! : bounds.each, order: channels };
}

function matrixTiles(shape: KernelShape, { filters, inputs }: Order): Int32Array {
  const columns = filters.length * shape.slices;
  const tiles = new Int32Array(columns * inputs.length);
  for (let row = 0; row < inputs.length; row++) {
    for (let column = 0; column < columns; column++) {
      const filter = filters[Math.floor(column / shape.slices)]!;
      tiles[row * columns + column] = tileOf(shape, filter, inputs[row]!, column % shape.slices);
    }
  }
  return tiles;
}

function listTiles(shape: KernelShape, items: Int32Array, tile: (item: number, slice: number) => number): Int32Array {
  const tiles = new Int32Array(items.length * shape.slices);
  for (let place = 0; place < tiles.length; place++) {
    tiles[place] = tile(items[Math.floor(place / shape.slices)]!, place % shape.slices);
  }
  return tiles;
}
