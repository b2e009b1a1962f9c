import { html, nothing } from "lit";
import "../../gl/grid_element.ts";
import type { GridHover } from "../../gl/grid_element.ts";
import type { Cell, GridScene } from "../../gl/grid_scene.ts";
import { colourPixel, paletteOf, pixelCss } from "../../math/colour.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { formatNumber, speakNumber } from "../../math/format.ts";
import { slotOf } from "../../math/map_values.ts";
import type { Actions } from "./actions.ts";
import "./channel_swatches.ts";
import type { Swatch } from "./channel_swatches.ts";
import { scaleOfMap, tileRanges, type Scaling } from "./colours.ts";
import { valueAt, type Focus } from "./focus.ts";
import { statistic } from "./layer_maps.ts";
import { FRAME_ROOM, mapPainter, type Mark, type TileLabel } from "./map_painter.ts";
import { imageTiles, mapScene, tileShape, tileValues, type TileShape } from "./map_scene.ts";
import type { Shown, Side } from "./shown.ts";
import { SPACING } from "./spacing.ts";


/** The scene of one run's active maps, in the order of run A; tiles of channels that it did not keep stay empty. */
export function channelsScene(shown: Shown, side: Side, scaling: Scaling, map: ColourMap): GridScene {
  const { stack } = side.maps;
  const shape = tileShape(stack, shown.slice);
  const maps = imageTiles(stack, shown.image);
  const order = Int32Array.from(shown.classes.active, (channel) => slotOf(stack, channel));
  return mapScene(shape, tileValues(shape, maps), order, map, tileRanges(scaling, maps), SPACING);
}

/** The cell as a mark on a tile of this shape; null where it lies in another slice. */
export function markOf(shape: TileShape, slice: number, [z, y, x]: readonly [number, number, number]): Mark | null {
  if (z !== slice) return null;
  return shape.repeat > 1 ? { x, y: 0, width: 1, height: shape.height } : { x, y, width: 1, height: 1 };
}

export interface ChannelsInputs {
  readonly shown: Shown;
  readonly scaling: Scaling;
  readonly map: ColourMap;
  readonly scenes: readonly GridScene[];
  readonly focus: Focus | null;
  /** Somebody points at the focus. */
  readonly pointed: boolean;
  readonly actions: Actions;
}

export function channelsMode(inputs: ChannelsInputs): unknown {
  const { shown, scenes } = inputs;
  const { active, rule } = shown.classes;
  const { isError } = shown.a.maps;
  const quiet = isError ? "the same error in every cell for this image, not for another" : rule === "zero" ? "zero on this image, active on another probe" : "constant on this image, not on another";
  const dead = isError ? "the same error in every cell of every probe image; 0: nothing comes back" : rule === "zero" ? "zero on every probe image; open one to see since which step" : "constant on every probe image";
  const sides = [shown.a, ...(shown.b ? [shown.b] : [])];
  return html`
    ${shown.b
      ? nothing
      : html`<h2 class="count">
          <b>${active.length} ${shown.playing ? "channels" : isError ? "maps differ in their cells" : "active"}</b>
          <span class="quiet">${shown.playing ? "keep their places while the steps play" : "on this image"}; left channel, right mean${isError ? " size" : ""}${orderWords(shown)}</span>
        </h2>`}
    <div class="grids">
      ${sides.map((side, i) => oneGrid(inputs, side, scenes[i] ?? null, shown.b ? (i === 0 ? "A" : "B") : ""))}
    </div>
    ${swatches(inputs, shown.classes.silent, "silent", quiet)} ${swatches(inputs, shown.classes.dead, "dead", dead)}
  `;
}

/** Why the means do not fall from tile to tile. */
function orderWords({ orderStep, a, playing }: Shown): string {
  return orderStep === a.maps.record.step || playing ? "" : `; sorted as at step ${orderStep}, so that maps keep their places`;
}

