import type { DataRecord } from "../../../data/binary.ts";
import { cellSum, type CellSum } from "../../../math/convolution.ts";
import { rdbu, viridis } from "../../../math/colour_maps.ts";
import { planeOf } from "../../../math/planes.ts";
import { byIndex, byLargest } from "../../../math/order.ts";
import { census, largestMagnitude, symmetric, union } from "../../../math/ranges.ts";
import { windowSpan } from "../../../math/window_geometry.ts";
import type { Rect } from "../../../canvas/grid_layout.ts";
import type { Picture } from "../../../parts/picture.ts";
import { probePicture } from "../../../parts/record_pictures.ts";
import { channelOrderOf } from "../../../state/channel_order.ts";
import { inside } from "../pooling/walk.ts";
import type { Place } from "../pooling/window_numbers.ts";
import type { Lab } from "../lab_mode.ts";
import type { Volume } from "../volume.ts";
import type { Computation } from "./computation.ts";
import { vitalsOf } from "./layer_kernel.ts";
import { wholePicture, type Colouring } from "./map_picture.ts";
import { channelName, TERMS } from "./labels.ts";

/** Everything that one state of the picture is drawn from. */
export interface Shown {
  readonly it: Computation;
  readonly place: Place;
  /** The output cell's number, row by row. */
  readonly index: number;
  readonly cell: CellSum;
  /** Channels of the filter in the order of the list. */
  readonly order: ArrayLike<number>;
  readonly names: readonly string[];
  /** The filter's channel that is drawn large. */
  readonly chosen: number;
  /** The probe image, where the layer reads it; else the chosen channel is drawn. */
  readonly image: boolean;
  readonly input: Picture;
  readonly inputColours: Colouring | null;
  readonly window: Colouring;
  readonly kernel: Colouring;
  readonly product: Colouring;
  readonly output: Colouring;
}

/** `before`: what was shown until now, whose scales only grow while the steps play, so that colours do not jump. */
export function shownOf(
  lab: Lab,
  input: Volume,
  it: Computation,
  probe: DataRecord | null,
  before: Shown | null,
): Shown {
  const { grid, filter, planes } = it;
  const place = placeOf(lab, it);
  const index = place.row * grid.columns.output + place.column;
  const cell = cellSum(planes, filter, grid, place.row, place.column);
  const picture = input.axes === 2 && probe ? probePicture(probe, 0) : null;
  const [display] = [probe?.arrays["display"]?.shape[3]];
  const image =
    picture !== null &&
    picture.width === planes.columns &&
    picture.height === planes.rows &&
    display === planes.channels;
  const order = channelOrderOf(lab.session.detail(lab.run));
  const names = Array.from({ length: filter.channels }, (_, i) =>
    channelName(filter.from + i, image, planes.channels, order),
  );
  const chosen = chosenChannel(lab, it);
  const plane = planeAt(it, filter.from + chosen);
  const inputColours = image ? null : grown(coloursOf(plane), before?.inputColours);
  const { scales } = fixedOf(it);
  return {
    it,
    place,
    index,
    cell,
    names,
    chosen,
    image,
    inputColours,
    order:
      filter.channels <= TERMS || lab.options.order === "channel"
        ? byIndex(filter.channels)
        : byLargest(cell.sums.map(Math.abs)),
    input: inputColours ? wholePicture(plane, planes.columns, inputColours, names[chosen] ?? "") : picture!,
    window: grown(scales.window, before?.window),
    kernel: grown(scales.kernel, before?.kernel),
    product: grown(scales.product, before?.product),
    output: grown({ map: rdbu, range: symmetric(it.bound) }, before?.output),
  };
}

/** A scale that holds the one before, too; a map of both signs stays one. */
function grown(now: Colouring, before: Colouring | null | undefined): Colouring {
  if (!before) return now;
  const range = union([now.range, before.range]) ?? now.range;
  return now.map === rdbu || before.map === rdbu
    ? { map: rdbu, range: symmetric(Math.max(-range.lo, range.hi)) }
    : { map: now.map, range };
}

