import type { DataArray } from "../../data/binary.ts";
import type { Planes } from "../../math/planes.ts";

/** What went into a layer or came out of it for one image, all channels. */
export interface Volume {
  readonly channels: number;
  /** Spatial axes that it really has; 0 for one number a channel. */
  readonly axes: number;
  /** As [depth, rows, columns]; missing ones are 1. */
  readonly spatial: readonly [number, number, number];
  readonly values: Float32Array;
  /** As the network computed it; float16 where float32 of all layers took too much room. */
  readonly exact: boolean;
}

/** An array [channels, *spatial] of a record. Throws where it is none: a log is never trusted. */
export function volumeOf(array: DataArray | undefined, name: string): Volume {
  if (!array) throw new Error(`the record has no array "${name}"`);
  const [channels = 0, ...spatial] = array.shape;
  const { values, dtype } = array;
  if (array.shape.length < 1 || array.shape.length > 4 || values.length === 0) {
    throw new Error(
      `"${name}" of shape [${array.shape.join(", ")}] cannot be drawn: channels and up to 3 spatial axes are expected`,
    );
  }
  if (!(values instanceof Float32Array)) throw new Error(`"${name}" holds ${dtype}; float32 or float16 is expected`);
  return {
    channels,
    axes: spatial.length,
    spatial: [spatial.at(-3) ?? 1, spatial.at(-2) ?? 1, spatial.at(-1) ?? 1],
    values,
    exact: dtype === "float32",
  };
}

/** All channels of one slice as planes; without a copy where there is only one slice. */
export function planesOf({ spatial, values, channels }: Volume, slice = 0): Planes {
  const [depth, rows, columns] = spatial;
  if (depth === 1) return { channels, rows, columns, values };
  const cells = rows * columns;
  const picked = new Float32Array(channels * cells).fill(NaN);
  for (let channel = 0; channel < channels; channel++) {
    const start = (channel * depth + slice) * cells;
    picked.set(values.subarray(start, start + cells), channel * cells);
  }
  return { channels, rows, columns, values: picked };
}

/** "24×24×48": spatial axes and channels. */
export function sizeInWords({ axes, spatial, channels }: Volume): string {
  return [...spatial.slice(3 - axes), channels].join("×");
}
