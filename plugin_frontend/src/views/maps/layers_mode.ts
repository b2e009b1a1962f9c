import { html, nothing } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { LayerRecord } from "../../data/schema.ts";
import type { Picture } from "../../parts/picture.ts";
import { pictureOf } from "../../parts/record_pictures.ts";
import "../../canvas/grid_element.ts";
import type { GridHover } from "../../canvas/grid_element.ts";
import type { Cell, GridScene } from "../../canvas/grid_scene.ts";
import { colourPixel, paletteOf } from "../../math/colour.ts";
import { rdbu, type ColourMap } from "../../math/colour_maps.ts";
import { formatNumber } from "../../math/format.ts";
import { atLeast, mapScale } from "../../math/map_ranges.ts";
import { mapValues, slotOf } from "../../math/map_values.ts";
import type { Actions } from "./actions.ts";
import { markOf } from "./channels_mode.ts";
import { colourMap, type ColourChoice } from "./colours.ts";
import type { Focus } from "./focus.ts";
import { deadWord, isDeadMap, layerMaps, leastEnd, statistic, type LayerMaps } from "./layer_maps.ts";
import { mapPainter } from "./map_painter.ts";
import { oneMapScene, tileShape } from "./map_scene.ts";
import { channelOf, sharedClasses, type Shown } from "./view_model.ts";

const SIDE = 132;

/** A layer's strongest channel on the image; of the chosen layer, the chosen channel. */
export interface LayerTile {
  readonly layer: LayerRecord;
  readonly maps: LayerMaps;
  readonly channel: number;
  /** Null for a layer without spatial axes. */
  readonly scene: GridScene | null;
}

export function layerTiles(
  records: readonly DataRecord[],
  layers: readonly LayerRecord[],
  shown: Shown,
  colours: ColourChoice,
): LayerTile[] {
  const tiles: LayerTile[] = [];
  for (const record of records) {
    const layer = layers.find((each) => each.path === record.layer);
    const maps = layerMaps(record);
    if (!layer || maps instanceof Error || shown.image >= maps.stack.images) continue;
    const chosen = layer.path === shown.layer.path ? shown.channel : null;
    const channel = channelOf(maps, sharedClasses(maps, null, shown.image, "mean"), shown.image, chosen);
    const slot = slotOf(maps.stack, channel);
    if (slot < 0) continue;
    const map: ColourMap = colourMap(maps.signed, colours);
    const values = mapValues(maps.stack, shown.image, slot);
    const slice = Math.min(shown.slice, maps.stack.spatial[0] - 1);
    const scene =
      maps.stack.axes === 0
        ? null
        : oneMapScene(
            tileShape(maps.stack, slice),
            values,
            map,
            atLeast(mapScale(values, maps.signed), leastEnd(maps, shown.image)),
            isDeadMap(maps, channel),
          );
    tiles.push({ layer, maps, channel, scene });
  }
  return tiles;
}

export function layersMode(
  tiles: readonly LayerTile[],
  shown: Shown,
  focus: Focus | null,
  pointed: boolean,
  actions: Actions,
): unknown {
  return html`
    <h2 class="count">
      <b>Strongest channel of each of ${tiles.length} layers</b>
      <span class="quiet">on this image, each on its own scale; click opens the layer</span>
    </h2>
    <div class="tiles" @wheel=${{ handleEvent: (event: Event) => event.stopImmediatePropagation(), capture: true }}>
      ${tiles.map((tile) => oneLayer(tile, shown, focus, pointed, actions))}
    </div>
  `;
}

function oneLayer(
  { layer, maps, channel, scene }: LayerTile,
  shown: Shown,
  focus: Focus | null,
  pointed: boolean,
  actions: Actions,
): unknown {
  const here = layer.path === shown.layer.path;
  const mean = formatNumber(statistic(maps, "mean", shown.image, channel), { digits: 2 });
  const open = (): void => actions.openLayer(layer.path, channel);
  return html`<figure class=${here ? "here" : ""}>
    <button class="link name" title=${layer.path} @click=${open}>${layer.name}</button>
    <span class="quiet">${maps.stack.axes === 0 ? `${maps.stack.of} values` : maps.stack.spatial.slice(3 - maps.stack.axes).join("×")}</span>
    ${scene ? layerGrid({ layer, maps, channel, scene }, shown, focus, pointed, actions) : bar(maps, shown.image)}
    <figcaption>${scene ? html`<span>${channel}</span><span>${deadWord(maps, channel) || mean}</span>` : nothing}</figcaption>
  </figure>`;
}

function layerGrid(
  tile: LayerTile & { scene: GridScene },
  shown: Shown,
  focus: Focus | null,
  pointed: boolean,
  actions: Actions,
): unknown {
  const { layer, maps, channel, scene } = tile;
  const slice = Math.min(shown.slice, maps.stack.spatial[0] - 1);
  const shape = tileShape(maps.stack, slice);
  const cell = Math.min(SIDE / shape.width, SIDE / shape.height, 96);
  const own = focus?.maps === maps;
  const focusOf = ({ x, y }: Cell): Focus => ({ layer, maps, channel, cell: [slice, shape.repeat > 1 ? 0 : y, x] });
  const marks = {
    labels: [{ left: "", right: [] }],
    chosen: -1,
    pointed: 0,
    everywhere: false,
    mark: own && pointed ? markOf(shape, slice, focus.cell) : null,
  };
  return html`<cnn-grid
    data-layer=${layer.path}
    .style=${`width:${Math.floor(cell * shape.width)}px;height:${Math.ceil(cell * shape.height)}px`}
    .scene=${scene}
    .painter=${mapPainter(marks)}
    label="Channel ${channel} of ${layer.name}"
    @grid-hover=${(event: CustomEvent<GridHover>) => actions.point(event.detail.cell && focusOf(event.detail.cell))}
    @grid-open=${() => actions.openLayer(layer.path, channel)}
    @grid-back=${() => actions.back()}
  ></cnn-grid>`;
}

function bar(maps: LayerMaps, image: number): unknown {
  const picture = maps.isError ? errorBar(maps, image) : pictureOf(maps.record, image);
  return html`<cnn-picture .picture=${picture}></cnn-picture>`;
}

/** One error a unit, symmetric around zero. */
function errorBar({ stack }: LayerMaps, image: number): Picture {
  const values = Float64Array.from({ length: stack.kept }, (_, slot) => mapValues(stack, image, slot)[0] ?? NaN);
  const { lo, hi } = mapScale(values, true);
  const palette = paletteOf(rdbu);
  const pixels = Uint32Array.from(values, (value) => colourPixel(value, lo, hi, palette));
  return { width: 1, height: stack.kept, pixels, words: `errors of its ${stack.kept} channels` };
}
