import type { Kind, LayerRecord, RunDetail } from "../data/schema.ts";
import { counterpartOf } from "./layer_paths.ts";
import type { ViewDefinition } from "./view_definition.ts";

/** Steps at which `kind` was logged, ascending; of `layer` where the kind belongs to layers. */
export function stepsOf(detail: RunDetail | null, kind: Kind, layer: string | null): readonly number[] {
  const groups = detail?.kinds.find((entry) => entry.kind === kind)?.groups ?? [];
  return (
    groups.find((group) => group.layers.length === 0 || (layer !== null && group.layers.includes(layer)))?.steps ?? []
  );
}

/** Paths of the layers of which `kind` was logged, in the network's order. */
export function layersWith(detail: RunDetail | null, kind: Kind): readonly string[] {
  const logged = new Set(detail?.kinds.find((entry) => entry.kind === kind)?.groups.flatMap((group) => group.layers));
  return layersOf(detail)
    .map((layer) => layer.path)
    .filter((path) => logged.has(path));
}

/** The kind whose steps are the ticks of a view: the first of those it names that the run has, else the first. */
export function ticksOf(detail: RunDetail | null, view: ViewDefinition): Kind {
  return view.ticks.find((kind) => hasKind(detail, kind)) ?? view.ticks[0];
}

/** Steps that a view can show, ascending: of a layer, or of any layer where the view is about the whole network. */
export function stepsOfView(detail: RunDetail | null, view: ViewDefinition, layer: string | null): readonly number[] {
  const kind = ticksOf(detail, view);
  return view.scope === "network" ? stepsOfAny(detail, kind) : stepsOf(detail, kind, layer);
}

function stepsOfAny(detail: RunDetail | null, kind: Kind): readonly number[] {
  const groups = detail?.kinds.find((entry) => entry.kind === kind)?.groups ?? [];
  if (groups.length < 2) return groups[0]?.steps ?? [];
  return [...new Set(groups.flatMap((group) => group.steps))].sort((a, b) => a - b);
}

/** Whether a view can show something of a layer. */
export function showsLayer(detail: RunDetail | null, view: ViewDefinition, layer: LayerRecord): boolean {
  const kind = ticksOf(detail, view);
  return view.scope !== "network" && isOfLayers(detail, kind)
    ? stepsOf(detail, kind, layer.path).length > 0
    : (view.layers?.(layer, detail) ?? true);
}

/** Paths of the layers that a view can show, in the network's order. */
export function layersOfView(detail: RunDetail | null, view: ViewDefinition): readonly string[] {
  const kind = ticksOf(detail, view);
  if (view.scope !== "network" && isOfLayers(detail, kind)) return layersWith(detail, kind);
  return layersOf(detail)
    .filter((layer) => showsLayer(detail, view, layer))
    .map((layer) => layer.path);
}

/** Whether records of a kind belong to layers, as far as the run has any. */
export function isOfLayers(detail: RunDetail | null, kind: Kind): boolean {
  return detail?.kinds.find((entry) => entry.kind === kind)?.groups.some((group) => group.layers.length > 0) ?? false;
}

/** The layers of a run: those of its model record, or, where that is missing, bare ones that the records name. */
export function layersOf(detail: RunDetail | null): readonly LayerRecord[] {
  if (!detail) return [];
  if (detail.model) return detail.model.layers;
  const paths = new Set(detail.kinds.flatMap((entry) => entry.groups.flatMap((group) => group.layers)));
  return [...paths].map(bareLayer);
}

/**
 * The layer with this path, be the model's own name another one, else the only one whose path ends with it; null where
 * there is none, or more than one.
 */
export function layerNamed(layers: readonly LayerRecord[], name: string): LayerRecord | null {
  const same = counterpartOf(
    name,
    layers.map(({ path }) => path),
  );
  if (same !== null) return layers.find(({ path }) => path === same)!;
  const ending = endingWith(layers, name);
  return ending.length === 1 ? ending[0]! : null;
}

/** The layers whose paths end with these whole parts: "conv1" is the end of "sequential/conv1", not of "sequential/deconv1". */
export function endingWith(layers: readonly LayerRecord[], name: string): readonly LayerRecord[] {
  return name === "" ? [] : layers.filter(({ path }) => path.endsWith(`/${name}`));
}

/** The step nearest to `wish`; the earlier one of two as near. Null when there is none. */
export function nearestStep(steps: readonly number[], wish: number | "last"): number | null {
  if (steps.length === 0) return null;
  const last = steps[steps.length - 1] as number;
  if (wish === "last") return last;
  const above = firstAtLeast(steps, wish);
  if (above === steps.length) return last;
  const high = steps[above] as number;
  const low = steps[above - 1];
  return low !== undefined && wish - low <= high - wish ? low : high;
}

/** Index of the first step >= `wish`, or the length. */
export function firstAtLeast(steps: readonly number[], wish: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as number) < wish) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function hasKind(detail: RunDetail | null, kind: Kind): boolean {
  return detail?.kinds.some((entry) => entry.kind === kind && entry.groups.some((g) => g.steps.length > 0)) ?? false;
}

/** A layer of which nothing is known but where it stands. */
export function bareLayer(path: string): LayerRecord {
  return {
    path,
    name: path.split("/").at(-1) ?? path,
    type: "",
    role: "other",
    inbound: [],
    input_shapes: [],
    output_shape: [],
    data_format: null,
    kernel_size: null,
    strides: null,
    padding: null,
    dilation: null,
    groups: null,
    transposed: null,
    depth_multiplier: null,
    output_padding: null,
    filters: null,
    pool: null,
    activation: null,
    use_bias: null,
    receptive_field: null,
    parameters: 0,
    trainable: true,
    multiply_adds: null,
  };
}
