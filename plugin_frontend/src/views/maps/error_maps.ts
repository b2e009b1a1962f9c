/** Maps of the backpropagated error, read as feature maps are: what the log has not is computed from the maps that it kept. */
import type { DataRecord } from "../../data/binary.ts";
import {
  cellCount,
  mapStack,
  mapValues,
  type Arrays,
  type MapStack,
  type MapStatistics,
} from "../../math/map_values.ts";

/** Levels from −127 to 127 times a map's scale, or float32. */
export function errorStack(record: DataRecord, of: number): MapStack {
  const arrays: Arrays = (name) => {
    const found = record.arrays[name];
    return found && { shape: found.shape, data: found.values };
  };
  const stack = mapStack(arrays, of);
  const scale = record.arrays["scale"]?.values;
  if (!scale) return stack;
  if (scale.length !== stack.images * stack.kept)
    throw new Error(`there are ${scale.length} scales for ${stack.images * stack.kept} maps`);
  return { ...stack, lo: new Float64Array(scale.length), hi: Float64Array.from(scale, (step) => 255 * step) };
}

/** Of the maps that were kept; NaN for channels that were not. `mean` is that of the magnitude. */
export function errorStatistics(stack: MapStack): MapStatistics {
  const { images, of } = stack;
  const empty = (): Float64Array => new Float64Array(images * of).fill(NaN);
  const [mean, min, max, zeros] = [empty(), empty(), empty(), empty()];
  const cells = cellCount(stack);
  for (let image = 0; image < images; image++) {
    for (let slot = 0; slot < stack.kept; slot++) {
      const channel = stack.channels[slot]!;
      if (!(channel >= 0 && channel < of)) throw new Error(`channel ${channel} is none of the layer's ${of}`);
      const values = mapValues(stack, image, slot);
      const at = image * of + channel;
      mean[at] = values.reduce((sum, value) => sum + Math.abs(value), 0) / cells;
      min[at] = values.reduce((least, value) => Math.min(least, value), Infinity);
      max[at] = values.reduce((most, value) => Math.max(most, value), -Infinity);
      zeros[at] = values.filter((value) => value === 0).length / cells;
    }
  }
  return { images, of, mean, min, max, zeros };
}
