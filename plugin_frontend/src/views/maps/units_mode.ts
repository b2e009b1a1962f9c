import { html } from "lit";
import { colourPixel, paletteOf, pixelCss } from "../../math/colour.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { formatNumber } from "../../math/format.ts";
import { mapValues, slotOf } from "../../math/map_values.ts";
import { isolated } from "../../parts/isolated.ts";
import type { Actions } from "./actions.ts";
import { scaleOfMap, type Scaling } from "./colours.ts";
import { deadWord } from "./layer_maps.ts";
import type { Shown } from "./view_model.ts";
import "./unit_bars.ts";
import type { UnitBar } from "./unit_bars.ts";

/** A layer without spatial axes: global pooling, dense. */
export function unitsMode(
  shown: Shown,
  scaling: Scaling,
  map: ColourMap,
  classNames: readonly string[] | null,
  actions: Actions,
): unknown {
  const { active, silent, dead } = shown.classes;
  const practically = dead.filter((channel) => deadWord(shown.a.maps, channel) === "practically dead").length;
  const palette = paletteOf(map);
  const sides = [shown.a, ...(shown.b ? [shown.b] : [])];
  const shared =
    scaling.shared ??
    scaleOfMap(
      scaling,
      sides.flatMap(({ maps: { stack } }) =>
        Array.from({ length: stack.kept }, (_, slot) => mapValues(stack, shown.image, slot)[0] ?? NaN),
      ),
    );
  const units: UnitBar[] = [...active, ...silent, ...dead].map((channel) => ({
    channel,
    name:
      classNames && classNames.length === shown.a.maps.stack.of
        ? (classNames[channel] ?? String(channel))
        : String(channel),
    dead: dead.includes(channel) ? deadWord(shown.a.maps, channel) : "",
    values: sides.map(({ maps: { stack } }) => {
      const slot = slotOf(stack, channel);
      const value = slot < 0 ? NaN : (mapValues(stack, shown.image, slot)[0] ?? NaN);
      const colour = pixelCss(colourPixel(value, shared.lo, shared.hi, palette));
      return { value, text: slot < 0 ? "not kept" : formatNumber(value, { digits: 3 }), colour };
    }),
  }));
  const versus = shown.b ? `; above ${isolated(shown.a.run)}, below ${isolated(shown.b.run)}` : "";
  return html`
    <h2 class="count">
      <b>${active.length} active</b>
      <span class="quiet">on this image, ${silent.length} zero here only, ${dead.length} zero on every probe image${practically ? `, ${practically} of them practically` : ""}${versus}</span>
    </h2>
    <cnn-unit-bars
      .units=${units}
      .lo=${shared.lo}
      .hi=${shared.hi}
      .chosen=${shown.channel}
      @channel-chosen=${(event: CustomEvent<number>) => actions.choose(event.detail)}
    ></cnn-unit-bars>
  `;
}
