/** Feature maps of one layer at one step, as a record holds them, and the values behind them. */

export interface NumberArray {
  shape: readonly number[];
  data: ArrayLike<number>;
}

export interface MapStack {
  images: number;
  /** Maps that were kept, and channels that the layer has. */
  kept: number;
  of: number;
  /** Spatial axes as [depth, rows, columns]; missing ones are 1. `axes` says how many the layer has. */
  spatial: readonly [number, number, number];
  axes: number;
  /** Channel number of each kept map. */
  channels: ArrayLike<number>;
  levels: ArrayLike<number>;
  /** [images, kept], beside 8-bit levels only. */
  lo: ArrayLike<number> | null;
  hi: ArrayLike<number> | null;
}

/** Statistics of every channel from the float32 maps, kept or not: [images, of] each. */
export interface MapStatistics {
  images: number;
  of: number;
  mean: ArrayLike<number>;
  min: ArrayLike<number>;
  max: ArrayLike<number>;
  zeros: ArrayLike<number>;
}

export type Arrays = (name: string) => NumberArray | undefined;

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

function need(arrays: Arrays, name: string, shape: readonly number[]): ArrayLike<number> {
  const found = arrays(name);
  if (found === undefined) throw new Error(`the record has no array "${name}"`);
  if (found.shape.join() !== shape.join() || found.data.length !== product(shape)) {
    throw new Error(`array "${name}" has the shape [${found.shape.join(", ")}], not [${shape.join(", ")}]`);
  }
  return found.data;
}

/**
 * The maps of a record; `prefix` is "input_" for what went into a pooling layer.
 * Throws where shapes contradict each other: a log is never trusted.
 */
export function mapStack(arrays: Arrays, of: number, prefix: "" | "input_" = ""): MapStack {
  const maps = arrays(`${prefix}maps`);
  if (maps === undefined) throw new Error(`the record has no array "${prefix}maps"`);
  const [images = 0, kept = 0, ...spatial] = maps.shape;
  if (maps.shape.length < 2 || spatial.length > 3 || maps.data.length !== product(maps.shape)) {
    throw new Error(`maps of shape [${maps.shape.join(", ")}] cannot be drawn: 2 to 5 axes are expected`);
  }
  const ranged = arrays(`${prefix}lo`) !== undefined;
  return {
    images,
    kept,
    of: Math.max(of, kept),
    spatial: [spatial.at(-3) ?? 1, spatial.at(-2) ?? 1, spatial.at(-1) ?? 1],
    axes: spatial.length,
    channels: need(arrays, `${prefix}channels`, [kept]),
    levels: maps.data,
    lo: ranged ? need(arrays, `${prefix}lo`, [images, kept]) : null,
    hi: ranged ? need(arrays, `${prefix}hi`, [images, kept]) : null,
  };
}

export function mapStatistics(arrays: Arrays): MapStatistics {
  const mean = arrays("mean");
  const [images = 0, of = 0] = mean?.shape ?? [];
  const shape = [images, of];
  return {
    images,
    of,
    mean: need(arrays, "mean", shape),
    min: need(arrays, "min", shape),
    max: need(arrays, "max", shape),
    zeros: need(arrays, "zeros", shape),
  };
}

export function cellCount(stack: MapStack): number {
  return product(stack.spatial);
}

/** The place of a channel among the kept ones, or -1. */
export function slotOf(stack: MapStack, channel: number): number {
  for (let slot = 0; slot < stack.kept; slot++) if (stack.channels[slot] === channel) return slot;
  return -1;
}

/** One map as float32 [depth · rows · columns]: lo + q · (hi − lo) / 255 for 8-bit levels. */
export function mapValues(stack: MapStack, image: number, slot: number): Float32Array {
  const cells = cellCount(stack);
  const place = image * stack.kept + slot;
  const from = place * cells;
  const values = new Float32Array(cells);
  const lo = stack.lo === null ? 0 : (stack.lo[place] ?? NaN);
  const step = stack.lo === null || stack.hi === null ? 1 : ((stack.hi[place] ?? NaN) - lo) / 255;
  for (let i = 0; i < cells; i++) values[i] = lo + (stack.levels[from + i] ?? NaN) * step;
  return values;
}

/** The largest error of a value that was read from 8-bit levels: half a level of its map. 0 for float32. */
export function valueError(stack: MapStack, image: number, slot: number): number {
  if (stack.lo === null || stack.hi === null) return 0;
  const place = image * stack.kept + slot;
  return ((stack.hi[place] ?? NaN) - (stack.lo[place] ?? NaN)) / 510;
}

/** Depth, row and column of a cell, and back. */
export function cellAt(stack: MapStack, index: number): [number, number, number] {
  const [, rows, columns] = stack.spatial;
  return [Math.floor(index / (rows * columns)), Math.floor(index / columns) % rows, index % columns];
}

export function cellIndex(stack: MapStack, cell: readonly [number, number, number]): number {
  const [, rows, columns] = stack.spatial;
  return (cell[0] * rows + cell[1]) * columns + cell[2];
}

/** The cell's indices on the axes that the layer really has, in the order of its receptive field. */
export function cellAxes(stack: MapStack, cell: readonly [number, number, number]): number[] {
  return cell.slice(3 - stack.axes);
}
