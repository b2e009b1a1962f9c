/** One window's numbers, and how each operation makes one of them. No effects. */
import { formatNumber } from "../../../math/format.ts";
import type { Pooling } from "../../../math/pooling.ts";
import { tapsInside, windowSpan } from "../../../math/window_geometry.ts";
import type { PooledMap } from "./pooled_map.ts";

export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface WindowNumbers {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns]; 0 where padding is. */
  readonly values: Float32Array;
  /** 1 where a cell of the map is, 0 where padding is. */
  readonly inside: Uint8Array;
  /** Cells of the map in it. */
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  /** Index in `values` of the first of the largest, row by row, or of the first NaN. */
  readonly largest: number;
  /** Index in `values` of the first cell that is no padding. */
  readonly first: number;
}

export function windowNumbers({ plane, grid }: PooledMap, { row, column }: Place): WindowNumbers {
  const top = windowSpan(grid.rows, row).start;
  const left = windowSpan(grid.columns, column).start;
  const [rows, columns] = [grid.rows.size, grid.columns.size];
  const values = new Float32Array(rows * columns);
  const inside = new Uint8Array(rows * columns);
  const down = tapsInside(grid.rows, row);
  const across = tapsInside(grid.columns, column);
  let [sum, squares, count, largest, first] = [0, 0, 0, -1, -1];
  for (let y = down.start; y < down.end; y++) {
    for (let x = across.start; x < across.end; x++) {
      const at = y * columns + x;
      const value = plane.values[(top + y) * plane.columns + left + x]!;
      values[at] = value;
      inside[at] = 1;
      sum += value;
      squares += value * value;
      count++;
      if (first < 0) first = at;
      const best = largest < 0 ? -Infinity : values[largest]!;
      if (largest < 0 || value > best || (Number.isNaN(value) && !Number.isNaN(best))) largest = at;
    }
  }
  return { rows, columns, values, inside, count, sum, squares, largest, first };
}

/** The operation's arithmetic in this window: "2.46 / 9". */
export function arithmetic(pooling: Pooling, numbers: WindowNumbers, { grid }: PooledMap): string {
  const { count } = numbers;
  switch (pooling) {
    case "max":
      return `max of ${count}`;
    case "average":
      return `${short(numbers.sum)} / ${count}`;
    case "l2":
      return `√(Σx² / ${count}) = √(${short(numbers.squares)} / ${count})`;
    case "strided":
      return numbers.first === 0 ? "top left" : "top left, inside the map";
    case "blur": {
      const [down, across] = [binomial(grid.rows.size), binomial(grid.columns.size)];
      const tall = grid.rows.size > 1 && down !== across;
      return `weights ${tall ? `${down} by ` : ""}${across}${grid.rows.size > 1 && !tall ? " on both axes" : ""}`;
    }
  }
}

const short = (value: number): string => formatNumber(value, { digits: 3 });

/** "1 2 1": the weights of blur on an axis, from the ends to the middle; long rows by their ends. */
export function binomial(size: number): string {
  const row = [1];
  for (let tap = 1; tap < size; tap++) row.push(Math.round((row[tap - 1]! * (size - tap)) / tap));
  return size <= 6 ? row.join(" ") : `1 ${size - 1} … ${size - 1} 1`;
}
