/**
 * Which channels respond to an image, which are silent on it, and which respond to no probe image at all.
 *
 * A response that is next to nothing beside the layer's others on the image (math/practically_dead.ts) counts as none.
 */

import type { MapStatistics } from "./map_values.ts";
import { DEAD_BELOW, isDead, usualNorm } from "./practically_dead.ts";

export type MapClass = "active" | "silent" | "dead";

/** "zero": a rectified layer, nothing below zero anywhere. "constant": negative values occur, so zero means nothing. */
export type Rule = "zero" | "constant";

/** Channels by class, each in the order that was asked for. */
export interface Classes {
  rule: Rule;
  active: number[];
  silent: number[];
  dead: number[];
}

export type SortBy = "mean" | "max" | "channel";

export function ruleOf(statistics: MapStatistics): Rule {
  for (let i = 0; i < statistics.min.length; i++) if ((statistics.min[i] ?? 0) < 0) return "constant";
  return "zero";
}

/**
 * How much a channel says about an image: its largest magnitude, or, by the rule "constant", how far its values lie apart.
 * Both are known exactly of every channel, kept or not; the norm of its map is not.
 *
 * A map of one cell (`cells` = 1: a dense or global pooling layer) is constant by nature, so its magnitude counts.
 */
function sizeOf(statistics: MapStatistics, image: number, channel: number, rule: Rule, cells: number): number {
  const place = image * statistics.of + channel;
  const min = statistics.min[place] ?? NaN;
  const max = statistics.max[place] ?? NaN;
  if (rule === "zero" || cells === 1) return Math.max(Math.abs(min), Math.abs(max));
  return min === max ? 0 : max - min;
}

const usualSizes = new WeakMap<MapStatistics, Map<string, Float64Array>>();

/**
 * The size that the layer's maps of an image are held against; 0 where nothing but an exact zero is dead: among shares,
 * such as those of a softmax, a very small number says something.
 */
export function usualSize(statistics: MapStatistics, image: number, rule: Rule, cells: number): number {
  const key = `${rule} ${cells === 1}`;
  let byRule = usualSizes.get(statistics);
  if (!byRule) usualSizes.set(statistics, (byRule = new Map()));
  let sizes = byRule.get(key);
  if (!sizes) {
    const shares = areShares(statistics);
    sizes = Float64Array.from({ length: statistics.images }, (_, each) =>
      shares
        ? 0
        : usualNorm(
            Float64Array.from({ length: statistics.of }, (_value, channel) =>
              sizeOf(statistics, each, channel, rule, cells),
            ),
          ),
    );
    byRule.set(key, sizes);
  }
  return sizes[image] ?? 0;
}

const SUM_TOLERANCE = 1e-3;

/** Whether the channels divide one among themselves on every image, as far as their numbers are finite. */
function areShares({ images, of, mean, min, max }: MapStatistics): boolean {
  if (of < 2) return false;
  const sums = Array.from({ length: images }, (_, image) => {
    let sum = 0;
    for (let i = image * of; i < (image + 1) * of; i++) {
      if ((min[i] ?? NaN) < 0 || (max[i] ?? NaN) > 1 + SUM_TOLERANCE) return Infinity;
      sum += mean[i] ?? NaN;
    }
    return sum;
  }).filter((sum) => !Number.isNaN(sum));
  return sums.length > 0 && sums.every((sum) => Math.abs(sum - 1) < SUM_TOLERANCE);
}

/** Below this the colours of a map that has a scale of its own do not end. */
export function leastScale(statistics: MapStatistics, image: number, rule: Rule, cells: number): number {
  return DEAD_BELOW * usualSize(statistics, image, rule, cells);
}

/** Whether a channel says nothing, or practically nothing, about an image. NaN is never flat. */
function flat(statistics: MapStatistics, image: number, channel: number, rule: Rule, cells: number): boolean {
  return isDead(sizeOf(statistics, image, channel, rule, cells), usualSize(statistics, image, rule, cells));
}

