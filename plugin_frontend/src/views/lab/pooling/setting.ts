/** The window that pools: the layer's own, or what was changed by hand. No effects. */
import type { LayerRecord } from "../../../data/schema.ts";
import { windowGrid, type Grid } from "../../../math/planes.ts";
import { globalAxis } from "../../../math/window_geometry.ts";
import type { Volume } from "../volume.ts";

export interface Choice {
  readonly window: number | null;
  readonly stride: number | null;
  readonly padding: "own" | "valid" | "same";
}

type Pair = readonly [rows: number, columns: number];

export interface Setting {
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: "valid" | "same";
  /** How the layer pads, where that is none of Keras' ways. */
  readonly otherwise?: string;
  /** The layer's own window, stride and padding. */
  readonly own: boolean;
}

/** A convolution's output has no pooling of its own: two by two, the most common one. */
const COMMON = 2;

/** What a layer says of itself; global pooling is one window over the whole map. */
export function ownSetting(layer: LayerRecord, map: Volume): Omit<Setting, "own"> {
  const [, rows, columns] = map.spatial;
  const flat = map.axes === 1;
  const pair = (axes: readonly number[]): Pair => (flat ? [1, axes[0] ?? 1] : [axes[0] ?? 1, axes[1] ?? 1]);
  if (layer.role !== "pooling")
    return { size: pair([COMMON, COMMON]), stride: pair([COMMON, COMMON]), padding: "valid" };
  if (!layer.kernel_size) return { size: [rows, columns], stride: [rows, columns], padding: "valid" };
  return {
    size: pair(layer.kernel_size),
    stride: pair(layer.strides ?? layer.kernel_size),
    padding: layer.padding === "same" ? "same" : "valid",
  };
}

export function settingOf(layer: LayerRecord, map: Volume, choice: Choice): Setting {
  const own = ownSetting(layer, map);
  const flat = map.axes === 1;
  const square = (side: number | null, otherwise: Pair): Pair => (side === null ? otherwise : [flat ? 1 : side, side]);
  const setting = {
    size: square(choice.window, own.size),
    stride: square(choice.stride, own.stride),
    padding: choice.padding === "own" ? own.padding : choice.padding,
  };
  const otherwise =
    layer.role === "pooling" && choice.padding === "own" && !["valid", "same", null].includes(layer.padding);
  return {
    ...setting,
    ...(otherwise ? { otherwise: layer.padding ?? "" } : {}),
    own: layer.role === "pooling" && JSON.stringify(setting) === JSON.stringify(own),
  };
}

/** The windows on a map, or an Error that says why there are none. */
export function gridOf(map: Volume, { size, stride, padding, otherwise }: Setting): Grid | Error {
  if (otherwise)
    return new Error(`This layer pads its input by ${otherwise}. The Lab computes valid and same padding: choose one.`);
  const [, rows, columns] = map.spatial;
  if (size[0] === rows && size[1] === columns) return { rows: globalAxis(rows), columns: globalAxis(columns) };
  try {
    return windowGrid(rows, columns, { size, stride, padding });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** "3×2", or "3" where both axes have the same; the last alone for maps of one row. */
export function pairInWords([rows, columns]: Pair, axes: number): string {
  return axes === 1 || rows === columns ? String(columns) : `${rows}×${columns}`;
}
