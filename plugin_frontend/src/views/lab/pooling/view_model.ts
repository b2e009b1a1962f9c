/** What the picture shows, once for each map, setting and place. No effects. */
import type { LayerRecord } from "../../../data/schema.ts";
import { planeOf, type Grid, type Planes } from "../../../math/planes.ts";
import { DEAD_BELOW, usualNorm } from "../../../math/practically_dead.ts";
import { magnitudesByBlock } from "../../../math/ranges.ts";
import { memoizeLast } from "../../../math/memoize_last.ts";
import { isolated } from "../../../parts/isolated.ts";
import type { Lab, LabOptions } from "../lab_mode.ts";
import { planesOf, type Volume } from "../volume.ts";
import { agreement, type Agreement } from "./agreement.ts";
import { peakCell, pooledMap, type PooledMap } from "./pooled_map.ts";
import { scalesOf, type Scales } from "./scales.ts";
import { gridOf, settingOf, type Setting } from "./setting.ts";
import { inside } from "./walk.ts";
import { windowNumbers, type Place, type WindowNumbers } from "./window_numbers.ts";

export interface Shown {
  readonly layer: LayerRecord;
  /** The map that is pooled: what went into a pooling layer, or what came out of a convolution. */
  readonly volume: Volume;
  readonly planes: Planes;
  readonly channel: number;
  readonly setting: Setting;
  readonly pooled: PooledMap;
  readonly scales: Scales;
  readonly place: Place;
  readonly window: WindowNumbers;
  readonly agreement: Agreement;
}

/** Why nothing can be pooled, and whether the layer's own settings would do. */
export interface Refusal {
  readonly heading: string;
  readonly text: string;
  readonly byHand: boolean;
}

/** Remembers, so that a scene stays the same object while nothing of it changed. */
export class PoolingPictures {
  #scales: { key: string; scales: Scales } | null = null;
  readonly #planes = memoizeLast((volume: Volume): Planes => planesOf(volume));
  readonly #logged = memoizeLast((volume: Volume): Planes => planesOf(volume));
  readonly #strongest = memoizeLast(strongestChannel);
  readonly #grid = memoizeLast((volume: Volume, key: string): Grid | Error =>
    gridOf(volume, JSON.parse(key) as Setting),
  );
  readonly #pooled = memoizeLast((planes: Planes, channel: number, grid: Grid): PooledMap =>
    pooledMap(planeOf(planes, channel), grid),
  );
  readonly #least = memoizeLast(
    ({ values, rows, columns }: Planes): number => DEAD_BELOW * usualNorm(magnitudesByBlock(values, rows * columns)),
  );
  readonly #fitted = memoizeLast((pooled: PooledMap, playing: boolean, key: string, least: number): Scales => {
    const before = playing && this.#scales?.key === key ? this.#scales.scales : null;
    this.#scales = { key, scales: scalesOf(pooled, before, least) };
    return this.#scales.scales;
  });
  readonly #agreement = memoizeLast(
    (layer: LayerRecord, own: boolean, pooled: PooledMap, logged: Planes, channel: number): Agreement =>
      agreement(layer, own, pooled, planeOf(logged, channel)),
  );

  show({ layer, operation, input, options, session }: Lab): Shown | Refusal {
    const pools = layer.role === "pooling";
    const volume = pools ? input : operation.output;
    if (volume instanceof Error) return { heading: "There is no map to pool", text: volume.message, byHand: false };
    if (volume.axes === 0)
      return {
        heading: "There is no map to pool",
        text: `${isolated(layer.name)} gives one number a channel.`,
        byHand: false,
      };
    if (volume.axes === 3) {
      return {
        heading: "The Lab pools maps of one or two dimensions",
        text: `Those of ${isolated(layer.name)} have three.`,
        byHand: false,
      };
    }
    const setting = settingOf(layer, volume, options);
    const grid = this.#grid(volume, JSON.stringify(setting));
    if (grid instanceof Error)
      return { heading: "This window does not fit", text: grid.message, byHand: isByHand(options) };
    const planes = this.#planes(volume);
    const { channel: wished } = session.state;
    const channel = wished !== null && wished < planes.channels ? wished : this.#strongest(planes);
    const pooled = this.#pooled(planes, channel, grid);
    const place = placeOf(pooled, options);
    return {
      layer,
      volume,
      planes,
      channel,
      setting,
      pooled,
      place,
      scales: this.#fitted(
        pooled,
        session.playing,
        JSON.stringify([layer.path, channel, setting]),
        this.#least(planes),
      ),
      window: windowNumbers(pooled, place),
      agreement: this.#agreement(layer, setting.own, pooled, this.#logged(operation.output), pools ? channel : 0),
    };
  }
}

export function isByHand({ window, stride, padding }: LabOptions): boolean {
  return window !== null || stride !== null || padding !== "own";
}

function placeOf(pooled: PooledMap, { row, column }: LabOptions): Place {
  const rest = row === null || column === null ? peakCell(pooled) : { row: 0, column: 0 };
  return inside(
    { row: row ?? rest.row, column: column ?? rest.column },
    pooled.grid.rows.output,
    pooled.grid.columns.output,
  );
}

/** The channel of largest variance, as in the strip; the first where none has any. */
export function strongestChannel({ channels, rows, columns, values }: Planes): number {
  const cells = rows * columns;
  let best = 0;
  let most = 0;
  for (let channel = 0; channel < channels; channel++) {
    let [sum, squares] = [0, 0];
    for (let i = channel * cells; i < (channel + 1) * cells; i++) {
      sum += values[i]!;
      squares += values[i]! * values[i]!;
    }
    const variance = squares / cells - (sum / cells) ** 2;
    if (variance > most) [best, most] = [channel, variance];
  }
  return best;
}
