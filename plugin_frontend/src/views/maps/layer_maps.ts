import type { DataRecord } from "../../data/binary.ts";
import {
  allImages,
  deadCount,
  isDeadChannel,
  isExactlyFlat,
  leastScale,
  ruleOf,
  zeroShare,
  type Rule,
} from "../../math/map_classes.ts";
import { layerScale, type Scale } from "../../math/map_ranges.ts";
import {
  cellCount,
  mapStack,
  mapStatistics,
  mapValues,
  type Arrays,
  type MapStack,
  type MapStatistics,
} from "../../math/map_values.ts";
import { errorStack, errorStatistics } from "./error_maps.ts";

/** Everything that the view needs of one feature_maps record. */
export interface LayerMaps {
  readonly record: DataRecord;
  readonly stack: MapStack;
  readonly statistics: MapStatistics;
  /** What went into a pooling layer, where the record holds it itself. */
  readonly input: MapStack | null;
  /** Path of the layer whose maps are this pooling layer's input, where that is logged. */
  readonly inputLayer: string | null;
  /** Whether it is the error that comes back, and not what the layer gives. */
  readonly isError: boolean;
  /** Negative values occur: colours are symmetric around zero. */
  readonly signed: boolean;
}

const known = new WeakMap<DataRecord, LayerMaps | Error>();

/** The maps of a record, or an Error that says why they cannot be drawn. Computed once a record. */
export function layerMaps(record: DataRecord): LayerMaps | Error {
  let maps = known.get(record);
  if (maps === undefined) {
    try {
      maps = read(record);
    } catch (error) {
      maps = error instanceof Error ? error : new Error(String(error));
    }
    known.set(record, maps);
  }
  return maps;
}

function read(record: DataRecord): LayerMaps {
  const arrays: Arrays = (name) => {
    const found = record.arrays[name];
    return found && { shape: found.shape, data: found.values };
  };
  const count = (name: string): number => {
    const value = record.attributes[name];
    return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  if (record.kind === "error_maps") {
    const errors = errorStack(record, count("of"));
    return {
      record,
      stack: errors,
      statistics: errorStatistics(errors),
      input: null,
      inputLayer: null,
      isError: true,
      signed: true,
    };
  }
  const stack = mapStack(arrays, count("of"));
  const statistics = mapStatistics(arrays);
  if (statistics.of < stack.of || statistics.images < stack.images) {
    throw new Error(`statistics of ${statistics.of} channels stand beside maps of ${stack.of}`);
  }
  const { input_layer: inputLayer } = record.attributes;
  return {
    record,
    stack,
    statistics,
    input: record.arrays["input_maps"] ? mapStack(arrays, count("input_of"), "input_") : null,
    inputLayer: typeof inputLayer === "string" ? inputLayer : null,
    isError: false,
    signed: ruleOf(statistics) === "constant",
  };
}

const magnitudeScales = new WeakMap<MapStack, Scale>();
const signedScales = new WeakMap<MapStack, Scale>();

/** The scale of all images and channels at this step. Computed once. */
export function scaleOf(stack: MapStack, signed: boolean): Scale {
  const scales = signed ? signedScales : magnitudeScales;
  let scale = scales.get(stack);
  if (!scale) scales.set(stack, (scale = layerScale(stack, signed)));
  return scale;
}

/** By which rule the channels are judged. */
export function ruleOfMaps({ signed }: LayerMaps): Rule {
  return signed ? "constant" : "zero";
}

/** Whether a channel says nothing, or practically nothing, about every probe image. */
export function isDeadMap(maps: LayerMaps, channel: number): boolean {
  return isDeadChannel(maps.statistics, channel, ruleOfMaps(maps), cellCount(maps.stack));
}

/** "dead", "practically dead", or "" for a channel that says something about an image. */
export function deadWord(maps: LayerMaps, channel: number): "dead" | "practically dead" | "" {
  if (!isDeadMap(maps, channel)) return "";
  const images = allImages(maps.statistics);
  return isExactlyFlat(maps.statistics, images, channel, ruleOfMaps(maps), cellCount(maps.stack))
    ? "dead"
    : "practically dead";
}

/** By slot of the kept maps, as a scene takes it; undefined where all live. */
export function deadSlots(maps: LayerMaps): Uint8Array | undefined {
  const dead = Uint8Array.from(maps.stack.channels, (channel) => Number(isDeadMap(maps, channel)));
  return dead.includes(1) ? dead : undefined;
}

/** Below this the colours of a map with a scale of its own do not end: what is next to nothing is not painted vividly. */
export function leastEnd(maps: LayerMaps, image: number): number {
  return leastScale(maps.statistics, image, ruleOfMaps(maps), cellCount(maps.stack));
}

export interface LayerSummary {
  readonly zero: number;
  readonly dead: number;
  /** How many of the dead are so practically. */
  readonly practically: number;
}

const summaries = new WeakMap<MapStatistics, LayerSummary>();

/** Over all probe images and all channels, kept or not. */
export function summaryOf(maps: LayerMaps): LayerSummary {
  const { statistics, stack } = maps;
  let summary = summaries.get(statistics);
  if (!summary) {
    const practically = Array.from({ length: statistics.of }, (_, channel) => deadWord(maps, channel)).filter(
      (word) => word === "practically dead",
    ).length;
    summary = { zero: zeroShare(statistics), dead: deadCount(statistics, cellCount(stack)), practically };
    summaries.set(statistics, summary);
  }
  return summary;
}

/** Of the channels that were kept. */
export function keptChannels(stack: MapStack): number[] {
  return Array.from(stack.channels);
}

/** One statistic of one channel on one image. */
export function statistic(
  { statistics }: LayerMaps,
  name: "mean" | "min" | "max" | "zeros",
  image: number,
  channel: number,
): number {
  return statistics[name][image * statistics.of + channel] ?? NaN;
}

/** The cell of a slice with the largest value, or the largest magnitude where negative values count. */
export function peakOf(stack: MapStack, image: number, slot: number, slice: number, signed: boolean): number {
  const values = mapValues(stack, image, slot);
  const cells = stack.spatial[1] * stack.spatial[2];
  let best = slice * cells;
  let most = -Infinity;
  for (let index = slice * cells; index < (slice + 1) * cells; index++) {
    const value = values[index] ?? NaN;
    const size = signed ? Math.abs(value) : value;
    if (size > most) {
      best = index;
      most = size;
    }
  }
  return best;
}
