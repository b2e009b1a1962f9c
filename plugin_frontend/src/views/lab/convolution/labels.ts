import type { LayerRecord } from "../../../data/schema.ts";
import { colourNames, type ChannelOrder } from "../../../math/colour.ts";
import type { CellSum, Filter } from "../../../math/convolution.ts";
import { counted, formatCount, formatNumber } from "../../../math/format.ts";
import { byLargest } from "../../../math/order.ts";
import { outputArithmetic } from "../../../math/window_geometry.ts";
import type { Computation } from "./computation.ts";
import { pairText } from "./setting.ts";

/** A part of a cell's sum. */
export interface Term {
  readonly value: number;
  readonly name: string;
}

/** Channels that have a place of their own in the sum; of more than that, the largest do. */
export const TERMS = 4;

/** The name of an input channel: a colour of the image, or its number. */
export function channelName(channel: number, image: boolean, channels: number, order: ChannelOrder = "rgb"): string {
  if (image && channels === 3) return colourNames(order)[channel] ?? `channel ${channel}`;
  return image && channels === 1 ? "grey" : `channel ${channel}`;
}

/** The sums of all channels, or of the largest ones and of the others together; then the bias, where there is one. */
export function termsOf(cell: CellSum, filter: Filter, name: (channel: number) => string, biased: boolean): Term[] {
  const count = cell.sums.length;
  const whole = (channel: number): Term => ({ value: cell.sums[channel]!, name: name(filter.from + channel) });
  const terms = count <= TERMS ? Array.from(cell.sums, (_, channel) => whole(channel)) : largest(cell.sums, whole);
  return biased ? [...terms, { value: filter.bias, name: "bias" }] : terms;
}

function largest(sums: Float64Array, whole: (channel: number) => Term): Term[] {
  const order = byLargest(sums.map(Math.abs));
  const others = Array.from(order.subarray(TERMS)).reduce((sum, channel) => sum + sums[channel]!, 0);
  return [...Array.from(order.subarray(0, TERMS), whole), { value: others, name: `${sums.length - TERMS} others` }];
}

/** "relu" as it stands between two arrows; linear layers have none. */
export function activationName(layer: LayerRecord): string | null {
  return layer.activation === null || layer.activation === "linear" ? null : layer.activation;
}

export interface Arithmetic {
  readonly name: string;
  readonly lines: readonly string[];
  readonly note: string;
}

/** Output size, receptive field and cost, each as arithmetic. */
export function arithmeticOf(it: Computation, layer: LayerRecord): Arithmetic[] {
  return [outputSize(it), ...receptiveField(it, layer), cost(it)];
}

function outputSize({ grid, setting }: Computation): Arithmetic {
  const { rows, columns } = grid;
  const [down, across] = [outputArithmetic(rows), outputArithmetic(columns)];
  const padding =
    columns.before === columns.after
      ? `padding ${columns.before} each side`
      : `padding ${columns.before} before, ${columns.after} after`;
  return {
    name: "Output size",
    lines: rows.length === 1 && rows.size === 1 ? [across] : down === across ? [across] : [down, across],
    note: `${padding}, dilation ${pairText(setting.dilation)}, stride ${pairText(setting.stride)}`,
  };
}

function receptiveField({ grid, own }: Computation, layer: LayerRecord): Arithmetic[] {
  const field = layer.receptive_field;
  if (!field || field.size.length === 0) return [];
  const axis = field.size.length - 1;
  // What one input cell of this layer sees, from the layer's own numbers: r_out = r_in + (extent − 1) · jump.
  const jump = (field.stride[axis] ?? 1) / own.stride[1];
  const before = (field.size[axis] ?? 1) - own.dilation[1] * (own.size[1] - 1) * jump;
  const { extent } = grid.columns;
  const first = before === 1 && jump === 1;
  return [
    {
      name: "Receptive field",
      lines: [`${before} + (${extent} − 1)·${jump} = ${before + (extent - 1) * jump} pixels`],
      note: first
        ? "first layer: the window itself"
        : `one input cell sees ${before} pixels, the next one is ${jump} further`,
    },
  ];
}

function cost({ grid, filter, kernel }: Computation): Arithmetic {
  const { rows, columns } = grid;
  const factors = [rows.output, columns.output, rows.size * columns.size, filter.channels, kernel.shape[0]];
  return {
    name: "Cost",
    lines: [`${factors.join("·")} = ${formatCount(factors.reduce((a, b) => a * b, 1))}`],
    note: `multiply-adds: cells, ${counted(rows.size * columns.size, "weight")}, ${counted(filter.channels, "channel")}, ${counted(kernel.shape[0]!, "filter")}`,
  };
}

/** A share of the map's range, as "1.1·10⁻⁷ of its range". */
export function ofRange(deviation: number, range: number): string {
  return range > 0 ? `${formatNumber(deviation / range, { digits: 2 })} of the map's range` : "the map is constant";
}
