import type { LayerRecord } from "../../../data/schema.ts";
import { windowGrid, type Grid } from "../../../math/planes.ts";
import type { Padding } from "../../../math/window_geometry.ts";
import type { LabOptions } from "../lab_mode.ts";
import type { Volume } from "../volume.ts";
import type { Edit } from "./edits.ts";
import type { LayerKernel } from "./layer_kernel.ts";

type Pair = readonly [rows: number, columns: number];

/** How a kernel is slid over its input. */
export interface Setting {
  /** Along one axis: there is one row. */
  readonly flat: boolean;
  readonly size: Pair;
  /** Rings around the layer's own kernel; negative: cropped. */
  readonly grow: number;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
}

export type Choice = Pick<LabOptions, "grow" | "convolutionStride" | "convolutionPadding" | "dilation">;

export const OWN: Choice = { grow: 0, convolutionStride: null, convolutionPadding: "own", dilation: null };
export const LARGEST_SIZE = 15;

/** What was chosen for this layer. */
export function choiceFor(layer: LayerRecord, options: LabOptions): Choice {
  return options.chosenFor === layer.path ? options : OWN;
}

/** A change of the setting as options: what was chosen for another layer is given up. */
export function choose(layer: LayerRecord, options: LabOptions, patch: Partial<Choice>): Partial<LabOptions> {
  return { ...(options.chosenFor === layer.path ? {} : OWN), ...patch, chosenFor: layer.path };
}

/** The layer's own setting with what was chosen in its place. Throws where the record's padding is none of Keras'. */
export function settingOf(layer: LayerRecord, kernel: LayerKernel, choice: Choice): Setting {
  const [, , rows, columns] = kernel.shape;
  const flat = layer.kernel_size?.length === 1;
  const { padding } = layer;
  if (padding !== "valid" && padding !== "same" && padding !== "causal") {
    throw new Error(`The log does not say how this layer pads its input: "${padding ?? ""}".`);
  }
  const grow = Math.min(mostGrowth(kernel), Math.max(leastGrowth(kernel), choice.grow));
  const both = (chosen: number | null, own: readonly number[] | null): Pair => {
    const [first = 1, last = first] = chosen === null ? (own ?? []) : [chosen];
    return flat ? [1, first] : [first, last];
  };
  return {
    flat,
    grow,
    size: [flat ? 1 : rows + 2 * grow, columns + 2 * grow],
    stride: both(choice.convolutionStride, layer.strides),
    dilation: both(choice.dilation, layer.dilation),
    padding: choice.convolutionPadding === "own" ? padding : choice.convolutionPadding,
  };
}

/** The smallest growth: the shorter side is then 1 or 2. Along one axis the single row does not count. */
export function leastGrowth({ shape: [, , rows, columns] }: LayerKernel): number {
  return -Math.floor(((rows === 1 ? columns : Math.min(rows, columns)) - 1) / 2);
}

export function mostGrowth({ shape: [, , rows, columns] }: LayerKernel): number {
  return Math.max(0, Math.floor((LARGEST_SIZE - Math.max(rows, columns)) / 2));
}

export function gridOf(setting: Setting, input: Volume, kernel: LayerKernel): Grid {
  return windowGrid(input.spatial[1], input.spatial[2], { ...setting, depthwise: kernel.depthwise });
}

/** What differs from the layer's own, in words: "stride 1 → 2". */
export function changesOf(own: Setting, now: Setting, edits: readonly Edit[]): string[] {
  const changes: string[] = [];
  if (now.grow !== own.grow) changes.push(`size ${sizeText(own)} → ${sizeText(now)}`);
  if (now.stride.join() !== own.stride.join()) changes.push(`stride ${pairText(own.stride)} → ${pairText(now.stride)}`);
  if (now.padding !== own.padding) changes.push(`padding ${String(own.padding)} → ${String(now.padding)}`);
  if (now.dilation.join() !== own.dilation.join())
    changes.push(`dilation ${pairText(own.dilation)} → ${pairText(now.dilation)}`);
  if (edits.length) changes.push(edits.length === 1 ? "one weight" : `${edits.length} weights`);
  return changes;
}

/** "7×7", or "5" along one axis. */
export function sizeText({ flat, size: [rows, columns] }: Pick<Setting, "flat" | "size">): string {
  return flat ? String(columns) : `${rows}×${columns}`;
}

/** "2" where both axes agree (or there is one), else "2×1". */
export function pairText([rows, columns]: Pair): string {
  return rows === columns || rows === 1 ? String(columns) : `${rows}×${columns}`;
}

/** One filter's weights at the setting's size, with the edits: [channels, rows, columns]. */
export function weightsOf(kernel: LayerKernel, filter: number, setting: Setting, edits: readonly Edit[]): Float32Array {
  const [, channels, rows, columns] = kernel.shape;
  const [height, width] = setting.size;
  const [ringsDown, rings] = [height === rows ? 0 : setting.grow, setting.grow];
  const weights = new Float32Array(channels * height * width);
  const start = filter * channels * rows * columns;
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [y, x] = [row - ringsDown, column - rings];
        if (y < 0 || y >= rows || x < 0 || x >= columns) continue;
        weights[(channel * height + row) * width + column] =
          kernel.values[start + (channel * rows + y) * columns + x] ?? NaN;
      }
    }
  }
  for (const edit of edits) {
    const [row, column] = [edit.row + ringsDown, edit.column + rings];
    if (edit.channel >= channels || row < 0 || row >= height || column < 0 || column >= width) continue;
    weights[(edit.channel * height + row) * width + column] = edit.value;
  }
  return weights;
}
