import type { LayerRecord } from "../data/schema.ts";
import type { Span } from "./receptive_field.ts";

type Pooling = Pick<LayerRecord, "kernel_size" | "strides" | "padding">;

/**
 * The cells of a pooling layer's input that one output cell is made of, one span an axis, clipped to the input.
 * "same" pads floor(total / 2) before, as Keras does. Null where the layer does not say its window.
 */
export function poolWindow(
  layer: Pooling,
  cell: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Span[] | null {
  const { kernel_size: kernel, strides, padding } = layer;
  if (cell.length === 0) return input.map((length) => ({ start: 0, end: length }));
  if (!kernel || kernel.length !== cell.length || input.length !== cell.length) return null;
  return cell.map((index, axis) => {
    const [size, length] = [kernel[axis] ?? 1, input[axis] ?? 0];
    const stride = strides?.[axis] ?? size;
    const total = Math.max(0, ((output[axis] ?? 0) - 1) * stride + size - length);
    const start = index * stride - (padding === "same" ? Math.floor(total / 2) : 0);
    return { start: Math.max(0, start), end: Math.min(length, start + size) };
  });
}
