/**
 * Pooling of one map, and the gradient that comes back to its input from 1 in each output.
 *
 * Cells of padding take no part: a mean counts only cells inside, as Keras' does.
 *
 * | pooling | value of a window with n cells inside | gradient |
 * | --- | --- | --- |
 * | max | the largest; NaN where one is NaN | all of it to the first of the largest, row by row |
 * | average | mean | 1 / n to each |
 * | l2 | √(mean of squares) | x / (n · value) to each, 0 where the value is 0 |
 * | strided | the first cell inside, top left | all of it to that cell |
 * | blur | mean with binomial weights on each axis (1 2 1 for three cells), made to sum to 1 | the weights |
 */

import type { Grid, Planes } from "./planes.ts";
import { tapsInside, windowSpan, type WindowAxis } from "./window_geometry.ts";

export const POOLINGS = ["max", "average", "l2", "strided", "blur"] as const;
export type Pooling = (typeof POOLINGS)[number];

export interface Pooled {
  /** [output rows, output columns]. */
  readonly values: Float64Array;
  /** Max only: the input cell (row · columns + column) that each value came from. */
  readonly from: Int32Array | null;
}

/** The map `plane` (its first channel) pooled by the windows of `grid`. Throws where they do not belong together. */
export function pool(pooling: Pooling, plane: Planes, grid: Grid): Pooled {
  check(plane, grid);
  const values = new Float64Array(grid.rows.output * grid.columns.output);
  if (pooling === "max") return poolMax(plane, grid, values);
  const square = pooling === "l2";
  const down = axisWeights(pooling, grid.rows);
  const across = axisWeights(pooling, grid.columns);
  eachPair(plane, grid, (to, at, row, y, column, x) => {
    const value = plane.values[at]!;
    const weight = down[row * grid.rows.size + y]! * across[column * grid.columns.size + x]!;
    // A weight of 0 means a cell that is not read: it must not spread its NaN.
    if (weight !== 0) values[to] = values[to]! + weight * (square ? value * value : value);
  });
  if (square) for (let i = 0; i < values.length; i++) values[i] = Math.sqrt(values[i]!);
  return { values, from: null };
}

/** What each input cell receives when each output receives 1; [rows, columns] of the input. */
export function poolGradient(pooling: Pooling, plane: Planes, grid: Grid): Float64Array {
  const gradient = new Float64Array(plane.rows * plane.columns);
  const pooled = pool(pooling, plane, grid);
  if (pooling === "max") {
    for (const cell of pooled.from ?? []) gradient[cell] = gradient[cell]! + 1;
    return gradient;
  }
  const square = pooling === "l2";
  const down = axisWeights(pooling, grid.rows);
  const across = axisWeights(pooling, grid.columns);
  eachPair(plane, grid, (to, at, row, y, column, x) => {
    const weight = down[row * grid.rows.size + y]! * across[column * grid.columns.size + x]!;
    const value = pooled.values[to]!;
    gradient[at] = gradient[at]! + (square ? (value === 0 ? 0 : (weight * plane.values[at]!) / value) : weight);
  });
  return gradient;
}

/** The weight of each tap of each window of one axis, [windows, taps]; 0 where the tap is not read. */
function axisWeights(pooling: Exclude<Pooling, "max">, axis: WindowAxis): Float64Array {
  const weights = new Float64Array(axis.output * axis.size);
  for (let index = 0; index < axis.output; index++) {
    const { start, end } = tapsInside(axis, index);
    const last = pooling === "strided" ? Math.min(end, start + 1) : end;
    let sum = 0;
    let weight = 1;
    for (let tap = 0; tap < last; tap++) {
      if (tap >= start) {
        weights[index * axis.size + tap] = pooling === "blur" ? weight : 1;
        sum += pooling === "blur" ? weight : 1;
      }
      weight *= (axis.size - 1 - tap) / (tap + 1);
    }
    for (let tap = start; tap < last; tap++) weights[index * axis.size + tap]! /= sum;
  }
  return weights;
}

function check(plane: Planes, { rows, columns }: Grid): void {
  if (rows.length !== plane.rows || columns.length !== plane.columns) {
    throw new Error(
      `the windows are for ${rows.length}×${columns.length} cells, the map has ${plane.rows}×${plane.columns}`,
    );
  }
  if (rows.dilation > 1 || columns.dilation > 1)
    throw new Error("pooling with dilation is not computed here: its dilation has to be 1");
  for (const axis of [rows, columns]) {
    if (Math.max(axis.before, axis.after) >= axis.size) {
      throw new Error(`padding of ${axis.before} and ${axis.after} leaves a window of ${axis.size} without any cell`);
    }
  }
}

type Pair = (to: number, at: number, row: number, y: number, column: number, x: number) => void;

/** Calls `pair` for each output cell and each input cell in its window, row by row. */
function eachPair(plane: Planes, { rows, columns }: Grid, pair: Pair): void {
  for (let row = 0; row < rows.output; row++) {
    const top = windowSpan(rows, row).start;
    const down = tapsInside(rows, row);
    for (let column = 0; column < columns.output; column++) {
      const left = windowSpan(columns, column).start;
      const across = tapsInside(columns, column);
      for (let y = down.start; y < down.end; y++) {
        for (let x = across.start; x < across.end; x++) {
          pair(row * columns.output + column, (top + y) * plane.columns + left + x, row, y, column, x);
        }
      }
    }
  }
}

function poolMax(plane: Planes, grid: Grid, values: Float64Array): Pooled {
  const from = new Int32Array(values.length).fill(-1);
  eachPair(plane, grid, (to, at) => {
    const value = plane.values[at]!;
    const best = values[to]!;
    if (from[to]! >= 0 && !(value > best) && !(Number.isNaN(value) && !Number.isNaN(best))) return;
    values[to] = value;
    from[to] = at;
  });
  return { values, from };
}
