import type { DataArray } from "../../data/binary.ts";

/** What went into a layer or came out of it for one image: every channel, float32, as the network computed it. */
export interface Volume {
  readonly channels: number;
  /** Spatial axes that it really has; 0 for one number a channel. */
  readonly axes: number;
  /** As [depth, rows, columns]; missing ones are 1. */
  readonly spatial: readonly [number, number, number];
  readonly values: Float32Array;
}

/** An array [channels, *spatial] of a record. Throws where it is none: a log is never trusted. */
export function volumeOf(array: DataArray | undefined, name: string): Volume {
  if (!array) throw new Error(`the record has no array "${name}"`);
  const [channels = 0, ...spatial] = array.shape;
  const { values } = array;
  if (array.shape.length < 1 || array.shape.length > 4 || values.length === 0) {
    throw new Error(`"${name}" of shape [${array.shape.join(", ")}] cannot be drawn: channels and up to 3 spatial axes are expected`);
  }
  if (!(values instanceof Float32Array)) throw new Error(`"${name}" holds ${array.dtype}; exact float32 is expected`);
  return {
    channels,
    axes: spatial.length,
    spatial: [spatial.at(-3) ?? 1, spatial.at(-2) ?? 1, spatial.at(-1) ?? 1],
    values,
  };
}

/** One channel's slice, row after row; a view into the volume. */
export function planeOf({ spatial, values, channels }: Volume, channel: number, slice = 0): Float32Array {
  const [depth, rows, columns] = spatial;
  if (channel < 0 || channel >= channels || slice < 0 || slice >= depth) return new Float32Array(rows * columns).fill(NaN);
  const start = (channel * depth + slice) * rows * columns;
  return values.subarray(start, start + rows * columns);
}

/** "24×24×48": spatial axes and channels. */
export function sizeInWords({ axes, spatial, channels }: Volume): string {
  return [...spatial.slice(3 - axes), channels].join("×");
}
