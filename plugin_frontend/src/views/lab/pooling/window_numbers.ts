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
export function arithmetic(pooling: Pooling, numbers: WindowNumbers): string {
  const { count } = numbers;
  switch (pooling) {
    case "max":
      return `max of ${count}`;
    case "average":
      return `${short(numbers.sum)} / ${count}`;
    case "l2":
      return `√(${short(numbers.squares)} / ${count})`;
    case "strided":
      return numbers.first === 0 ? "top left" : "top left, inside the map";
    case "blur": {
      const { sum, weight } = weighed(numbers);
      return `${short(sum)} / ${weight}`;
    }
  }
}

const short = (value: number): string => formatNumber(value, { digits: 3 });

function binomials(size: number): number[] {
  const row = [1];
  for (let tap = 1; tap < size; tap++) row.push(Math.round((row[tap - 1]! * (size - tap)) / tap));
  return row;
}

/** "1 2 1": the weights of blur on an axis; long rows by their ends. */
export function binomial(size: number): string {
  return size <= 6 ? binomials(size).join(" ") : `1 ${size - 1} … ${size - 1} 1`;
}

/** The cells inside, each times its binomial weight, and the weights' sum. */
function weighed({ rows, columns, values, inside }: WindowNumbers): { sum: number; weight: number } {
  const [down, across] = [binomials(rows), binomials(columns)];
  let [sum, weight] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!inside[i]) continue;
    const each = down[Math.floor(i / columns)]! * across[i % columns]!;
    sum += each * values[i]!;
    weight += each;
  }
  return { sum, weight };
}