/** Whether a channel says nothing at all on these images: what is flat without this is so practically. */
export function isExactlyFlat(
  statistics: MapStatistics,
  images: readonly number[],
  channel: number,
  rule: Rule,
  cells: number,
): boolean {
  return images.every((image) => sizeOf(statistics, image, channel, rule, cells) === 0);
}

export function allImages(statistics: MapStatistics): number[] {
  return Array.from({ length: statistics.images }, (_, image) => image);
}

/** Whether a channel says nothing, or practically nothing, about every image. */
export function isDeadChannel(statistics: MapStatistics, channel: number, rule: Rule, cells: number): boolean {
  return statistics.images > 0 && classOf(statistics, 0, channel, rule, cells) === "dead";
}

export function classOf(
  statistics: MapStatistics,
  image: number,
  channel: number,
  rule: Rule,
  cells: number,
): MapClass {
  if (!flat(statistics, image, channel, rule, cells)) return "active";
  for (let other = 0; other < statistics.images; other++) {
    if (!flat(statistics, other, channel, rule, cells)) return "silent";
  }
  return "dead";
}

/** Channels in falling order of a value, NaN first so that it is seen, ties by channel number. */
function sorted(channels: readonly number[], key: ((channel: number) => number) | null): number[] {
  if (key === null) return [...channels].sort((a, b) => a - b);
  const rank = (channel: number): number => {
    const value = key(channel);
    return Number.isNaN(value) ? Infinity : value;
  };
  return [...channels].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    return left === right ? a - b : right > left ? 1 : -1;
  });
}

/**
 * Sort `channels` (those that were kept) into the three classes for one image. Silent and dead go by number, active ones
 * by `order`'s statistics: those of another step let maps keep their place while steps are walked.
 */
export function classify(
  statistics: MapStatistics,
  image: number,
  channels: readonly number[],
  cells: number,
  sort: SortBy,
  order: MapStatistics = statistics,
): Classes {
  const rule = ruleOf(statistics);
  const groups: Record<MapClass, number[]> = { active: [], silent: [], dead: [] };
  for (const channel of channels) groups[classOf(statistics, image, channel, rule, cells)].push(channel);
  return {
    rule,
    active: sortChannels(groups.active, order, image, sort),
    silent: sorted(groups.silent, null),
    dead: sorted(groups.dead, null),
  };
}

/** Channels by their mean or largest value on an image, largest first, or by number. */
export function sortChannels(channels: readonly number[], order: MapStatistics, image: number, sort: SortBy): number[] {
  const column = sort === "max" ? order.max : order.mean;
  return sorted(channels, sort === "channel" ? null : (channel) => column[image * order.of + channel] ?? NaN);
}

/** Number of dead channels among all of the layer's, kept or not; practically dead ones among them. */
export function deadCount(statistics: MapStatistics, cells: number): number {
  const rule = ruleOf(statistics);
  let count = 0;
  for (let channel = 0; channel < statistics.of; channel++) {
    if (isDeadChannel(statistics, channel, rule, cells)) count++;
  }
  return count;
}

/** Share of exact zeros over all images and channels. */
export function zeroShare(statistics: MapStatistics): number {
  let sum = 0;
  for (let i = 0; i < statistics.zeros.length; i++) sum += statistics.zeros[i] ?? NaN;
  return statistics.zeros.length > 0 ? sum / statistics.zeros.length : NaN;
}

/** The channel that responds most to an image, by mean; for signed layers by the largest spread. -1 without channels. */
export function strongest(statistics: MapStatistics, image: number, channels: readonly number[]): number {
  const signed = ruleOf(statistics) === "constant";
  let best = -1;
  let most = -Infinity;
  for (const channel of channels) {
    const place = image * statistics.of + channel;
    const spread = (statistics.max[place] ?? NaN) - (statistics.min[place] ?? NaN);
    const value = signed ? spread : (statistics.mean[place] ?? NaN);
    if (value > most || best < 0) {
      best = channel;
      most = Number.isNaN(value) ? -Infinity : value;
    }
  }
  return best;
}
