import type { LayerRecord } from "../../data/schema.ts";
import { classify, ruleOf, sortChannels, strongest, type Classes, type SortBy } from "../../math/map_classes.ts";
import { cellAt, cellCount, slotOf, type MapStack, type MapStatistics } from "../../math/map_values.ts";
import type { Focus } from "./focus.ts";
import { keptChannels, peakOf, type LayerMaps } from "./layer_maps.ts";

/** A run's maps of the chosen layer. */
export interface Side {
  readonly run: string;
  readonly maps: LayerMaps;
}

/** What is on the screen, once the records for it are here. */
export interface Shown {
  readonly layer: LayerRecord;
  readonly a: Side;
  /** Run B, where it has the same layer with maps of the same size. */
  readonly b: Side | null;
  readonly image: number;
  readonly channel: number;
  readonly classes: Classes;
  /** The slice of three-dimensional maps. */
  readonly slice: number;
  /** The step by whose statistics the maps are sorted. */
  readonly orderStep: number;
  readonly playing: boolean;
}

/** Active where it is in either run, dead only where it is in both. The order is that of run A, or of `order`. */
export function sharedClasses(
  a: LayerMaps,
  b: LayerMaps | null,
  image: number,
  sort: SortBy,
  order: MapStatistics = a.statistics,
): Classes {
  const cells = cellCount(a.stack);
  const own = classify(a.statistics, image, keptChannels(a.stack), cells, sort, order);
  if (!b || image >= b.statistics.images) return own;
  const other = classify(b.statistics, image, keptChannels(a.stack), cells, "channel");
  const [active, silent] = [new Set(other.active), new Set(other.silent)];
  const quiet = [...own.silent, ...own.dead].sort((x, y) => x - y).filter((channel) => !active.has(channel));
  const dead = new Set(own.dead.filter((channel) => !active.has(channel) && !silent.has(channel)));
  return {
    rule: own.rule === "constant" || other.rule === "constant" ? "constant" : "zero",
    active: [...own.active, ...[...own.silent, ...own.dead].filter((channel) => active.has(channel))],
    silent: quiet.filter((channel) => !dead.has(channel)),
    dead: quiet.filter((channel) => dead.has(channel)),
  };
}

/** While steps play every channel keeps its tile, whether it responds at this step or not. */
export function playedClasses(a: LayerMaps, image: number, sort: SortBy, order: MapStatistics): Classes {
  const active = sortChannels(keptChannels(a.stack), order, image, sort);
  return { rule: ruleOf(a.statistics), active, silent: [], dead: [] };
}

export function comparable(a: MapStack, b: MapStack): boolean {
  return a.axes === b.axes && a.spatial.join() === b.spatial.join();
}

/** The chosen channel where its map is here, else the first that responds, else the strongest. */
export function channelOf(maps: LayerMaps, classes: Classes, image: number, chosen: number | null): number {
  if (chosen !== null && slotOf(maps.stack, chosen) >= 0) return chosen;
  return classes.active[0] ?? strongest(maps.statistics, image, keptChannels(maps.stack));
}

/** Where a map responds most: what is pointed at while nobody points. */
export function restingFocus(
  layer: LayerRecord,
  maps: LayerMaps,
  channel: number,
  image: number,
  slice: number,
): Focus | null {
  const slot = slotOf(maps.stack, channel);
  if (slot < 0 || image >= maps.stack.images) return null;
  return { layer, maps, channel, cell: cellAt(maps.stack, peakOf(maps.stack, image, slot, slice, maps.signed)) };
}