function oneGrid(inputs: ChannelsInputs, side: Side, scene: GridScene | null, letter: string): unknown {
  const { shown, focus, pointed, actions } = inputs;
  const order = shown.classes.active;
  const shape = tileShape(side.maps.stack, shown.slice);
  const labels: TileLabel[] = order.map((channel) => ({
    left: String(channel),
    right: twoLengths(statistic(side.maps, "mean", shown.image, channel)),
  }));
  const marks = {
    labels,
    chosen: order.indexOf(shown.channel),
    mark: focus && markOf(shape, shown.slice, focus.cell),
    pointed: focus ? order.indexOf(focus.channel) : -1,
    everywhere: pointed,
  };
  const focusOf = (cell: Cell): Focus | null => {
    const channel = order[cell.place];
    if (channel === undefined || slotOf(side.maps.stack, channel) < 0) return null;
    const place = [shown.slice, shape.repeat > 1 ? 0 : cell.y, cell.x] as const;
    return { layer: shown.layer, maps: side.maps, channel, cell: place };
  };
  return html`<section>
    ${letter
      ? html`<h2 class="count">
          <b class="letter">${letter}</b> <b class="name">${side.run}</b>
          <span class="quiet">${letter === "A" ? `step ${side.maps.record.step}, ${order.length} active in A or B` : `step ${side.maps.record.step}, same order`}</span>
        </h2>`
      : nothing}
    ${scene && order.length > 0
      ? html`<cnn-grid
          class=${letter || "A"}
          flow
          .insets=${FRAME_ROOM}
          .scene=${scene}
          .painter=${mapPainter(marks)}
          .describe=${(cell: Cell) => describe(focusOf(cell), shown.image)}
          label="Feature maps of ${shown.layer.name}, ${order.length} active channels"
          @grid-hover=${(event: CustomEvent<GridHover>) => actions.point(event.detail.cell && focusOf(event.detail.cell))}
          @grid-open=${(event: CustomEvent<{ cell: Cell }>) => {
            const channel = order[event.detail.cell.place];
            if (channel !== undefined) actions.choose(channel);
          }}
          @grid-back=${() => actions.back()}
        ></cnn-grid>`
      : html`<p class="quiet">No channel responds to this image.</p>`}
  </section>`;
}

/** A number in two digits, in one, or as a bound, for as little room as there is. */
export function twoLengths(value: number): string[] {
  const digits = [2, 1].map((count) => formatNumber(value, { digits: count }));
  return value > 0 && value < 0.001 ? [...digits, "< .001"] : digits;
}

/** "channel 10, row 9, column 8, plus 0.854" */
export function describe(focus: Focus | null, image: number): string {
  if (!focus) return "no map";
  const [slice, row, column] = focus.cell;
  const found = valueAt(focus, image);
  const depth = focus.maps.stack.axes === 3 ? `slice ${slice}, ` : "";
  return `channel ${focus.channel}, ${depth}row ${row}, column ${column}, ${found ? speakNumber(found.value, 3) : "not kept"}`;
}

function swatches(inputs: ChannelsInputs, channels: readonly number[], kind: "silent" | "dead", note: string): unknown {
  const { shown, scaling, map, actions } = inputs;
  const palette = paletteOf(map);
  const list: Swatch[] = channels.map((channel) => {
    const value = statistic(shown.a.maps, "max", shown.image, channel);
    const { lo, hi } = scaleOfMap(scaling, [value]);
    const colour = kind === "dead" ? null : pixelCss(colourPixel(value, lo, hi, palette));
    return { channel, colour, title: `${kind}, ${formatNumber(value, { digits: 3 })} in every cell` };
  });
  return html`<cnn-channel-swatches
    glyph=${kind === "dead" ? "✕" : ""}
    ?bad=${kind === "dead"}
    heading="${list.length} ${kind}"
    .note=${note}
    .swatches=${list}
    .chosen=${shown.channel}
    @channel-chosen=${(event: CustomEvent<number>) => actions.choose(event.detail)}
  ></cnn-channel-swatches>`;
}
