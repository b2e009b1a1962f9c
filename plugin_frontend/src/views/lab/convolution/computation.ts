/** What the convolution mode shows of one filter: its map, one cell's sum, and how both agree with the log. */

import { activationOf } from "../../../math/activations.ts";
import { convolve, filterOf, type Filter } from "../../../math/convolution.ts";
import { planeOf, type Grid, type Planes } from "../../../math/planes.ts";
import { largestMagnitude } from "../../../math/ranges.ts";
import type { Lab } from "../lab_mode.ts";
import { planesOf, type Volume } from "../volume.ts";
import { compare, type Comparison } from "./comparison.ts";
import { parseEdits, type Edit } from "./edits.ts";
import { vitalsOf, type LayerKernel } from "./layer_kernel.ts";
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
  /** The layer's own output of this filter, after its activation; null where there is none of that channel. */
  readonly logged: Float32Array | null;
  /** Ends of the output's scale: the largest magnitude now, and with the layer's own setting. */
  readonly bound: number;
  readonly comparison: Comparison;
}

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
  const { output } = operation;
  const logged = index < output.channels && output.spatial[0] === 1 ? planeOf(planesOf(output), index).values : null;
  return {
    kernel,
    index,
    own,
    setting,
    edits,
    changes,
    filter,
    planes,
    grid,
    map,
    activation,
    logged,
    bound: Math.max(
      largestMagnitude(map),
      largestMagnitude(unchanged),
      vitalsOf(kernel).leastWeight * largestMagnitude(planes.values),
    ),
    comparison: compare({
      layer,
      kernel,
      changes,
      activation,
      map,
      grid,
      filter,
      planes,
      logged,
      step: operation.step,
      output,
      exactMaps: input.exact && output.exact,
    }),
  };
}

export function filterAt(kernel: LayerKernel, index: number, setting: Setting, edits: readonly Edit[]): Filter {
  const [rows, columns] = setting.size;
  return {
    ...filterOf(kernel, kernel.bias, index, kernel.groups),
    rows,
    columns,
    weights: weightsOf(kernel, index, setting, edits),
  };
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
