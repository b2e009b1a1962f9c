/** Everything that one map's pooling shows, as float32, as Keras gives it. No effects. */
import type { Grid, Planes } from "../../../math/planes.ts";
import { globalAxis } from "../../../math/window_geometry.ts";
import { POOLINGS, pool, poolGradient, type Pooling } from "../../../math/pooling.ts";

export interface Column {
  readonly pooling: Pooling;
  /** [output rows, output columns]. */
  readonly output: Float32Array;
  /** Output minus the average's. */
  readonly minus: Float32Array;
  /** What each input cell receives from 1 in each output. */
  readonly gradient: Float32Array;
  readonly mean: number;
  /** Share of the input cells that receive any gradient. */
  readonly fed: number;
  /** What one window over all of the map gives: global pooling; null where that says nothing. */
  readonly whole: number | null;
  /** Root mean square of the output's change, over the output's, when the input moves one cell to the right. */
  readonly shift: number;
}

export interface PooledMap {
  readonly plane: Planes;
  readonly grid: Grid;
  readonly columns: readonly Column[];
}

/** Binomial weights of wider windows are a narrow peak in the middle, and soon too large for a number. */
const WIDEST_BLUR = 9;

export function pooledMap(plane: Planes, grid: Grid): PooledMap {
  const moved = movedRight(plane);
  const all = { rows: globalAxis(plane.rows), columns: globalAxis(plane.columns) };
  const average = Float32Array.from(pool("average", plane, grid).values);
  const blurs = Math.max(grid.rows.size, grid.columns.size) <= WIDEST_BLUR;
  const columns = POOLINGS.filter((pooling) => pooling !== "blur" || blurs).map((pooling): Column => {
    const output = pooling === "average" ? average : Float32Array.from(pool(pooling, plane, grid).values);
    const gradient = Float32Array.from(poolGradient(pooling, plane, grid));
    return {
      pooling,
      output,
      minus: output.map((value, i) => value - average[i]!),
      gradient,
      mean: mean(output),
      fed: share(gradient, (value) => value !== 0),
      whole: pooling === "strided" || pooling === "blur" ? null : Math.fround(pool(pooling, plane, all).values[0]!),
      shift: relativeChange(output, pool(pooling, moved, grid).values),
    };
  });
  return { plane, grid, columns };
}

/** The map one cell further right; what comes in at its left edge repeats the first column. */
export function movedRight(plane: Planes): Planes {
  const { rows, columns, values } = plane;
  const moved = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      moved[row * columns + column] = values[row * columns + Math.max(0, column - 1)]!;
  }
  return { ...plane, values: moved };
}

/** √(Σ(b − a)² / Σa²); 0 where nothing changes. */
export function relativeChange(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let changed = 0;
  let whole = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.fround(b[i]!) - a[i]!;
    changed += difference * difference;
    whole += a[i]! * a[i]!;
  }
  return changed === 0 ? 0 : Math.sqrt(changed / whole);
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function share(values: ArrayLike<number>, is: (value: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (is(values[i]!)) count++;
  return count / values.length;
}

/** The output cell of the largest value of max pooling: where the window rests while nobody moved it. */
export function peakCell({ columns, grid }: PooledMap): { row: number; column: number } {
  const { output } = columns.find(({ pooling }) => pooling === "max")!;
  let best = 0;
  output.forEach((value, i) => {
    if (value > output[best]! || Number.isNaN(output[best]!)) best = i;
  });
  return { row: Math.floor(best / grid.columns.output), column: best % grid.columns.output };
}
