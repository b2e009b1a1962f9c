import { html, nothing } from "lit";
import "../../canvas/grid_element.ts";
import type { GridHover } from "../../canvas/grid_element.ts";
import type { Cell, GridScene } from "../../canvas/grid_scene.ts";
import { colourPixel, paletteOf, pixelCss } from "../../math/colour.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { formatNumber, speakNumber } from "../../math/format.ts";
import { isExactlyFlat } from "../../math/map_classes.ts";
import { cellCount, slotOf } from "../../math/map_values.ts";
import type { Actions } from "./actions.ts";
import { cutName } from "../../parts/cut_name.ts";
import { shortRuns } from "../../parts/run_names.ts";
import "./channel_swatches.ts";
import type { Swatch } from "./channel_swatches.ts";
import { scaleOfMap, tileRanges, type Scaling } from "./colours.ts";
import { valueAt, type Focus } from "./focus.ts";
import { deadSlots, deadWord, leastEnd, statistic } from "./layer_maps.ts";
import { FRAME_ROOM, mapPainter, type Mark, type TileLabel } from "./map_painter.ts";
import { imageTiles, mapScene, tileShape, tileValues, type TileShape } from "./map_scene.ts";
import type { Shown, Side } from "./view_model.ts";
import { SPACING } from "./spacing.ts";

/** Characters of a run's name above its maps. */
const NAME_ROOM = 32;

/** The scene of one run's active maps, in the order of run A; tiles of channels that it did not keep stay empty. */
export function channelsScene(shown: Shown, side: Side, scaling: Scaling, map: ColourMap): GridScene {
  const { stack } = side.maps;
  const shape = tileShape(stack, shown.slice);
  const maps = imageTiles(stack, shown.image);
  const order = Int32Array.from(shown.classes.active, (channel) => slotOf(stack, channel));
  return mapScene(shape, tileValues(shape, maps), order, map, tileRanges(scaling, maps), SPACING, deadSlots(side.maps));
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
  const dead = isError
    ? "the same error in every cell of every probe image; 0: nothing comes back"
    : rule === "zero"
      ? "zero on every probe image; open one to see since which step"
      : "constant on every probe image";
  const { maps } = shown.a;
  const practically = shown.classes.dead.filter((channel) => deadWord(maps, channel) === "practically dead");
  const what =
    isError || rule === "constant"
      ? "its values lie less than 10⁻⁶ of the layer's median apart"
      : "below 10⁻⁶ of the layer's median";
  const sides = [shown.a, ...(shown.b ? [shown.b] : [])];
  return html`
    ${
      shown.b
        ? nothing
        : html`<h2 class="count">
          <b>${active.length} ${shown.playing ? "channels" : isError ? "maps differ in their cells" : "active"}</b>
          <span class="quiet">${shown.playing ? "keep their places while the steps play" : "on this image"}; left channel, right mean${isError ? " size" : ""}${orderWords(shown)}</span>
        </h2>`
    }
    <div class="grids">
      ${sides.map((side, i) => oneGrid(inputs, side, scenes[i] ?? null, shown.b ? (i === 0 ? "A" : "B") : ""))}
    </div>
    ${swatches(inputs, shown.classes.silent, "silent", silentNote(shown))}
    ${swatches(inputs, practically, "practically dead", `${what}, on every probe image`)}
    ${swatches(
      inputs,
      shown.classes.dead.filter((channel) => !practically.includes(channel)),
      "dead",
      dead,
    )}
  `;
}

/** Why the means do not fall from tile to tile. */
function orderWords({ orderStep, a, playing }: Shown): string {
  return orderStep === a.maps.record.step || playing
    ? ""
    : `; sorted as at step ${orderStep}, so that maps keep their places`;
}

function oneGrid(inputs: ChannelsInputs, side: Side, scene: GridScene | null, letter: string): unknown {
  const { shown, focus, pointed, actions } = inputs;
  const order = shown.classes.active;
  const both = [shown.a.run, shown.b?.run ?? shown.a.run];
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
    ${
      letter
        ? html`<h2 class="count">
          <b class="letter">${letter}</b> <b class="name" title=${side.run}>${cutName(side.run, shortRuns(both, NAME_ROOM).get(side.run))}</b>
          <span class="quiet">${letter === "A" ? `step ${side.maps.record.step}, ${order.length} active in A or B` : `step ${side.maps.record.step}, same order`}</span>
        </h2>`
        : nothing
    }
    ${
      scene && order.length > 0
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
        : html`<p class="quiet">No channel responds to this image.</p>`
    }
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
  const word = deadWord(focus.maps, focus.channel);
  return `channel ${focus.channel}${word ? `, ${word}` : ""}, ${depth}row ${row}, column ${column}, ${found ? speakNumber(found.value, 3) : "not kept"}`;
}

function silentNote({ a: { maps }, classes: { rule, silent }, image }: Shown): string {
  if (maps.isError) return "the same error in every cell for this image, not for another";
  const cells = cellCount(maps.stack);
  const exact = silent.every((channel) => isExactlyFlat(maps.statistics, [image], channel, rule, cells));
  const practically = exact ? "" : ", or practically so,";
  return rule === "zero"
    ? `zero${practically} on this image, active on another probe`
    : `constant${practically} on this image, not on another`;
}

function swatches(
  inputs: ChannelsInputs,
  channels: readonly number[],
  kind: "silent" | "practically dead" | "dead",
  note: string,
): unknown {
  const { shown, scaling, map, actions } = inputs;
  const palette = paletteOf(map);
  const list: Swatch[] = channels.map((channel) => {
    const value = statistic(shown.a.maps, "max", shown.image, channel);
    const { lo, hi } = scaleOfMap(scaling, [value], leastEnd(shown.a.maps, shown.image));
    const colour = kind === "silent" ? pixelCss(colourPixel(value, lo, hi, palette)) : null;
    const number = formatNumber(value, { digits: 3 });
    return {
      channel,
      colour,
      title: `${kind}, ${kind === "practically dead" ? `at most ${number}` : `${number} in every cell`}`,
    };
  });
  return html`<cnn-channel-swatches
    glyph=${kind === "silent" ? "" : "✕"}
    ?bad=${kind !== "silent"}
    heading="${list.length} ${kind}"
    .note=${note}
    .swatches=${list}
    .chosen=${shown.channel}
    @channel-chosen=${(event: CustomEvent<number>) => actions.choose(event.detail)}
  ></cnn-channel-swatches>`;
}
