import type { Insets } from "../../canvas/grid_layout.ts";
import type { GridPainter } from "../../canvas/grid_theme.ts";
import { norm, normsByBlock } from "../../math/vectors.ts";
import type { InputWords } from "./cursor_rows.ts";
import { filterSize, filterValues, inputNorms, kernelSize, type Kernels } from "./kernels.ts";
import { MATRIX_INSETS, TILE_INSETS, paintMatrix, paintTiles } from "./painters.ts";
import type { Panel } from "./picture.ts";
import type { WeightPlace } from "./scenes.ts";

export function panelInsets(panel: Panel): Insets {
  return panel.plan.mode === "matrix" ? MATRIX_INSETS : TILE_INSETS;
}

/** The painter of a panel: `opened` is the filter in the biography, `hovered` the weight under the cursor. */
export function panelPainter(
  panel: Panel,
  words: InputWords,
  opened: number | null,
  hovered: WeightPlace | null,
): GridPainter {
  const { kernels, plan } = panel;
  const { mode, order } = plan;
  if (mode === "matrix") {
    const labels = {
      slices: kernels.slices,
      filters: order.filters,
      inputs: order.inputs,
      filterNorms: kernels.norms,
      deadFilters: kernels.dead,
      inputNorms: usedInputs(kernels),
      inputName: (input: number) => words.name(input),
      filter: hovered?.filter ?? opened,
      input: hovered?.input ?? null,
    };
    return (context, layout, theme) => paintMatrix(context, layout, theme, labels);
  }
  const one = mode === "one";
  const norms = one ? normsByBlock(filterValues(kernels, plan.filter), kernelSize(kernels)) : kernels.norms;
  const labels = {
    slices: kernels.slices,
    items: one ? order.inputs : order.filters,
    here: one ? null : opened,
    name: (item: number) => (one ? words.name(item) : String(item)),
    norm: (item: number) => norms[item] ?? NaN,
    dead: (item: number) => kernels.dead[one ? plan.filter : item] === 1,
    largestNorm: Array.from(norms).reduce((most, value) => (value > most && value < Infinity ? value : most), 0),
    hovered: (one ? hovered?.input : hovered?.filter) ?? null,
  };
  return (context, layout, theme) => paintTiles(context, layout, theme, labels);
}

const used = new WeakMap<Kernels, Float64Array>();

function usedInputs(kernels: Kernels): Float64Array {
  let norms = used.get(kernels);
  if (!norms) used.set(kernels, (norms = inputNorms(kernels)));
  return norms;
}

/** The inputs of a filter, strongest first at the step that is shown, and their norms. */
export function strongestInputs(kernels: Kernels, filter: number): { inputs: Int32Array; norms: Float64Array } {
  const size = kernelSize(kernels);
  const start = filter * filterSize(kernels);
  const norms = Float64Array.from({ length: kernels.inputs }, (_, input) =>
    norm(kernels.values, start + input * size, start + (input + 1) * size),
  );
  return { inputs: byStrength(norms), norms };
}

function byStrength(norms: Float64Array): Int32Array {
  return Int32Array.from(norms.keys()).sort((a, b) => norms[b]! - norms[a]! || a - b);
}
