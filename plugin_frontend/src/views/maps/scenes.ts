import type { DataRecord } from "../../data/binary.ts";
import type { LayerRecord } from "../../data/schema.ts";
import type { GridScene } from "../../canvas/grid_scene.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { mapValues, slotOf } from "../../math/map_values.ts";
import type { Scale } from "../../math/map_ranges.ts";
import { channelsScene } from "./channels_mode.ts";
import { scaleOfMap, together, type ColourChoice, type Scaling } from "./colours.ts";
import { distribution, type Distribution } from "./distribution.ts";
import { layerMaps, leastEnd, scaleOf, statistic, type LayerMaps } from "./layer_maps.ts";
import { layerTiles } from "./layers_mode.ts";
import { imageTiles } from "./map_scene.ts";
import type { Mode, ScaleBy } from "./maps_definition.ts";
import type { BarWords } from "./maps_legend.ts";
import { findPatches } from "./patch_row.ts";
import { memoizeLast } from "../../math/memoize_last.ts";
import { channelOf, comparable, playedClasses, sharedClasses, type Shown } from "./view_model.ts";
import type { SortBy } from "../../math/map_classes.ts";
import { stepsScene } from "./steps_mode.ts";
import type { StepSweep } from "./step_sweep.ts";

export interface ShownInputs {
  readonly layer: LayerRecord;
  readonly runA: string;
  readonly a: LayerMaps;
  readonly runB: string | null;
  readonly b: LayerMaps | null;
  readonly image: number;
  readonly channel: number | null;
  readonly sort: SortBy;
  readonly slice: number;
  /** Maps of the last logged step, by which the tiles are sorted, so that they keep their places. */
  readonly last: LayerMaps | null;
  readonly playing: boolean;
}

export interface ScalingInputs {
  readonly shown: Shown;
  readonly mode: Mode;
  readonly by: ScaleBy;
  readonly sweeps: readonly StepSweep[];
  readonly playing: boolean;
}

/** What is computed for the screen, kept while what it was computed from stays the same. */
export class Scenes {
  #scaling: { key: string; scaling: Scaling } | null = null;