/** The cell that was chosen, or, at first, the one of the largest value. */
function placeOf({ options }: Lab, { grid, map }: Computation): Place {
  const { row, column } = options;
  if (row !== null || column !== null)
    return inside({ row: row ?? 0, column: column ?? 0 }, grid.rows.output, grid.columns.output);
  let best = 0;
  for (let i = 1; i < map.length; i++) if (map[i]! > map[best]!) best = i;
  return { row: Math.floor(best / grid.columns.output), column: best % grid.columns.output };
}

/** The channel that was chosen, or the one whose weights and values are the largest together. */
function chosenChannel({ options }: Lab, it: Computation): number {
  const wished = (options.inputChannel ?? -1) - it.filter.from;
  return wished >= 0 && wished < it.filter.channels ? wished : fixedOf(it).heaviest;
}

/** What stays while the window slides: it takes a look at the whole input. */
interface Fixed {
  readonly scales: Pick<Shown, "window" | "kernel" | "product">;
  readonly heaviest: number;
  /** Input channels that were drawn. */
  readonly planes: Map<number, Float32Array>;
}

const fixed = new WeakMap<Computation, Fixed>();

function fixedOf(it: Computation): Fixed {
  let found = fixed.get(it);
  if (!found) fixed.set(it, (found = { scales: scalesOf(it), heaviest: heaviestOf(it), planes: new Map() }));
  return found;
}

function heaviestOf(it: Computation): number {
  const { filter, planes } = it;
  const [size, cells] = [filter.rows * filter.columns, planes.rows * planes.columns];
  const squares = (values: Float32Array, start: number, count: number): number => {
    let sum = 0;
    for (let i = start; i < start + count; i++) sum += values[i]! ** 2;
    return sum;
  };
  const norms = Array.from(
    { length: filter.channels },
    (_, channel) =>
      squares(filter.weights, channel * size, size) * squares(planes.values, (filter.from + channel) * cells, cells),
  );
  return byLargest(norms)[0] ?? 0;
}

/** One input channel; the same array each time, so that its picture is made once. */
function planeAt(it: Computation, channel: number): Float32Array {
  const { planes } = fixedOf(it);
  let plane = planes.get(channel);
  if (!plane) planes.set(channel, (plane = planeOf(it.planes, channel).values));
  return plane;
}

/** From zero in viridis; around zero where there are negative values. */
export function coloursOf(values: ArrayLike<number>): Colouring {
  const { min, max } = census(values);
  return min < 0
    ? { map: rdbu, range: symmetric(largestMagnitude(values)) }
    : { map: viridis, range: { lo: 0, hi: Number.isNaN(max) ? 0 : max } };
}

/** Scales that stay while the window slides: the largest input, weight, and product that any place could give. */
function scalesOf({ planes, filter, kernel }: Computation): Pick<Shown, "window" | "kernel" | "product"> {
  const { leastWeight } = vitalsOf(kernel);
  const [cells, size] = [planes.rows * planes.columns, filter.rows * filter.columns];
  let [input, product] = [0, 0];
  for (let channel = 0; channel < filter.channels; channel++) {
    const start = (filter.from + channel) * cells;
    const value = largestMagnitude(planes.values, start, start + cells);
    input = Math.max(input, value);
    const weight = largestMagnitude(filter.weights, channel * size, (channel + 1) * size);
    product = Math.max(product, value * Math.max(weight, leastWeight));
  }
  const around = (bound: number): Colouring => ({ map: rdbu, range: symmetric(bound) });
  return {
    window: around(input),
    kernel: around(Math.max(largestMagnitude(filter.weights), leastWeight)),
    product: around(product),
  };
}

/** The window on the input, in cells. */
export function windowRect({ grid }: Computation, place: Place): Rect {
  const [down, across] = [windowSpan(grid.rows, place.row), windowSpan(grid.columns, place.column)];
  return { x: across.start, y: down.start, width: across.end - across.start, height: down.end - down.start };
}

/** The output cell whose window's middle is nearest to a point of the input, in cells. */
export function placeUnder({ grid: { rows, columns } }: Computation, row: number, column: number): Place {
  const nearest = (axis: typeof rows, at: number): number =>
    Math.round((at - axis.extent / 2 + axis.before) / axis.stride);
  return inside({ row: nearest(rows, row), column: nearest(columns, column) }, rows.output, columns.output);
}
