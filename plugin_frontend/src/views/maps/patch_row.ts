import { html } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { LayerRecord } from "../../data/schema.ts";
import type { Picture } from "../../parts/picture.ts";
import { formatNumber } from "../../math/format.ts";
import { mapValues, slotOf } from "../../math/map_values.ts";
import { largestPatches, type Patch } from "../../math/patches.ts";
import { sightOf } from "./focus.ts";
import { imageOf, isSignal } from "../../parts/probe_image.ts";
import { deadWord, type LayerMaps } from "./layer_maps.ts";
import type { Mark } from "./map_painter.ts";
import type { Shown } from "./view_model.ts";

export interface FoundPatch extends Patch {
  readonly picture: Picture;
  readonly words: string;
}

const COUNT = 4;

function cut(picture: Picture, { x, y, width, height }: Mark): Picture {
  const pixels = new Uint32Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * picture.width + x;
    pixels.set(picture.pixels.subarray(from, from + width), row * width);
  }
  return { width, height, pixels, words: picture.words };
}

/** The windows of the probe images on which the chosen channel is largest; where there are none, a sentence that says why. */
export function findPatches(
  layer: LayerRecord,
  maps: LayerMaps,
  channel: number,
  probe: DataRecord,
  layers: readonly LayerRecord[],
): FoundPatch[] | string {
  const slot = slotOf(maps.stack, channel);
  if (slot < 0) return "The maps of this channel were not kept.";
  if (deadWord(maps, channel) === "practically dead") return "The channel is practically dead: nothing excites it.";
  const floor = maps.signed ? -Infinity : 0;
  const largest = largestPatches(maps.stack, slot, layer.receptive_field, COUNT, floor);
  const [first] = largest;
  if (!first) return nothingFound(maps, slot);
  const found: FoundPatch[] = [];
  for (const patch of largest) {
    const picture = imageOf(probe, patch.image, isSignal(layers));
    const { mark } = sightOf({ layer, maps, channel, cell: patch.cell }, picture);
    if (!picture || !mark || mark.width === 0 || mark.height === 0) continue;
    const words = `image ${patch.image}, row ${patch.cell[1]}, column ${patch.cell[2]}: ${formatNumber(patch.value, { digits: 3 })}`;
    found.push({ ...patch, picture: cut(picture, mark), words });
  }
  if (found.length) return found;
  const why =
    maps.stack.axes === 0
      ? "The input is no picture that a patch could be cut out of."
      : layer.receptive_field
        ? "What its largest values see is no part of a probe image: padding alone, or an input with other axes."
        : "The layer's receptive field is not known, so no patch can be cut out.";
  return `${why} The largest value, ${formatNumber(first.value, { digits: 3 })}, is on image ${first.image}.`;
}

/** No number above the floor. */
function nothingFound({ stack, signed }: LayerMaps, slot: number): string {
  for (let image = 0; image < stack.images; image++) {
    if (mapValues(stack, image, slot).some(Number.isNaN))
      return `No value ${signed ? "" : "above zero "}on the probe images, but NaN.`;
  }
  return signed ? "No finite value on the probe images." : "No value above zero on the probe images.";
}

export function patchRow(
  { layer, a: { maps }, b, channel }: Shown,
  patches: readonly FoundPatch[] | string,
  open: (patch: Patch) => void,
): unknown {
  const field = layer.receptive_field;
  const whole = maps.stack.axes === 0 || !field;
  const size = whole ? "Probe images" : `${field.size.join("×")} patches of the probe images`;
  return html`<div slot="legend" class="patches">
    <h2><b>Largest for channel ${channel}</b> <span class="quiet">${b ? "of A" : ""}</span></h2>
    ${
      typeof patches !== "string"
        ? html`<div class="row">
            ${patches.map((patch) => {
              const { width, height } = patch.picture;
              const box = `width:${(100 * width) / Math.max(width, height)}%;aspect-ratio:${width} / ${height}`;
              const value = formatNumber(patch.value, { digits: 2 });
              return html`<button title=${patch.words} aria-label="${value}, ${patch.words}" @click=${() => open(patch)}>
                <cnn-picture .style=${box} .picture=${patch.picture}></cnn-picture>
                ${value}
              </button>`;
            })}
          </div>
          <p>${size} that excite it most, with the value.</p>`
        : html`<p>${patches}</p>`
    }
  </div>`;
}
