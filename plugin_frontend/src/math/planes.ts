/** Channels of rows × columns, one after the other, as records hold them; one-dimensional ones have one row. */

import { windowAxis, type Padding, type WindowAxis } from "./window_geometry.ts";

export interface Planes {
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
  /** [channels, rows, columns]. */
  readonly values: Float32Array;
}

/** A window's way over both axes. */
export interface Grid {
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
}

export interface WindowSetting {
  readonly size: readonly [rows: number, columns: number];
  readonly stride: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly padding: Padding;
  /** Depthwise layers may have stride and dilation at once, others not. */
  readonly depthwise?: boolean;
}

/**
 * Both axes of a window over `rows` × `columns` cells. A single row under a window of one row is never padded, so
 * that one-dimensional layers are two-dimensional ones of one row. Throws where Keras would refuse.
 */
export function windowGrid(rows: number, columns: number, setting: WindowSetting): Grid {
  const { size, stride, dilation = [1, 1], padding, depthwise = false } = setting;
  if (!depthwise && Math.max(...stride) > 1 && Math.max(...dilation) > 1) {
    throw new Error(
      `Keras does not convolve with stride ${Math.max(...stride)} and dilation ${Math.max(...dilation)} at once: one of them has to be 1`,
    );
  }
  const flat = rows === 1 && size[0] === 1;
  return {
    rows: windowAxis({
      length: rows,
      size: size[0],
      stride: flat ? 1 : stride[0],
      dilation: flat ? 1 : dilation[0],
      padding: flat ? "valid" : padding,
    }),
    columns: windowAxis({ length: columns, size: size[1], stride: stride[1], dilation: dilation[1], padding }),
  };
}

/** One channel as planes of their own, on the same memory. */
export function planeOf(planes: Planes, channel: number): Planes {
  const cells = planes.rows * planes.columns;
  return { ...planes, channels: 1, values: planes.values.subarray(channel * cells, (channel + 1) * cells) };
}
