/** What the view draws, from what was loaded and what was chosen. No effects, so that it can be tested and remembered. */
import type { GridScene } from "../../canvas/grid_scene.ts";
import { paletteOf, type ChannelOrder, type Palette } from "../../math/colour.ts";
import { colourNamed } from "../../math/colour_choices.ts";
import { byIndex, byLargest } from "../../math/order.ts";
import { normsByBlock } from "../../math/vectors.ts";
import { boundsOf, type Bounds } from "./bounds.ts";
import { modeFor, scaleFor, type FilterOptions, type Mode, type Scale } from "./fields.ts";
import { filterValues, inputNorms, kernelSize, sameShape, subtract, type Kernels } from "./kernels.ts";
import { sceneOf, type Order, type ScenePlan } from "./scenes.ts";

export type PanelId = "A" | "B" | "change" | "difference";

export interface Panel {
  readonly id: PanelId;
  readonly kernels: Kernels;
  readonly bounds: Bounds;
  readonly scene: GridScene;
  readonly plan: ScenePlan;
}

export interface Picture {
  readonly mode: Mode;
  readonly scale: Scale;
  readonly order: Order;
  readonly palette: Palette;
  readonly filter: number;
  /** At least one; all of run A's shape except perhaps B. */
  readonly panels: readonly Panel[];
  /** The layer's weights at the shown step in run A, and in B where there is one, whatever of them the panels show. */
  readonly sides: readonly { readonly id: "A" | "B"; readonly kernels: Kernels }[];
}

export interface PictureInput {
  readonly a: Kernels;
  /** The same layer at the run's first and last logged step, where they are there. */
  readonly first: Kernels | null;
  readonly last: Kernels | null;
  readonly b: Kernels | null;
  /** Which colours the input's three channels are in each run; default: rgb. */
  readonly channelsA?: ChannelOrder;
  readonly channelsB?: ChannelOrder;
  /** The layer at its logged steps, for the scale "all"; null until they are loaded. */
  readonly history: readonly Kernels[] | null;
  readonly options: FilterOptions;
  readonly filter: number | null;
  /** Bounds to keep, by panel: while steps play, and while the history for "all" is not there yet. */
  readonly held: ReadonlyMap<PanelId, Bounds> | null;
}

export function pictureOf(input: PictureInput): Picture {
  const { a, options } = input;
  const mode = modeFor(a, options.mode);
  const scale = scaleFor(mode, options.scale);
  const palette = paletteOf(colourNamed(options.map, "weights"));
  const order = orderOf(input, mode);
  const filter = openedFilter(input, order);
  const ordered = mode === "one" ? { ...order, inputs: inputOrder(input, filter) } : order;
  const panel = (id: PanelId, kernels: Kernels, bounds: Bounds): Panel => {
    const usual = sameShape(kernels, a);
    const own: Order = { filters: byIndex(kernels.filters), inputs: byIndex(kernels.inputs) };
    const kept = usual ? (input.held?.get(id) ?? bounds) : bounds;
    const plan: ScenePlan = {
      mode: usual ? mode : modeFor(kernels, options.mode),
      order: usual ? ordered : own,
      palette,
      bounds: kept,
      filter: Math.min(filter, kernels.filters - 1),
      channels: (id === "B" ? input.channelsB : input.channelsA) ?? "rgb",
    };
    return { id, kernels, bounds: kept, plan, scene: sceneOf(kernels, plan) };
  };
  const sides = [{ id: "A", kernels: a } as const, ...(input.b ? [{ id: "B", kernels: input.b } as const] : [])];
  return { mode, scale, order: ordered, palette, filter, panels: panelsOf(input, scale, panel), sides };
}

/** The filter that was opened, or the first of the order. */
export function openedFilter({ a, filter }: PictureInput, order: Order): number {
  return Math.min(a.filters - 1, filter ?? order.filters[0] ?? 0);
}

function panelsOf(
  { a, b, first, history, options }: PictureInput,
  scale: Scale,
  panel: (id: PanelId, kernels: Kernels, bounds: Bounds) => Panel,
): Panel[] {
  const onScale = (...kernels: Kernels[]): Bounds =>
    boundsOf(scale === "all" && history ? [...history, ...kernels.slice(1)] : kernels, scale);
  const alike = b !== null && sameShape(a, b);
  if (options.show === "change" && first) {
    const change = { ...subtract(a, first), dead: a.dead };
    const all = scale === "all" && history ? history.map((kernels) => subtract(kernels, first)) : [change];
    return [panel("change", change, boundsOf(all, scale))];
  }
  if (alike) {
    const between = subtract(a, b);
    const difference = panel("difference", between, boundsOf([between], scale));
    if (options.show === "difference") return [difference];
    const shared = onScale(a, b);
    return [panel("A", a, shared), panel("B", b, shared), difference];
  }
  return [panel("A", a, onScale(a)), ...(b ? [panel("B", b, boundsOf([b], scale))] : [])];
}

/**
 * Norm and change are those at the run's last logged step, so that a filter keeps its place while steps are walked.
 * Inputs stand by how much of them the filters use, or how much that changed. Practically dead filters come last.
 */
function orderOf({ a, first, last, options }: PictureInput, mode: Mode): Order {
  const end = last && sameShape(last, a) ? last : a;
  const inputs = mode === "matrix";
  switch (options.sort) {
    case "index":
      return { filters: byIndex(a.filters), inputs: byIndex(a.inputs) };
    case "change": {
      const change = first && sameShape(first, end) ? subtract(end, first) : end;
      return {
        filters: byLargest(change.norms, end.dead),
        inputs: inputs ? byLargest(inputNorms(change)) : byIndex(a.inputs),
      };
    }
    default:
      return {
        filters: byLargest(end.norms, end.dead),
        inputs: inputs ? byLargest(inputNorms(end)) : byIndex(a.inputs),
      };
  }
}

/** One filter's inputs: strongest first at the last logged step, or by index. */
function inputOrder({ a, last, options }: PictureInput, filter: number): Int32Array {
  if (options.sort === "index") return byIndex(a.inputs);
  const end = last && sameShape(last, a) ? last : a;
  return byLargest(normsByBlock(filterValues(end, filter), kernelSize(end)));
}
