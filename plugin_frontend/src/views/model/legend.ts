import { html, nothing } from "lit";
import type { LayerRecord, ModelRecord } from "../../data/schema.ts";
import { formatNumber } from "../../math/format.ts";
import { sightOn } from "../../math/receptive_field.ts";
import { formatPercent } from "../../math/percent.ts";
import "../../parts/badge.ts";
import { imageWindow } from "../../parts/image_window.ts";
import { isolated } from "../../parts/isolated.ts";
import type { Picture } from "../../parts/picture.ts";
import "../../parts/table_rows.ts";
import type { TableRow } from "../../parts/table_rows.ts";
import { spatialShape, times } from "../../state/shapes.ts";
import { differences } from "./differences.ts";
import { factRows, fieldOf, same, typeWords } from "./facts.ts";
import type { RowNumbers } from "./row_numbers.ts";

export interface LegendInput {
  readonly layer: LayerRecord | null;
  readonly input: readonly (number | null)[];
  readonly picture: Picture | null;
  /** Pixels that the legend gives to a picture. */
  readonly room: number;
  readonly model: ModelRecord | null;
  readonly numbers: RowNumbers | null;
  /** Steps at which the numbers were logged. */
  readonly at: { readonly gradients: number | null; readonly maps: number | null };
  readonly b: { readonly name: string; readonly model: ModelRecord | null } | null;
  /** What is left out of the picture, and what is not known. */
  readonly notes: readonly string[];
}

export function legend(input: LegendInput): unknown {
  const { layer, model, b, notes } = input;
  const variables = model?.variables.filter((variable) => variable.layer === layer?.path) ?? [];
  return html`<div slot="legend" class="legend">
    ${layer ? fieldPart(layer, input) : nothing} ${b ? differencesPart(b.name, model, b.model) : nothing}
    ${
      layer
        ? html`<cnn-table-rows .heading=${layer.name} .note=${typeWords(layer)} .rows=${factRows(layer, variables)}></cnn-table-rows>
      ${numbersPart(input)}`
        : nothing
    }
    ${notes.length ? html`<section>${notes.map((note) => html`<p>${note}</p>`)}</section>` : nothing}
  </div>`;
}

function fieldPart(layer: LayerRecord, { input, picture, room }: LegendInput): unknown {
  if (layer.role === "input")
    return picture
      ? html`<section><h2 class="name">${layer.name}</h2>${plate(picture, room, null, "")}</section>`
      : nothing;
  const field = fieldOf(layer, input);
  const sight = picture && field ? sightOn(layer.receptive_field, middleCell(layer), picture) : null;
  return html`<section class="field">
    <h2>Receptive field of ${isolated(layer.name)} <span class="quiet">${field ? `${times(field.size)} px` : "not known"}</span></h2>
    ${picture ? plate(picture, room, sight?.mark ?? null, sight?.words ?? "") : nothing}
    <p class="field-words">${fieldWords(layer, field, picture !== null)}</p>
  </section>`;
}

/** A signal is a band of this height. */
const LEAST_HEIGHT = 36;

/** Whole multiples keep pixels alike; a picture larger than the legend is shrunk. */
function plate(picture: Picture, room: number, mark: ReturnType<typeof sightOn>["mark"], words: string): unknown {
  const fits = room / Math.max(picture.width, picture.height);
  const scale = fits >= 1 ? Math.floor(fits) : fits;
  return imageWindow(picture, scale, mark, words, Math.max(scale, LEAST_HEIGHT / picture.height));
}

function middleCell(layer: LayerRecord): number[] {
  return spatialShape(layer).map((length) => Math.floor((length ?? 1) / 2));
}

function fieldWords(layer: LayerRecord, field: ReturnType<typeof fieldOf>, pictured: boolean): string {
  if (!field) return "The log does not say which pixels one number of it can depend on.";
  if (!field.stride) return `One number of ${isolated(layer.name)} can depend on every pixel.`;
  const which = pictured ? "these pixels" : `${times(field.size)} pixels`;
  return `One number of ${isolated(layer.name)} can depend on ${which} and no others. Neighbours are ${same(field.stride)} px apart.`;
}

function numbersPart({ layer, numbers, at }: LegendInput): unknown {
  const rows: TableRow[] = [];
  const norms = numbers?.norms;
  if (norms) {
    rows.push(
      ["gradient norm", formatNumber(norms.norm)],
      ["update / weight", formatNumber(norms.ratio, { digits: 3 })],
    );
  }
  const zeros = numbers?.zeros ?? null;
  if (zeros !== null)
    rows.push(["zero output", formatPercent(zeros) + (norms && at.maps !== at.gradients ? ` at step ${at.maps}` : "")]);
  if (!layer || rows.length === 0) return nothing;
  return html`<section>
    <cnn-table-rows .heading=${`At step ${norms ? at.gradients : at.maps}`} .rows=${rows}></cnn-table-rows>
    <p>
      ${norms ? html`<cnn-badge>training batch</cnn-badge> <cnn-badge>before clipping</cnn-badge>` : nothing}
      ${zeros === null ? nothing : html`<cnn-badge>probe</cnn-badge>`}
    </p>
  </section>`;
}

const MOST_LINES = 12;

function differencesPart(name: string, a: ModelRecord | null, b: ModelRecord | null): unknown {
  const heading = html`<h2 class="name">B, ${isolated(name)}</h2>`;
  if (!a || !b) return html`<section class="differences">${heading}<p>What it is made of is not known.</p></section>`;
  const { settings, layers } = differences(a, b);
  const lines = [...settings, ...layers];
  const alike = layers.length
    ? ""
    : settings.length
      ? "The same network, trained otherwise:"
      : "The same network with the same settings.";
  const rest = lines.length - MOST_LINES;
  return html`<section class="differences">
    ${heading}${alike ? html`<p>${alike}</p>` : nothing}
    ${lines.length ? html`<ul>${lines.slice(0, MOST_LINES).map((line) => html`<li>${shorten(line)}</li>`)}</ul>` : nothing}
    ${rest > 0 ? html`<p>${MOST_LINES} of ${lines.length} differences.</p>` : nothing}
  </section>`;
}

function shorten(line: string): string {
  return line.length > 240 ? `${line.slice(0, 239)}…` : line;
}
