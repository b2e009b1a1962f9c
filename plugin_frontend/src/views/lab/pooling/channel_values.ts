/** What a layer of global pooling gives: one value a channel, all of them, the chosen one marked. */
import { html } from "lit";
import { colourPixel, paletteOf, pixelCss } from "../../../math/colour.ts";
import { viridis, rdbu } from "../../../math/colour_maps.ts";
import { tabStop, walkButtons } from "../../../parts/walk_buttons.ts";
import { formatNumber } from "../../../math/format.ts";
import { largestMagnitude, magnitudeRange, symmetric } from "../../../math/ranges.ts";

export function channelValues(
  values: Float32Array,
  chosen: number,
  name: string,
  choose: (channel: number) => void,
): unknown {
  const signed = values.some((value) => value < 0);
  const { lo, hi } = signed ? symmetric(largestMagnitude(values)) : magnitudeRange(values);
  const palette = paletteOf(signed ? rdbu : viridis);
  return html`
    <h2 class="second"><b>${values.length === 1 ? "The only channel" : `All ${values.length} channels`}</b> <span class="quiet">as ${name} gave them, on a scale of their own from ${formatNumber(lo, { digits: 2 })} to ${formatNumber(hi, { digits: 2 })}</span></h2>
    <ol class="values" @keydown=${walkButtons}>
      ${Array.from(
        values,
        (value, channel) => html`<li>
        <button class=${channel === chosen ? "here" : ""} @click=${() => choose(channel)} title="Choose channel ${channel}"
          tabindex=${tabStop(channel, chosen)}>
          <i style="background:${pixelCss(colourPixel(value, lo, hi, palette))}"></i><span class="quiet">${channel}</span>
          <b>${formatNumber(value, { digits: 3 })}</b>
        </button>
      </li>`,
      )}
    </ol>
  `;
}
