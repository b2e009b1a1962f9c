import { colourOptions } from "../../math/colour_choices.ts";
import { html, nothing } from "lit";
import "../../parts/badge.ts";
import "../../parts/colour_bar.ts";
import "../../parts/select.ts";
import "../../parts/table_rows.ts";
import type { BarLabel } from "../../parts/colour_bar.ts";
import type { TableRow } from "../../parts/table_rows.ts";
import type { LayerRecord } from "../../data/schema.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { formatCount, formatNumber } from "../../math/format.ts";
import type { Scale } from "../../math/map_ranges.ts";
import { formatPercent } from "../../math/percent.ts";
import type { Distribution } from "./distribution.ts";
import { summaryOf, type LayerMaps } from "./layer_maps.ts";

const short = (value: number): string => formatNumber(value, { digits: 2 });

/** The numbers below the colour bar: both ends, the middle, and whether the ends clip. */
export function barLabels(scale: Scale, signed: boolean): BarLabel[] {
  const { lo, hi, clipped } = scale;
  if (!(hi > lo)) return [{ at: 0, text: short(lo) }];
  if (signed) {
    return [
      { at: 0, text: `${clipped ? "≤ " : ""}${short(lo)}` },
      { at: 0.5, text: "0" },
      { at: 1, text: `${clipped ? "≥ " : ""}${formatNumber(hi, { digits: 2, plus: true })}` },
    ];
  }
  return [
    { at: 0, text: short(lo) },
    { at: 0.5, text: short((lo + hi) / 2) },
    { at: 1, text: `${clipped ? "≥ " : ""}${short(hi)}` },
  ];
}

/** What came before: "after ReLU", "max of 2×2", "linear". */
export function activationWords(layer: LayerRecord): string {
  const names: Readonly<Record<string, string>> = {
    relu: "ReLU",
    elu: "ELU",
    gelu: "GELU",
    selu: "SELU",
    silu: "SiLU",
  };
  if (layer.role === "pooling") {
    const what = layer.pool === "average" ? "mean" : (layer.pool ?? "pool");
    return `${what} over ${layer.kernel_size ? layer.kernel_size.join("×") : "the whole map"}`;
  }
  const { activation } = layer;
  if (!activation || activation === "linear") return layer.role === "convolution" ? "no activation" : "";
  return `after ${names[activation] ?? activation}`;
}

export interface BarWords {
  /** Which values the bars count: "the 48 maps on this image". */
  readonly of: string;
  /** How the ends were found: "one scale for all 8 images". */
  readonly scale: string;
}

function sentence(spread: Distribution, scale: Scale, signed: boolean, words: BarWords): string {
  const parts = [
    spread.zeroShare !== null
      ? `Grey bars: values above zero of ${words.of}. ${formatPercent(spread.zeroShare)} are exactly zero and left out.`
      : `Grey bars: all values of ${words.of}.`,
    `${words.scale}${signed ? ", symmetric around zero" : ""}${scale.clipped ? "; the largest 0.5 % share the last colour" : ""}.`,
  ];
  if (spread.nan) parts.push(`${formatCount(spread.nan)} are NaN (magenta).`);
  if (spread.inf) parts.push(`${formatCount(spread.inf)} are infinite (violet).`);
  return parts.join(" ");
}

export interface BarInputs {
  readonly layer: LayerRecord;
  /** What is to be said of an error; null: it is none. */
  readonly error: string | null;
  readonly signed: boolean;
  readonly map: ColourMap;
  readonly scale: Scale;
  readonly spread: Distribution;
  readonly words: BarWords;
  /** The value under the cursor. */
  readonly value: number | null;
}

/** Of what it is the derivative. */
export function errorOf({ isError, record: { attributes } }: LayerMaps): string | null {
  if (!isError) return null;
  return attributes["place"] === "pre_activation" ? "∂loss/∂z, before activation" : "∂loss/∂output";
}

export function colourBar({ layer, error, signed, map, scale, spread, words, value }: BarInputs): unknown {
  const mark = value === null || !(scale.hi > scale.lo) ? null : (value - scale.lo) / (scale.hi - scale.lo);
  return html`<cnn-colour-bar
    slot="legend"
    heading=${error === null ? "Activation" : "Error"}
    .note=${error ?? activationWords(layer)}
    .map=${map}
    .counts=${spread.counts}
    .labels=${barLabels(scale, signed)}
    .sentence=${sentence(spread, scale, signed, words)}
    .mark=${mark}
  ></cnn-colour-bar>`;
}

function fieldWords(layer: LayerRecord, spatial: boolean): string {
  if (!spatial) return "whole image";
  const field = layer.receptive_field;
  if (!field) return "not known";
  const stride = new Set(field.stride).size === 1 ? String(field.stride[0]) : field.stride.join("×");
  return `${field.size.join("×")}, stride ${stride}`;
}

/** Of all probe images and all channels of the layer, whatever of them is drawn. */
export function layerTable(layer: LayerRecord, maps: LayerMaps, heading: string): unknown {
  const { zero, dead, practically } = summaryOf(maps);
  const { images, of } = maps.statistics;
  const rows: TableRow[] = [["receptive field", fieldWords(layer, maps.stack.axes > 0)]];
  const quality = maps.isError
    ? "Pictures hold 255 levels a map, symmetric around zero; means and zeros are of the maps that were kept"
    : "Pictures hold 256 levels a map; mean, zero share and dead channels are exact";
  const { loss } = maps.record.attributes;
  if (maps.isError && typeof loss === "string") rows.push(["loss", loss.slice(0, 200).replaceAll("_", " ")]);
  if (!maps.isError) rows.push(["zero", formatPercent(zero)]);
  if (!maps.isError)
    rows.push([maps.signed ? "constant channels" : "dead channels", `${formatCount(dead)} of ${formatCount(of)}`]);
  if (!maps.isError && practically) rows.push(["of these practically", formatCount(practically)]);
  return html`<div slot="legend">
    <cnn-table-rows .heading=${heading} note="${images} probe image${images === 1 ? "" : "s"}" .rows=${rows}></cnn-table-rows>
    <p class="badges">
      <cnn-badge title="The same images at every step, not the training batch">probe</cnn-badge>
      ${
        maps.stack.lo === null
          ? html`<cnn-badge title="float32, as the network computed them">exact</cnn-badge>`
          : html`<cnn-badge title=${quality}>8 bit</cnn-badge>`
      }
      <cnn-badge>kept ${maps.stack.kept} of ${maps.stack.of}</cnn-badge>
      ${maps.isError ? html`<cnn-badge title="The loss of the probe's own labels">labelled</cnn-badge>` : nothing}
      ${maps.stack.images < images ? html`<cnn-badge>${maps.stack.images} of ${images} images</cnn-badge>` : nothing}
    </p>
  </div>`;
}

/** The choice of colours for what is shown now. */
export function colourChoice(signed: boolean, chosen: string, choose: (value: string) => void): unknown {
  return html`<cnn-select
    slot="legend"
    class="colours"
    label="colours"
    .options=${colourOptions(signed ? "signed" : "magnitude")}
    .value=${chosen}
    @change=${(event: CustomEvent<string>) => choose(event.detail)}
  ></cnn-select>`;
}
