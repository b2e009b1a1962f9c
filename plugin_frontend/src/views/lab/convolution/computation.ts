/** What the convolution mode shows of one filter: its map, one cell's sum, and how both agree with the log. */

import type { LayerRecord } from "../../../data/schema.ts";
import { activationOf } from "../../../math/activations.ts";
import { convolve, type Filter } from "../../../math/convolution.ts";
import { formatNumber } from "../../../math/format.ts";
import { planeOf, type Grid, type Planes } from "../../../math/planes.ts";
import { largestMagnitude } from "../../../math/ranges.ts";
import type { Lab } from "../lab_mode.ts";
import { planesOf, type Volume } from "../volume.ts";
import { parseEdits, type Edit } from "./edits.ts";
import type { LayerKernel } from "./layer_kernel.ts";
import { changesOf, choiceFor, gridOf, OWN, settingOf, weightsOf, type Choice, type Setting } from "./setting.ts";

export interface Computation {
  readonly kernel: LayerKernel;
  readonly index: number;
  readonly own: Setting;
  readonly setting: Setting;
  readonly edits: readonly Edit[];
  readonly changes: readonly string[];
  readonly filter: Filter;
  readonly planes: Planes;
  readonly grid: Grid;
  /** Before the activation, [output rows, output columns]. */
  readonly map: Float64Array;
  readonly activation: ((x: number) => number) | undefined;
  /** Ends of the output's scale: the largest magnitude now, and with the layer's own setting. */
  readonly bound: number;
  readonly comparison: Comparison;
}

/** How the computed map agrees with the logged output of the layer. */
export type Comparison =
  | {
      readonly is: "compared";
      readonly deviation: number;
      readonly row: number;
      readonly column: number;
      /** Largest logged value minus smallest. */
      readonly range: number;
    }
  | { readonly is: "refused"; readonly reason: string };

/** Throws an Error that says why this is not computed. */
export function compute(lab: Lab, input: Volume, kernel: LayerKernel, index: number): Computation {
  const { layer, options, operation } = lab;
  const own = settingOf(layer, kernel, OWN);
  const setting = settingOf(layer, kernel, choiceFor(layer, options));
  const edits = parseEdits(options.edits, layer.path, index);
  const changes = changesOf(own, setting, edits);
  const planes = planesOf(input);
  const filter = filterAt(kernel, index, setting, edits);
  const grid = gridOf(setting, input, kernel);
  const map = convolve(planes, filter, grid);
  const unchanged = changes.length
    ? convolve(planes, filterAt(kernel, index, own, []), gridOf(own, input, kernel))
    : map;
  const activation = activationOf(layer.activation);
  return {
    kernel, index, own, setting, edits, changes, filter, planes, grid, map, activation,
    bound: Math.max(largestMagnitude(map), largestMagnitude(unchanged)),
    comparison: compare({ layer, kernel, changes, activation, map, grid, step: operation.step, index, output: operation.output }),
  };
}

export function filterAt(kernel: LayerKernel, index: number, setting: Setting, edits: readonly Edit[]): Filter {
  const [filters, channels] = kernel.shape;
  return {
    channels, rows: setting.size[0], columns: setting.size[1],
    weights: weightsOf(kernel, index, setting, edits),
    bias: kernel.bias ? (kernel.bias[index] ?? NaN) : 0,
    from: Math.floor(index / (filters / kernel.groups)) * channels,
  };
}

interface Compared {
  readonly layer: LayerRecord;
  readonly kernel: LayerKernel;
  readonly changes: readonly string[];
  readonly activation: ((x: number) => number) | undefined;
  readonly map: Float64Array;
  readonly grid: Grid;
  readonly step: number;
  readonly index: number;
  readonly output: Volume;
}

function compare(it: Compared): Comparison {
  const { layer, kernel, changes, activation, map, grid, step, index, output } = it;
  if (changes.length) return { is: "refused", reason: `You changed ${changes.join(", ")}: there is no logged output to compare.` };
  if (kernel.step !== step) {
    return { is: "refused", reason: `The kernel is that of step ${kernel.step}, the nearest one logged, the output that of step ${step}: they are not compared.` };
  }
  if (!activation) {
    return { is: "refused", reason: `${layer.activation ?? "Its activation"} is not computed here, and the log holds the output behind it only.` };
  }
  if (output.spatial[1] !== grid.rows.output || output.spatial[2] !== grid.columns.output || index >= output.channels) {
    return { is: "refused", reason: `The logged output has ${output.spatial.slice(1).join("×")} cells, the computed one ${grid.rows.output}×${grid.columns.output}.` };
  }
  return largestDeviation(map, planeOf(planesOf(output), index).values, activation, grid.columns.output);
}

function largestDeviation(map: Float64Array, logged: Float32Array, activation: (x: number) => number, columns: number): Comparison {
  let [worst, at, lo, hi] = [-1, 0, Infinity, -Infinity];
  for (let i = 0; i < map.length; i++) {
    const [value, ours] = [logged[i]!, activation(map[i]!)];
    const deviation = Object.is(value, ours) || value === ours || (Number.isNaN(value) && Number.isNaN(ours)) ? 0 : Math.abs(value - ours);
    if (value < lo) lo = value;
    if (value > hi) hi = value;
    if (deviation <= worst || Number.isNaN(worst)) continue;
    [worst, at] = [deviation, i];
  }
  return { is: "compared", deviation: Math.max(0, worst), row: Math.floor(at / columns), column: at % columns, range: hi >= lo ? hi - lo : NaN };
}

/** What a deviation is put down to. */
export function explainDeviation({ kernel, filter, comparison }: Computation, exactMaps: boolean): string {
  if (comparison.is === "refused") return comparison.reason;
  if (!kernel.exact) return "The kernel was logged in eight bits: each weight is off by at most 1/254 of the filter's largest.";
  if (!exactMaps) return "The maps were logged as float16, with 11 bits of each number.";
  if (comparison.deviation === 0) return "Equal in every bit.";
  const products = filter.channels * filter.rows * filter.columns;
  if (comparison.deviation <= 1e-4 * comparison.range) {
    return `Rounding: the layer added its ${formatNumber(products, { digits: 6 }).replace(/\.0+$/, "")} products in float32, in an order of its own.`;
  }
  return "That is more than rounding in float32. The layer may compute in a lower precision, or be more than this convolution.";
}

/** The same filter in other settings, for small pictures. */
export interface Variant {
  readonly choice: Choice;
  readonly setting: Setting;
  readonly map: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Smaller and larger kernels, a stride and a dilation, of those that can be computed; the layer's own is among them. */
export function variantsOf(lab: Lab, input: Volume, { kernel, index, planes, edits }: Computation): Variant[] {
  const { layer } = lab;
  const own = settingOf(layer, kernel, OWN);
  const growths = Math.max(...own.size) >= 7 ? [-2, -1, 0] : [-1, 0, 1];
  const wished: Choice[] = [
    ...growths.map((grow) => ({ ...OWN, grow })),
    { ...OWN, convolutionStride: Math.max(...own.stride) > 1 ? 1 : 2 },
    { ...OWN, dilation: Math.max(...own.dilation) > 1 ? 1 : 2 },
  ];
  return wished.flatMap((choice) => {
    try {
      const setting = settingOf(layer, kernel, choice);
      if (setting.grow !== choice.grow) return [];
      const grid = gridOf(setting, input, kernel);
      const map = convolve(planes, filterAt(kernel, index, setting, edits), grid);
      return [{ choice, setting, map, rows: grid.rows.output, columns: grid.columns.output }];
    } catch {
      return [];
    }
  });
}
