import type { TileRanges } from "../../canvas/grid_scene.ts";
import { colourNamed } from "../../math/colour_choices.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { DEAD_BELOW, usualNorm } from "../../math/practically_dead.ts";
import { atLeast, mapScale, widest, type Scale } from "../../math/map_ranges.ts";
import type { ScaleBy } from "./maps_definition.ts";

export interface ColourChoice {
  readonly magnitude: string;
  readonly signed: string;
}

export function colourMap(signed: boolean, choice: ColourChoice): ColourMap {
  const use = signed ? "signed" : "magnitude";
  return colourNamed(choice[use], use);
}

/** What gives a map its ends: one scale for all, or each map's own. */
export interface Scaling {
  readonly by: ScaleBy;
  readonly signed: boolean;
  /** Null where each map has its own. */
  readonly shared: Scale | null;
}

/** `least`: where the map's own scale ends at the least. */
export function scaleOfMap(scaling: Scaling, values: ArrayLike<number>, least = 0): Scale {
  return scaling.shared ?? atLeast(mapScale(values, scaling.signed), least);
}

/** A map of its own scale that is next to nothing beside the others is painted as nothing. */
export function tileRanges(scaling: Scaling, tiles: readonly (ArrayLike<number> | null)[]): TileRanges {
  if (scaling.shared) return scaling.shared;
  const scales = tiles.map((values) => mapScale(values ?? [], scaling.signed));
  const least = DEAD_BELOW * usualNorm(scales.map(({ lo, hi }) => Math.max(-lo, hi)));
  const own = scales.map((scale) => atLeast(scale, least));
  return { lo: Float64Array.from(own, (scale) => scale.lo), hi: Float64Array.from(own, (scale) => scale.hi) };
}

/** Scales of several records as one; symmetric around zero where any of them is. */
export function together(scales: readonly Scale[], signed: boolean): Scale | null {
  const all = widest(scales);
  if (!all || !signed) return all;
  const end = Math.max(-all.lo, all.hi);
  return { lo: -end, hi: end, clipped: all.clipped };
}
