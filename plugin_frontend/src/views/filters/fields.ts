import { colourNames } from "../../math/colour_choices.ts";
import * as fields from "../../state/fields.ts";
import type { ValuesOf } from "../../state/fields.ts";
import type { KernelShape } from "./kernels.ts";

/** What the Filters view keeps in the URL, besides the shared `channel`, which is the filter that was opened. */
export const FILTER_FIELDS = {
  /** "auto": what suits the layer. */
  mode: fields.choice("auto", "folded", "tiles", "matrix", "one"),
  /** "auto": by layer in the matrix, else by filter. */
  scale: fields.choice("auto", "kernel", "filter", "layer", "all"),
  sort: fields.choice("norm", "index", "change"),
  show: fields.choice("weights", "change", "difference"),
  map: fields.choice(...colourNames("weights")),
  part: fields.choice("kernel", "pointwise", "recurrent"),
  /** Whether the opened filter's biography is shown. */
  story: fields.flag(false),
} as const;

export type FilterOptions = ValuesOf<typeof FILTER_FIELDS>;
export type Mode = "folded" | "tiles" | "matrix" | "one";
export type Scale = "kernel" | "filter" | "layer" | "all";

/** The modes that a layer allows, its own first. */
export function modesFor(shape: KernelShape): readonly Mode[] {
  if (shape.inputs === 1) return ["tiles", "one"];
  return foldable(shape) ? ["folded", "matrix", "one"] : ["matrix", "one"];
}

/** Three flat channels fold into one coloured tile. */
export function foldable(shape: KernelShape): boolean {
  return shape.inputs === 3 && shape.slices === 1;
}

export function modeFor(shape: KernelShape, wish: FilterOptions["mode"]): Mode {
  const modes = modesFor(shape);
  return modes.find((mode) => mode === wish) ?? modes[0]!;
}

export function scaleFor(mode: Mode, wish: FilterOptions["scale"]): Scale {
  if (wish === "auto") return mode === "matrix" ? "layer" : "filter";
  return wish === "kernel" && (mode === "folded" || mode === "tiles") ? "filter" : wish;
}
