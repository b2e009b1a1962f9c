import { formatNumber } from "../../math/format.ts";
import { cellAxes, mapValues, slotOf, type MapStack } from "../../math/map_values.ts";
import { poolWindow } from "../../math/pool_window.ts";
import { formatPercent } from "../../math/percent.ts";
import { isolated } from "../../parts/isolated.ts";
import { shortRun } from "../../parts/run_names.ts";
import { markOf } from "./channels_mode.ts";
import { scaleOfMap, type Scaling } from "./colours.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { valueAt, type Focus } from "./focus.ts";
import type { Fact, LargeMap } from "./image_column.ts";
import { deadWord, isDeadMap, leastEnd, statistic, type LayerMaps } from "./layer_maps.ts";
import type { Mark } from "./map_painter.ts";
import { oneMapScene, tileShape } from "./map_scene.ts";
import type { Side } from "./view_model.ts";

export interface LargeInputs {
  readonly focus: Focus;
  readonly image: number;
  readonly scaling: Scaling;
  readonly map: ColourMap;
  /** The stack that a pooling layer reads, and what it is called. */
  readonly input: { readonly stack: MapStack; readonly name: string } | null;
  /** The other run's same map beside it. */
  readonly b: Side | null;
  readonly runA: string;
}

/** Characters of a run's name above a map. */
const NAME_ROOM = 20;

const size = (stack: MapStack): string => stack.spatial.slice(3 - stack.axes).join("×") || "1 value";

/** "26×26", "practically dead": there is no room for both. */
function noteOf(maps: LayerMaps, channel: number): string {
  return deadWord(maps, channel) || size(maps.stack);
}

function sceneOf(
  { image, scaling, map }: LargeInputs,
  stack: MapStack,
  channel: number,
  slice: number,
  own: Scaling,
  dead = false,
) {
  const slot = slotOf(stack, channel);
  if (slot < 0 || image >= stack.images) return null;
  const values = mapValues(stack, image, slot);
  const scale = scaleOfMap(own ?? scaling, values);
  return oneMapScene(tileShape(stack, slice), values, map, scale, dead);
}

/** The map under the cursor, drawn large; beside it what it was pooled from, or the other run's. */
export function largeMaps(inputs: LargeInputs): LargeMap[] {
  const { focus, b, input, scaling, runA } = inputs;
  const { stack } = focus.maps;
  if (stack.axes === 0) return [];
  const [slice] = focus.cell;
  const mark = markOf(tileShape(stack, slice), slice, focus.cell);
  // A pair stands on the scale of the map in question, so that what pooling lost can be seen.
  const slot = slotOf(stack, focus.channel);
  if (slot < 0 || inputs.image >= stack.images) return [];
  const scale = {
    ...scaling,
    shared: scaleOfMap(scaling, mapValues(stack, inputs.image, slot), leastEnd(focus.maps, inputs.image)),
  };
  const own = sceneOf(inputs, stack, focus.channel, slice, scale, isDeadMap(focus.maps, focus.channel));
  if (!own) return [];
  const note = noteOf(focus.maps, focus.channel);
  const other = b ? sceneOf(inputs, b.maps.stack, focus.channel, slice, scale, isDeadMap(b.maps, focus.channel)) : null;
  if (b && other) {
    const runName = (run: string): string => isolated(shortRun(run, [runA, b.run], NAME_ROOM));
    return [
      { key: "map", heading: `A ${runName(runA)}, ${focus.channel}`, note, scene: own, mark },
      {
        key: "b",
        heading: `B ${runName(b.run)}, ${focus.channel}`,
        note: noteOf(b.maps, focus.channel),
        scene: other,
        mark,
      },
    ];
  }
  const heading = `Channel ${focus.channel}`;
  if (input) {
    const from = pooledFrom(inputs, input.stack, scale);
    if (from)
      return [
        { key: "input", heading: input.name, ...from },
        { key: "map", heading, note, scene: own, mark },
      ];
  }
  return [{ key: "map", heading, note, scene: own, mark }];
}

function pooledFrom(
  inputs: LargeInputs,
  stack: MapStack,
  scale: Scaling,
): Pick<LargeMap, "note" | "scene" | "mark"> | null {
  const { focus } = inputs;
  const output = focus.maps.stack;
  const cell = cellAxes(output, focus.cell);
  const axes = (of: MapStack): number[] => of.spatial.slice(3 - of.axes);
  const spans = poolWindow(focus.layer, cell, axes(stack), axes(output));
  if (!spans) return null;
  const slice = stack.axes === 3 ? (spans[0]?.start ?? 0) : 0;
  const scene = sceneOf(inputs, stack, focus.channel, slice, scale);
  if (!scene) return null;
  const [rows, columns] = spans.length > 1 ? spans.slice(-2) : [null, spans[0]];
  const mark: Mark | null = columns
    ? {
        x: columns.start,
        width: columns.end - columns.start,
        y: rows ? rows.start : 0,
        height: rows ? rows.end - rows.start : scene.tileHeight,
      }
    : null;
  return { note: size(stack), scene, mark };
}

function valueWords(focus: Focus, image: number): { value: string; more: string } {
  const found = valueAt(focus, image);
  if (!found) return { value: "not kept", more: "" };
  const more = found.error > 0 && found.value !== 0 ? `± ${formatNumber(found.error, { digits: 1 })}` : "";
  return { value: formatNumber(found.value, { digits: 3 }), more };
}

/** The numbers beside the large map. Mean and zero share are exact; the value carries its rounding, if it has any. */
export function factsOf(focus: Focus, image: number, b: LayerMaps | null): Fact[] {
  const { maps, channel } = focus;
  const [slice, row, column] = focus.cell;
  const { axes } = maps.stack;
  const place = axes === 1 ? String(column) : axes === 3 ? `${slice}, ${row}, ${column}` : `${row}, ${column}`;
  const both = (of: (maps: LayerMaps) => string): string => (b ? `${of(maps)} | ${of(b)}` : of(maps));
  const own = valueWords(focus, image);
  const other = b ? ` | ${valueWords({ ...focus, maps: b }, image).value}` : "";
  const facts: Fact[] =
    axes > 0 ? [{ name: axes === 1 ? "place" : axes === 3 ? "slice, row, col" : "row, col", value: place }] : [];
  facts.push({ name: "value", value: own.value + other, strong: true, ...(own.more && !b ? { more: own.more } : {}) });
  if (axes > 0) {
    facts.push({
      name: maps.isError ? "mean size" : "mean",
      value: both((each) => formatNumber(statistic(each, "mean", image, channel), { digits: 2 })),
    });
    facts.push({ name: "zero", value: both((each) => formatPercent(statistic(each, "zeros", image, channel))) });
  }
  return facts;
}
