import { html } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { slotOf } from "../../math/map_values.ts";
import type { Session } from "../../state/session.ts";
import type { Actions } from "./actions.ts";
import type { Scaling } from "./colours.ts";
import { sightOf, type Focus } from "./focus.ts";
import "./image_column.ts";
import type { LargeHover } from "./image_column.ts";
import { factsOf, largeMaps, type LargeInputs } from "./large_maps.ts";
import { layerMaps } from "./layer_maps.ts";
import { imageOf, isSignal } from "../../parts/probe_image.ts";
import type { Shown } from "./view_model.ts";
import { imagePredictionOf } from "./image_prediction.ts";

export interface ImageInputs {
  readonly session: Session;
  readonly shown: Shown;
  readonly focus: Focus | null;
  readonly scaling: Scaling;
  readonly map: ColourMap;
  readonly probe: DataRecord | null;
  readonly predictions: DataRecord | null;
  /** Maps of the layer that a pooling layer reads. */
  readonly input: DataRecord | null;
  readonly actions: Actions;
}

/** The image, what the cell sees of it, and the cell's map. */
export function imagePart(inputs: ImageInputs): unknown {
  const { session, shown, focus, scaling, map, probe, predictions, actions } = inputs;
  const { image, a, b } = shown;
  const signal = isSignal(session.layers);
  const picture = probe && imageOf(probe, image, signal);
  const sight = focus ? sightOf(focus, picture) : { mark: null, words: "" };
  const verdict = imagePredictionOf(probe, predictions, session.detailA?.model ?? null, image);
  const inB = b !== null && focus?.maps === b.maps;
  const beside = inB || focus?.maps === a.maps ? b : null;
  // A stands left, whichever run is pointed at.
  const own = focus && inB ? { ...focus, maps: a.maps } : focus;
  const large = own
    ? largeMaps({ focus: own, image, scaling, map, input: inputOf(inputs, own), b: beside, runA: a.run })
    : [];
  const count = probe?.arrays["display"]?.shape[0] ?? a.maps.statistics.images;
  const hover = (event: CustomEvent<LargeHover | null>): void => {
    if (!event.detail || !own || event.detail.key === "input") return actions.point(null);
    const maps = event.detail.key === "b" && b ? b.maps : own.maps;
    const row = maps.stack.axes === 1 ? 0 : event.detail.y;
    return actions.point({ ...own, maps, cell: [own.cell[0], row, event.detail.x] });
  };
  return html`<cnn-image-column
    .picture=${picture}
    .heading=${verdict.heading}
    .verdict=${verdict.text}
    ?wrong=${verdict.wrong}
    .seen=${sight.mark}
    .seenWords=${sight.words}
    .large=${large}
    .facts=${own ? factsOf(own, image, beside?.maps ?? null) : []}
    .thumbnails=${Array.from({ length: count }, (_, i) => probe && imageOf(probe, i, signal))}
    .image=${image}
    @image-chosen=${(event: CustomEvent<number>) => session.set({ image: event.detail })}
    @large-hover=${hover}
  ></cnn-image-column>`;
}

function inputOf({ session, shown, input }: ImageInputs, focus: Focus): LargeInputs["input"] {
  const { maps, channel, layer } = focus;
  if (layer.role !== "pooling" || maps !== shown.a.maps) return null;
  if (maps.input) return { stack: maps.input, name: "input" };
  const found = input && input.step === maps.record.step && input.layer === maps.inputLayer ? layerMaps(input) : null;
  if (!input || !found || found instanceof Error || slotOf(found.stack, channel) < 0) return null;
  const name = session.layers.find((each) => each.path === input.layer)?.name ?? "input";
  return { stack: found.stack, name };
}
