/** What the input channels of a layer are: the image's colours, or another layer's filters. */
import type { LayerRecord } from "../../data/schema.ts";
import { colourNames, type ChannelOrder } from "../../math/colour.ts";

export type InputSource =
  { readonly kind: "image" } | { readonly kind: "layer"; readonly layer: LayerRecord } | { readonly kind: "unknown" };

/** Layers that leave each channel where it is. */
const CHANNEL_KEEPING = new Set(["pooling", "normalization", "activation", "dropout"]);

/** Follow a layer's input back to where its channels were made. Merges have no single source. */
export function inputSource(layers: readonly LayerRecord[], layer: LayerRecord): InputSource {
  const byPath = new Map(layers.map((entry) => [entry.path, entry]));
  let at: LayerRecord | undefined = layer;
  for (let hops = 0; hops <= layers.length; hops++) {
    if (at?.inbound.length !== 1) return { kind: "unknown" };
    at = byPath.get(at.inbound[0]!);
    if (!at) return { kind: "unknown" };
    if (at.role === "input") return { kind: "image" };
    if (at.role === "convolution" || at.role === "dense" || (at.role === "recurrent" && at.type !== "Bidirectional"))
      return { kind: "layer", layer: at };
    if (!CHANNEL_KEEPING.has(at.role)) return { kind: "unknown" };
  }
  return { kind: "unknown" };
}

/** "green" for channel 1 of an image of three channels; else "1". */
export function inputName(source: InputSource, inputs: number, input: number, order: ChannelOrder = "rgb"): string {
  return source.kind === "image" && inputs === 3 ? colourNames(order)[input]! : String(input);
}

/** "conv1 filter 22" for input 22 of a layer that reads conv1; null where it is not known. */
export function inputOrigin(source: InputSource, input: number): string | null {
  if (source.kind === "image") return `channel ${input} of the image`;
  return source.kind === "layer"
    ? `${source.layer.name} ${source.layer.role === "convolution" ? "filter" : source.layer.kernel_size ? "channel" : "unit"} ${input}`
    : null;
}

/**
 * The channel of the layer's input that a filter's input stands for: in a grouped convolution of `filters` filters each
 * group reads its own `inputs` channels.
 */
export function channelOf(groups: number, filters: number, inputs: number, filter: number, input: number): number {
  const group = groups > 1 ? Math.floor(filter / (filters / groups)) : 0;
  return group * inputs + input;
}