  readonly #shown = memoizeLast(
    (
      layer: LayerRecord,
      runA: string,
      a: LayerMaps,
      runB: string | null,
      b: LayerMaps | null,
      image: number,
      channel: number | null,
      sort: SortBy,
      slice: number,
      last: LayerMaps | null,
      playing: boolean,
    ): Shown => {
      const other = runB !== null && b && comparable(a.stack, b.stack) && image < b.stack.images ? b : null;
      const shownImage = Math.min(image, a.statistics.images - 1);
      const { images, of } = a.statistics;
      const same =
        last?.statistics.images === images && last.statistics.of === of && last.record.layer === a.record.layer;
      const order = same ? last : a;
      const classes = playing
        ? playedClasses(a, shownImage, sort, order.statistics)
        : sharedClasses(a, other, shownImage, sort, order.statistics);
      return {
        layer,
        image: shownImage,
        classes,
        playing,
        orderStep: order.record.step,
        a: { run: runA, maps: a },
        b: other && runB !== null ? { run: runB, maps: other } : null,
        channel: channelOf(a, classes, shownImage, channel),
        slice: Math.min(slice, Math.max(0, a.stack.spatial[0] - 1)),
      };
    },
  );

  shown(i: ShownInputs): Shown {
    return this.#shown(i.layer, i.runA, i.a, i.runB, i.b, i.image, i.channel, i.sort, i.slice, i.last, i.playing);
  }

  /**
   * The same object while the ends stay the same. While the steps play, one scale for all of them as soon as they are
   * here, and until then the one before, so that colours do not jump from step to step.
   */
  scaling({ shown, mode, by, sweeps, playing }: ScalingInputs): Scaling {
    const moving = mode === "steps" || playing;
    const wanted: ScaleBy = mode === "layers" ? "map" : moving && by === "layer" ? "steps" : by;
    const key = JSON.stringify([shown.layer.path, shown.a.run, shown.b?.run]);
    const last = this.#scaling;
    const waiting = wanted === "steps" && !sweeps.every((sweep) => sweep.done);
    if (last?.key === key && playing && waiting && last.scaling.by !== "map") return last.scaling;
    const sides = [shown.a.maps, ...(shown.b ? [shown.b.maps] : [])];
    const steps =
      wanted === "steps" && !waiting ? sweeps.flatMap((sweep) => [...sweep.records.values()].map(layerMaps)) : [];
    const all = [...sides, ...steps.filter((maps): maps is LayerMaps => !(maps instanceof Error))];
    const signed = all.some((maps) => maps.signed);
    const shared =
      wanted === "map"
        ? null
        : together(
            all.map((maps) => scaleOf(maps.stack, signed)),
            signed,
          );
    const same =
      last?.key === key &&
      last.scaling.by === wanted &&
      last.scaling.signed === signed &&
      sameScale(last.scaling.shared, shared);
    const scaling = same ? last.scaling : { by: wanted, signed, shared };
    this.#scaling = { key, scaling };
    return scaling;
  }

  readonly #channels = memoizeLast((shown: Shown, scaling: Scaling, map: ColourMap): GridScene[] =>
    [shown.a, ...(shown.b ? [shown.b] : [])].map((side) => channelsScene(shown, side, scaling, map)),
  );

  channels(shown: Shown, scaling: Scaling, map: ColourMap): readonly GridScene[] {
    return this.#channels(shown, scaling, map);
  }

  readonly #steps = memoizeLast(
    (
      shown: Shown,
      sweep: StepSweep,
      scaling: Scaling,
      map: ColourMap,
      _steps: readonly number[],
      _loaded: number,
      _lost: number,
    ) => stepsScene(shown, sweep, scaling, map),
  );

  steps(shown: Shown, sweep: StepSweep, scaling: Scaling, map: ColourMap): GridScene | null {
    return this.#steps(shown, sweep, scaling, map, sweep.steps, sweep.loaded, sweep.failed.size);
  }

  readonly #layerTiles = memoizeLast(
    (
      records: readonly DataRecord[],
      layers: readonly LayerRecord[],
      shown: Shown,
      magnitude: ColourChoice["magnitude"],
      signed: ColourChoice["signed"],
    ) => layerTiles(records, layers, shown, { magnitude, signed }),
  );

  layerTiles(records: readonly DataRecord[], layers: readonly LayerRecord[], shown: Shown, colours: ColourChoice) {
    return this.#layerTiles(records, layers, shown, colours.magnitude, colours.signed);
  }

  readonly patches = memoizeLast(
    (maps: LayerMaps, layer: LayerRecord, channel: number, probe: DataRecord, layers: readonly LayerRecord[]) =>
      findPatches(layer, maps, channel, probe, layers),
  );

  readonly #layerSpread = memoizeLast(
    (a: LayerMaps, b: LayerMaps | null, image: number, scale: Scale, signed: boolean): Distribution => {
      const sides = [a, ...(b ? [b] : [])];
      const maps = sides.flatMap(({ stack }) => (image < stack.images ? imageTiles(stack, image) : []));
      const zeros = sides.flatMap((side) =>
        Array.from(side.stack.channels, (channel) => statistic(side, "zeros", image, channel)),
      );
      const share = zeros.reduce((sum, zero) => sum + zero, 0) / Math.max(1, zeros.length);
      return distribution(maps, scale, signed ? null : share);
    },
  );

  readonly #mapSpread = memoizeLast(
    (maps: LayerMaps, channel: number, image: number, scale: Scaling): [Scale, Distribution] => {
      const slot = slotOf(maps.stack, channel);
      const values = slot < 0 || image >= maps.stack.images ? new Float32Array() : mapValues(maps.stack, image, slot);
      const own = scaleOfMap(scale, values, leastEnd(maps, image));
      return [own, distribution([values], own, scale.signed ? null : statistic(maps, "zeros", image, channel))];
    },
  );

  /** The legend's colour bar: of one map where each has its own scale, else of all on this image. */
  bar(shown: Shown, scaling: Scaling, one: { maps: LayerMaps; channel: number }, words: Omit<BarWords, "of">) {
    const { a, b, image } = shown;
    if (scaling.shared) {
      const { kept } = a.maps.stack;
      const what = a.maps.stack.axes === 0 ? `the ${kept} values` : kept === 1 ? "the map" : `the ${kept} maps`;
      const of = `${what} on this image${b ? ", of both runs" : ""}`;
      const spread = this.#layerSpread(a.maps, b?.maps ?? null, image, scaling.shared, scaling.signed);
      return { scale: scaling.shared, spread, words: { ...words, of } };
    }
    const [scale, spread] = this.#mapSpread(one.maps, one.channel, image, scaling);
    return { scale, spread, words: { ...words, of: `channel ${one.channel} on this image` } };
  }
}

function sameScale(a: Scale | null, b: Scale | null): boolean {
  return a === b || (a !== null && b !== null && a.lo === b.lo && a.hi === b.hi && a.clipped === b.clipped);
}

/** How the ends of the scale were found. */
export function scaleWords(shown: Shown, scaling: Scaling, sweep: StepSweep, playing: boolean): string {
  const images = shown.a.maps.stack.images;
  const all = images === 1 ? "this image" : `all ${images} images`;
  if (scaling.by === "map") return "Each map has its own scale";
  if (playing && !sweep.done) return "The scale is held while the steps play";
  if (scaling.by === "layer") return `One scale for ${all} at this step`;
  if (sweep.done) return `One scale for all ${sweep.steps.length} steps`;
  return `This step's scale until the others are here (${sweep.loaded} of ${sweep.steps.length})`;
}
