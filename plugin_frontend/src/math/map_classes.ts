/** Which channels respond to an image, which are silent on it, and which respond to no probe image at all. */

import type { MapStatistics } from "./map_values.ts";

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
 * Whether a channel says nothing about an image. NaN is never flat.
 *
 * A map of one cell (`cells` = 1: a dense or global pooling layer) is constant by nature, so only an exact zero counts.
 */
function flat(statistics: MapStatistics, image: number, channel: number, rule: Rule, cells: number): boolean {
  const place = image * statistics.of + channel;
  const min = statistics.min[place] ?? NaN;
  const max = statistics.max[place] ?? NaN;
  return rule === "constant" && cells > 1 ? min === max : min === 0 && max === 0;
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

/** Number of dead channels among all of the layer's, kept or not. */
export function deadCount(statistics: MapStatistics, cells: number): number {
  const rule = ruleOf(statistics);
  let count = 0;
  for (let channel = 0; channel < statistics.of; channel++) {
    if (statistics.images > 0 && classOf(statistics, 0, channel, rule, cells) === "dead") count++;
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
