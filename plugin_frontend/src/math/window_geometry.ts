/** Where a window of a convolution or a pooling stands on one axis of its input, as Keras places it. */

import type { Span } from "./receptive_field.ts";

/** "valid": none. "same": ⌈length / stride⌉ outputs. "causal": all of it before. Or cells before and after. */
export type Padding = "valid" | "same" | "causal" | readonly [before: number, after: number];

export interface WindowAxis {
  /** Cells of the input. */
  readonly length: number;
  /** Taps of the window; between them lie dilation − 1 cells that are not read. */
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  /** Cells of padding. */
  readonly before: number;
  readonly after: number;
  /** From the window's first tap to its last: dilation · (size − 1) + 1. */
  readonly extent: number;
  /** Windows that fit. */
  readonly output: number;
}

/** What an axis of a layer without a window has: one window over all of it. */
export function globalAxis(length: number): WindowAxis {
  return windowAxis({ length, size: length, stride: 1, padding: "valid" });
}

/**
 * The axis that `length`, `size`, `stride`, `dilation` (default 1) and `padding` make; where the stride does not
 * divide, the cells left over at the end are not read. Throws where nothing would come out, and says why.
 */
export function windowAxis({
  length,
  size,
  stride,
  dilation = 1,
  padding,
}: {
  length: number;
  size: number;
  stride: number;
  dilation?: number;
  padding: Padding;
}): WindowAxis {
  for (const [name, value] of Object.entries({ length, size, stride, dilation })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new Error(`${name} is ${value}, but has to be a whole number from 1 on`);
  }
  const extent = dilation * (size - 1) + 1;
  const [before, after] = paddingOf(padding, length, extent, stride);
  if (!Number.isSafeInteger(before) || !Number.isSafeInteger(after) || before < 0 || after < 0) {
    throw new Error(`padding is [${before}, ${after}], but has to be two whole numbers from 0 on`);
  }
  const output = Math.floor((length + before + after - extent) / stride) + 1;
  if (output < 1) {
    throw new Error(
      `a window of ${extent} does not fit into ${length + before + after} cells: choose a smaller one, or same padding`,
    );
  }
  return { length, size, stride, dilation, before, after, extent, output };
}

function paddingOf(padding: Padding, length: number, extent: number, stride: number): readonly [number, number] {
  if (padding === "valid") return [0, 0];
  if (padding === "causal") return [extent - 1, 0];
  if (padding !== "same") return padding;
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + extent - length);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** From the first cell of window `index` to behind its last; it may reach over the edge of the input. */
export function windowSpan(axis: WindowAxis, index: number): Span {
  const start = index * axis.stride - axis.before;
  return { start, end: start + axis.extent };
}

/** The input cell under tap `tap` of window `index`; below 0 or from `length` on where it is padding. */
export function cellUnder(axis: WindowAxis, index: number, tap: number): number {
  return index * axis.stride - axis.before + tap * axis.dilation;
}

/** Taps of window `index` that lie inside the input: half-open, for dilation as well. */
export function tapsInside(axis: WindowAxis, index: number): Span {
  const { start } = windowSpan(axis, index);
  const first = Math.min(axis.size, Math.max(0, Math.ceil(-start / axis.dilation)));
  return { start: first, end: Math.max(first, Math.min(axis.size, Math.ceil((axis.length - start) / axis.dilation))) };
}

/** Windows whose tap `tap` lies inside the input: half-open. */
export function windowsReaching(axis: WindowAxis, tap: number): Span {
  const shift = tap * axis.dilation - axis.before;
  const first = Math.min(axis.output, Math.max(0, Math.ceil(-shift / axis.stride)));
  return { start: first, end: Math.max(first, Math.min(axis.output, Math.ceil((axis.length - shift) / axis.stride))) };
}

/** Input cells that no window reads, ascending. */
export function cellsNeverRead(axis: WindowAxis): number[] {
  const read = new Uint8Array(axis.length);
  for (let tap = 0; tap < axis.size; tap++) {
    const { start, end } = windowsReaching(axis, tap);
    for (let index = start; index < end; index++) read[cellUnder(axis, index, tap)] = 1;
  }
  return Array.from(read.keys()).filter((cell) => read[cell] === 0);
}

/**
 * The output's length as arithmetic: "⌊(48 + 2·3 − 1·(7 − 1) − 1) / 1⌋ + 1 = 48"; `dilated: false` for windows
 * without dilation: "⌊(24 − 3) / 2⌋ + 1 = 11".
 */
export function outputArithmetic(axis: WindowAxis, { dilated = true } = {}): string {
  const { length, size, stride, dilation, before, after, output } = axis;
  const padding = before === after ? (before ? ` + 2·${before}` : "") : ` + ${before} + ${after}`;
  const window = dilated ? `${dilation}·(${size} − 1) − 1` : String(size);
  return `⌊(${length}${padding} − ${window}) / ${stride}⌋ + 1 = ${output}`;
}
