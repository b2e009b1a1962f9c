/** How a computed map agrees with the logged output of its layer, and what a deviation is put down to. */

import type { LayerRecord } from "../../../data/schema.ts";
import { convolve } from "../../../math/convolution.ts";
import { formatCount, formatNumber } from "../../../math/format.ts";
import { largestMagnitude } from "../../../math/ranges.ts";
import type { Volume } from "../volume.ts";
import type { Computation } from "./computation.ts";

export type Comparison =
  | {
      readonly is: "compared";
      readonly deviation: number;
      readonly row: number;
      readonly column: number;
      /** Largest logged value minus smallest. */
      readonly range: number;
      /** A deviation up to here comes from how the numbers were computed and logged. */
      readonly allowed: number;
    }
  | { readonly is: "refused"; readonly reason: string };

type Compared = Pick<
  Computation,
  "kernel" | "changes" | "activation" | "map" | "grid" | "filter" | "planes" | "logged"
> & { readonly layer: LayerRecord; readonly step: number; readonly output: Volume; readonly exactMaps: boolean };

export function compare(it: Compared): Comparison {
  const { layer, kernel, changes, activation, map, grid, logged, step, output } = it;
  if (changes.length)
    return { is: "refused", reason: `You changed ${changes.join(", ")}: there is no logged output to compare.` };
  if (kernel.step !== step) {
    return {
      is: "refused",
      reason: `The kernel is that of step ${kernel.step}, the nearest one logged, the output that of step ${step}: they are not compared.`,
    };
  }
  if (!activation) {
    return {
      is: "refused",
      reason: `${layer.activation ?? "Its activation"} is not computed here, and the log holds the output behind it only.`,
    };
  }
  if (!logged || output.spatial[1] !== grid.rows.output || output.spatial[2] !== grid.columns.output) {
    return {
      is: "refused",
      reason: `The logged output has ${output.spatial.slice(1).join("×")} cells, the computed one ${grid.rows.output}×${grid.columns.output}.`,
    };
  }
  const found = largestDeviation(map, logged, activation, grid.columns.output);
  return { is: "compared", ...found, allowed: FLOAT32_SHARE * found.range + allowance(it) };
}

/** What float32 may round, as a share of the map's range. */
const FLOAT32_SHARE = 1e-4;
/** The steepest slope of the activations computed here: selu's. */
const STEEPEST = 1.76;

/** What the logged numbers may be off by: a kernel of eight bits by half a level, float16 by half of its last bit. */
function allowance({ kernel, filter, planes, grid, exactMaps }: Compared): number {
  if (kernel.exact && exactMaps) return 0;
  const sizes = { ...planes, values: planes.values.map(Math.abs) };
  const most = (weights: Float32Array): number =>
    largestMagnitude(convolve(sizes, { ...filter, weights, bias: 0 }, grid));
  const levels = kernel.exact ? 0 : most(filter.weights.map(() => largestMagnitude(filter.weights) / 254));
  const halves = exactMaps ? 0 : 2 * most(filter.weights.map(Math.abs)) * 2 ** -11;
  return STEEPEST * (levels + halves);
}

function largestDeviation(map: Float64Array, logged: Float32Array, activation: (x: number) => number, columns: number) {
  let [worst, at, lo, hi] = [-1, 0, Infinity, -Infinity];
  for (let i = 0; i < map.length; i++) {
    const [value, ours] = [logged[i]!, activation(map[i]!)];
    const deviation =
      Object.is(value, ours) || value === ours || (Number.isNaN(value) && Number.isNaN(ours))
        ? 0
        : Math.abs(value - ours);
    if (value < lo) lo = value;
    if (value > hi) hi = value;
    if (deviation <= worst || Number.isNaN(worst)) continue;
    [worst, at] = [deviation, i];
  }
  return {
    deviation: Math.max(0, worst),
    row: Math.floor(at / columns),
    column: at % columns,
    range: hi >= lo ? hi - lo : NaN,
  };
}

/** What a deviation is put down to. */
export function explainDeviation({ kernel, filter, comparison }: Computation, exactMaps: boolean): string {
  if (comparison.is === "refused") return comparison.reason;
  const agrees = comparison.deviation <= comparison.allowed;
  const upTo = `that may move an output by up to ${formatNumber(comparison.allowed, { digits: 2 })}.`;
  if (agrees && !kernel.exact)
    return `The kernel was logged in eight bits, each weight off by at most 1/254 of the filter’s largest: ${upTo}`;
  if (agrees && !exactMaps) return `The maps were logged as float16, with 11 bits of each number: ${upTo}`;
  if (comparison.deviation === 0) return "Equal.";
  const products = filter.channels * filter.rows * filter.columns;
  if (agrees) {
    return `Rounding: the layer added its ${formatCount(products)} products in float32, in an order of its own.`;
  }
  return "That is more than rounding. The layer may compute in a lower precision, or be more than this convolution.";
}
