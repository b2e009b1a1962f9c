/** Convolution as Keras computes it (a cross-correlation), one filter at a time, in double precision. */

import type { Grid, Planes } from "./planes.ts";
import { cellUnder, windowsReaching } from "./window_geometry.ts";

/** One filter of a kernel [out, in/groups, rows, columns]. */
export interface Filter {
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
  /** [channels, rows, columns]. */
  readonly weights: Float32Array;
  readonly bias: number;
  /** The first input channel that it reads: not 0 in grouped and depthwise layers. */
  readonly from: number;
}

/** What makes up one output cell. */
export interface CellSum {
  /** The input under each weight, 0 where it is padding; [channels, rows, columns] as the weights. */
  readonly window: Float32Array;
  /** 1 where the window lies on the input, 0 where on padding; [rows, columns]. */
  readonly inside: Uint8Array;
  readonly products: Float64Array;
  /** Sum of the products of each channel. */
  readonly sums: Float64Array;
  /** All sums and the bias: the pre-activation. */
  readonly total: number;
}

/**
 * Filter `index` of a kernel [out, in/groups, rows, columns] with `groups` groups; a depthwise kernel is
 * [in · multiplier, 1, …] with as many groups as inputs. Throws where shapes contradict each other.
 */
export function filterOf(
  kernel: { readonly shape: readonly number[]; readonly values: Float32Array },
  bias: ArrayLike<number> | null,
  index: number,
  groups: number,
): Filter {
  const [out = 0, channels = 0, ...spatial] = kernel.shape;
  const [rows, columns] = spatial.length === 1 ? [1, spatial[0] ?? 0] : [spatial[0] ?? 0, spatial[1] ?? 0];
  const size = channels * rows * columns;
  if (spatial.length < 1 || spatial.length > 2)
    throw new Error(`a kernel with ${spatial.length} spatial axes is not convolved here: 1 or 2 are`);
  if (kernel.values.length !== out * size)
    throw new Error(`a kernel of shape [${kernel.shape.join(", ")}] holds ${kernel.values.length} values`);
  if (!Number.isInteger(index) || index < 0 || index >= out) throw new Error(`filter ${index} is not one of ${out}`);
  if (!Number.isInteger(groups) || groups < 1 || out % groups)
    throw new Error(`${out} filters cannot be shared by ${groups} groups`);
  return {
    channels,
    rows,
    columns,
    weights: kernel.values.subarray(index * size, (index + 1) * size),
    bias: bias ? (bias[index] ?? NaN) : 0,
    from: Math.floor(index / (out / groups)) * channels,
  };
}

function check(planes: Planes, filter: Filter, grid: Grid): void {
  const { rows, columns } = grid;
  if (
    rows.length !== planes.rows ||
    columns.length !== planes.columns ||
    rows.size !== filter.rows ||
    columns.size !== filter.columns
  ) {
    throw new Error(
      `the window is ${rows.size}×${columns.size} on ${rows.length}×${columns.length} cells, the filter ${filter.rows}×${filter.columns} and the input ${planes.rows}×${planes.columns}`,
    );
  }
  if (filter.from + filter.channels > planes.channels) {
    throw new Error(
      `the filter reads channels ${filter.from} to ${filter.from + filter.channels - 1} of an input that has ${planes.channels}`,
    );
  }
}

/**
 * The whole map of one filter before its activation, [output rows, output columns]. `into` is overwritten and
 * returned where it is given and has the right length.
 */
export function convolve(planes: Planes, filter: Filter, grid: Grid, into?: Float64Array): Float64Array {
  check(planes, filter, grid);
  const { rows, columns } = grid;
  const length = rows.output * columns.output;
  const out = into?.length === length ? into : new Float64Array(length);
  out.fill(filter.bias);
  let weight = 0;
  for (let channel = 0; channel < filter.channels; channel++) {
    const plane = (filter.from + channel) * planes.rows * planes.columns;
    for (let y = 0; y < filter.rows; y++) {
      const down = windowsReaching(rows, y);
      for (let x = 0; x < filter.columns; x++) {
        const across = windowsReaching(columns, x);
        const factor = filter.weights[weight++]!;
        // One weight over the whole map: the inner loop runs along memory and tests no edge.
        for (let row = down.start; row < down.end; row++) {
          let at = plane + cellUnder(rows, row, y) * planes.columns + cellUnder(columns, across.start, x);
          const end = row * columns.output + across.end;
          for (let to = row * columns.output + across.start; to < end; to++, at += columns.stride) {
            out[to] = out[to]! + factor * planes.values[at]!;
          }
        }
      }
    }
  }
  return out;
}

/** Window, products and sums at one output cell. */
export function cellSum(planes: Planes, filter: Filter, grid: Grid, row: number, column: number): CellSum {
  check(planes, filter, grid);
  const each = filter.rows * filter.columns;
  const window = new Float32Array(filter.channels * each);
  const inside = new Uint8Array(each);
  const products = new Float64Array(window.length);
  const sums = new Float64Array(filter.channels);
  for (let y = 0; y < filter.rows; y++) {
    const down = cellUnder(grid.rows, row, y);
    for (let x = 0; x < filter.columns; x++) {
      const across = cellUnder(grid.columns, column, x);
      if (down < 0 || down >= planes.rows || across < 0 || across >= planes.columns) continue;
      inside[y * filter.columns + x] = 1;
      for (let channel = 0; channel < filter.channels; channel++) {
        const at = channel * each + y * filter.columns + x;
        const value = planes.values[((filter.from + channel) * planes.rows + down) * planes.columns + across]!;
        window[at] = value;
        products[at] = value * filter.weights[at]!;
        sums[channel]! += products[at]!;
      }
    }
  }
  return { window, inside, products, sums, total: sums.reduce((sum, one) => sum + one, filter.bias) };
}
