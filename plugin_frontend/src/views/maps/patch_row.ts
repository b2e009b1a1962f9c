import { html } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { LayerRecord } from "../../data/schema.ts";
import type { Picture } from "../../parts/picture.ts";
import { probePicture } from "../../parts/record_pictures.ts";
import { formatNumber } from "../../math/format.ts";
import { slotOf } from "../../math/map_values.ts";
import { largestPatches, type Patch } from "../../math/patches.ts";
import { sightOf } from "./focus.ts";
import type { LayerMaps } from "./layer_maps.ts";
import type { Mark } from "./map_painter.ts";
import type { Shown } from "./shown.ts";

export interface FoundPatch extends Patch {
  readonly picture: Picture;
  readonly words: string;
}

const COUNT = 4;
const SIDE = 46;

function cut(picture: Picture, { x, y, width, height }: Mark): Picture {
  const pixels = new Uint32Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * picture.width + x;
    pixels.set(picture.pixels.subarray(from, from + width), row * width);
  }
  return { width, height, pixels, words: picture.words };
}

/** The windows of the probe images on which the chosen channel is largest. */
export function findPatches(layer: LayerRecord, maps: LayerMaps, channel: number, probe: DataRecord): FoundPatch[] {
  const slot = slotOf(maps.stack, channel);
  if (slot < 0) return [];
  const floor = maps.signed ? -Infinity : 0;
  const found: FoundPatch[] = [];
  for (const patch of largestPatches(maps.stack, slot, layer.receptive_field, COUNT, floor)) {
    const picture = probePicture(probe, patch.image);
    const { mark } = sightOf({ layer, maps, channel, cell: patch.cell }, picture);
    if (!picture || !mark || mark.width === 0 || mark.height === 0) continue;
    const words = `image ${patch.image}, row ${patch.cell[1]}, column ${patch.cell[2]}: ${formatNumber(patch.value, { digits: 3 })}`;
    found.push({ ...patch, picture: cut(picture, mark), words });
  }
  return found;
}

export function patchRow(
  { layer, a: { maps }, channel }: Shown, patches: readonly FoundPatch[], open: (patch: Patch) => void,
): unknown {
  const field = layer.receptive_field;
  const whole = maps.stack.axes === 0 || !field;
  const size = whole ? "Probe images" : `${field.size.join("×")} patches of the probe images`;
  return html`<div slot="legend" class="patches">
    <h2><b>Largest for channel ${channel}</b></h2>
    ${patches.length
      ? html`<div class="row">
            ${patches.map((patch) => {
              const { width, height } = patch.picture;
              const scale = SIDE / Math.max(width, height, 1);
              const box = `width:${Math.max(2, width * scale)}px;height:${Math.max(2, height * scale)}px`;
              return html`<button title=${patch.words} aria-label=${patch.words} @click=${() => open(patch)}>
                <cnn-picture .style=${box} .picture=${patch.picture}></cnn-picture>
                ${formatNumber(patch.value, { digits: 2 })}
              </button>`;
            })}
          </div>
          <p>${size} that excite it most, with the value.</p>`
      : html`<p>Zero everywhere on the probe images.</p>`}
  </div>`;
}
