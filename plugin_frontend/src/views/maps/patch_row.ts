import { html } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { LayerRecord } from "../../data/schema.ts";
import type { Picture } from "../../parts/picture.ts";
import { formatNumber } from "../../math/format.ts";
import { slotOf } from "../../math/map_values.ts";
import { largestPatches, type Patch } from "../../math/patches.ts";
import { sightOf } from "./focus.ts";
import { imageOf, isSignal } from "../../parts/probe_image.ts";
import type { LayerMaps } from "./layer_maps.ts";
import type { Mark } from "./map_painter.ts";
import type { Shown } from "./shown.ts";

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

/** The windows of the probe images on which the chosen channel is largest. */
export function findPatches(
  layer: LayerRecord, maps: LayerMaps, channel: number, probe: DataRecord, layers: readonly LayerRecord[],
): FoundPatch[] {
  const slot = slotOf(maps.stack, channel);
  if (slot < 0) return [];
  const floor = maps.signed ? -Infinity : 0;
  const found: FoundPatch[] = [];
  for (const patch of largestPatches(maps.stack, slot, layer.receptive_field, COUNT, floor)) {
    const picture = imageOf(probe, patch.image, isSignal(layers));
    const { mark } = sightOf({ layer, maps, channel, cell: patch.cell }, picture);
    if (!picture || !mark || mark.width === 0 || mark.height === 0) continue;
    const words = `image ${patch.image}, row ${patch.cell[1]}, column ${patch.cell[2]}: ${formatNumber(patch.value, { digits: 3 })}`;
    found.push({ ...patch, picture: cut(picture, mark), words });
  }
  return found;
}

export function patchRow(
  { layer, a: { maps }, b, channel }: Shown, patches: readonly FoundPatch[], open: (patch: Patch) => void,
): unknown {
  const field = layer.receptive_field;
  const whole = maps.stack.axes === 0 || !field;
  const size = whole ? "Probe images" : `${field.size.join("×")} patches of the probe images`;
  return html`<div slot="legend" class="patches">
    <h2><b>Largest for channel ${channel}</b> <span class="quiet">${b ? "of A" : ""}</span></h2>
    ${patches.length
      ? html`<div class="row">
            ${patches.map((patch) => {
              const { width, height } = patch.picture;
              const box = `width:${(100 * width) / Math.max(width, height)}%;aspect-ratio:${width} / ${height}`;
              return html`<button title=${patch.words} aria-label=${patch.words} @click=${() => open(patch)}>
                <cnn-picture .style=${box} .picture=${patch.picture}></cnn-picture>
                ${formatNumber(patch.value, { digits: 2 })}
              </button>`;
            })}
          </div>
          <p>${size} that excite it most, with the value.</p>`
      : html`<p>No value above zero on the probe images.</p>`}
  </div>`;
}
