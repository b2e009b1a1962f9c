import { html, nothing } from "lit";
import { classMap } from "lit/directives/class-map.js";
import { formatCount, formatNumber, formatSigned } from "../../../math/format.ts";
import { sizeInWords, type Volume } from "../volume.ts";
import type { Lab } from "../lab_mode.ts";
import type { Place } from "../pooling/window_numbers.ts";
import type { Variant } from "./computation.ts";
import { withEdit, type Edit } from "./edits.ts";
import { mapPicture, wholePicture } from "./map_picture.ts";
import "./products.ts";
import type { WeightPlace } from "./products.ts";
import { choiceFor, choose, pairText, sizeText } from "./setting.ts";
import { placeUnder, windowRect, type Shown } from "./view_model.ts";
import { fitMap, type Sizes } from "./sizes.ts";
import "./window_map.ts";
import type { MapPoint } from "./window_map.ts";
import { activationName, arithmeticOf, ofRange, TERMS, termsOf } from "./labels.ts";

export interface PictureInputs {
  readonly lab: Lab;
  readonly volume: Volume;
  readonly shown: Shown;
  readonly variants: readonly Variant[];
  readonly sizes: Sizes;
  /** Output cells that are drawn. */
  readonly reached: number;
  readonly at: WeightPlace | null;
  readonly actions: { go(place: Place): void; key(event: KeyboardEvent): void; hover(place: WeightPlace | null): void };
}

/** Input, window × kernel = product, and the output; below them the sum. */
export function picturePart(inputs: PictureInputs): unknown {
  const { sizes } = inputs;
  return html`
    <div class=${classMap({ top: true, stacked: sizes.stacked })}>
      ${inputMap(inputs)} ${products(inputs)} ${outputMap(inputs)}
    </div>
    ${sentence(inputs)}
    <div class="bottom">
      <div class="arithmetic">${arithmeticOf(inputs.shown.it, inputs.lab.layer).map(
        ({ name, lines, note }) =>
          html`<section><b>${name}</b>${lines.map((line) => html`<p>${line}</p>`)}<p class="quiet">${note}</p></section>`,
      )}</div>
      ${logged(inputs)} ${variantsPart(inputs)}
    </div>
  `;
}

function inputMap({ lab, volume, shown, sizes, actions }: PictureInputs): unknown {
  const { it, place, image, names, chosen } = shown;
  const note = image
    ? `${sizeInWords(volume)}, probe image 0`
    : `${sizeInWords(volume)}, of ${lab.inputName}: ${names[chosen]}`;
  return html`<figure class="input">
    <figcaption><b>Input</b> <span class="quiet" title=${note}>${note}</span></figcaption>
    <cnn-lab-window-map
      class="input"
      .picture=${shown.input} .width=${sizes.input.width} .height=${sizes.input.height} .frame=${windowRect(it, place)}
      label="input with the window: arrow keys move it by one output cell, with Shift by five; Space plays, Enter finishes"
      @map-point=${(event: CustomEvent<MapPoint>) => actions.go(placeUnder(it, event.detail.row, event.detail.column))}
      @keydown=${(event: KeyboardEvent) => actions.key(event)}
    ></cnn-lab-window-map>
  </figure>`;
}

function products({ lab, shown, sizes, at, actions }: PictureInputs): unknown {
  const { it, cell, order, names, window, kernel, product, chosen } = shown;
  const { filter, edits, setting, own } = it;
  const rings = [own.size[0] === setting.size[0] ? 0 : setting.grow, setting.grow] as const;
  const stored = ({ channel, row, column }: WeightPlace) => ({
    channel,
    row: row - rings[0],
    column: column - rings[1],
  });
  const edited = (place: WeightPlace): boolean => {
    const { channel, row, column } = stored(place);
    return edits.some((edit) => edit.channel === channel && edit.row === row && edit.column === column);
  };
  const input = { cell, filter, order, names, window, kernel, product, edited, chosen };
  return html`<div class="products">
    <cnn-lab-products
      .input=${input} .cell=${sizes.cell} ?numbered=${sizes.numbered} .height=${sizes.list} .at=${at} .sorted=${`${lab.options.order} ${it.index} ${lab.layer.path}`}
      @weight-hover=${(event: CustomEvent<WeightPlace | null>) => actions.hover(event.detail)}
      @weight-edit=${(event: CustomEvent<Edit>) => lab.set({ edits: withEdit(lab.options.edits, lab.layer.path, it.index, { ...event.detail, ...stored(event.detail) }) })}
      @channel-chosen=${(event: CustomEvent<number>) => lab.set({ inputChannel: filter.from + event.detail })}
    ></cnn-lab-products>
    ${
      filter.channels > TERMS
        ? html`<p class="quiet order">${filter.channels} channels, by
          <button class="link" aria-pressed=${lab.options.order === "share"} @click=${() => lab.set({ order: "share" })}>share of the sum</button>,
          <button class="link" aria-pressed=${lab.options.order === "channel"} @click=${() => lab.set({ order: "channel" })}>number</button></p>`
        : nothing
    }
  </div>`;
}

function outputMap({ shown, sizes, reached, actions }: PictureInputs): unknown {
  const { it, place, output } = shown;
  const { rows, columns } = it.grid;
  const left = it.map.length - reached;
  const picture = mapPicture(it.map, columns.output, output, "output before activation", { shown: reached });
  // The note needs room below the cells that are drawn.
  const room = sizes.output.width >= 130 && sizes.output.height >= 90 && reached < it.map.length * 0.7;
  return html`<figure class="output">
    <figcaption><b>Output</b> <span class="quiet">${rows.output}×${columns.output}, before activation</span></figcaption>
    <cnn-lab-window-map
      class="output" small
      .picture=${picture} .width=${sizes.output.width} .height=${sizes.output.height}
      .frame=${{ x: place.column, y: place.row, width: 1, height: 1 }}
      .veil=${left && room ? `${formatCount(left)} cells still to come\nEnter: all at once` : ""}
      label="output: arrow keys move the cell, with Shift by five; Space plays, Enter finishes"
      @map-point=${(event: CustomEvent<MapPoint>) => actions.go({ row: Math.floor(event.detail.row), column: Math.floor(event.detail.column) })}
      @keydown=${(event: KeyboardEvent) => actions.key(event)}
    ></cnn-lab-window-map>
    ${left && !room ? html`<p class="quiet">${formatCount(left)} cells still to come</p>` : nothing}
  </figure>`;
}

/** "ch 12" for "channel 12": five of them stand in one line. */
function shortName(name: string): string {
  return name.replace(/^channel /, "ch ");
}

function sentence({ lab, shown }: PictureInputs): unknown {
  const { it, cell, place, names } = shown;
  const terms = termsOf(
    cell,
    it.filter,
    (channel) => shortName(names[channel - it.filter.from] ?? ""),
    it.kernel.bias !== null,
  );
  const name = activationName(lab.layer);
  const value = it.activation?.(cell.total);
  return html`<p class="sentence" aria-live="off">
    <span class="terms">${terms.map(
      (term, i) =>
        html`${
          i === 0
            ? formatNumber(term.value, { digits: 3 })
            : html` ${term.value < 0 ? "−" : "+"} ${formatNumber(Math.abs(term.value), { digits: 3 })}`
        }<small> ${term.name}</small>`,
    )}
    = <b class="total">${formatSigned(cell.total, 3)}</b>
    ${
      name === null
        ? nothing
        : value === undefined
          ? html` → ${name}<small> (not computed here)</small>`
          : html` → ${name} → <b class="value">${formatNumber(value, { digits: 3 })}</b>`
    }</span>
    <span class="quiet">row ${place.row}, column ${place.column}, filter ${it.index}</span>
  </p>`;
}

/** The layer's own output, in the same colours. */
function logged({ lab, shown, sizes }: PictureInputs): unknown {
  const { it, output } = shown;
  if (!it.logged) return nothing;
  const [, rows, columns] = lab.operation.output.spatial;
  const { width, height } = fitMap(rows, columns, sizes.small);
  const picture = wholePicture(it.logged, columns, output, `logged output of filter ${it.index}`);
  const { comparison } = it;
  const name = activationName(lab.layer);
  return html`<figure class="logged">
    <figcaption><b>Logged</b> <span class="quiet">${name ? `after ${name}` : "output"}</span></figcaption>
    <cnn-picture role="img" aria-label=${picture.words} .picture=${picture} .style=${`width:${width}px;height:${height}px`}></cnn-picture>
    <p class="quiet">${
      comparison.is === "refused"
        ? "not compared"
        : comparison.deviation === 0
          ? "equal to the computed one"
          : html`off by at most ${formatNumber(comparison.deviation, { digits: 2 })}, ${ofRange(comparison.deviation, comparison.range)}`
    }</p>
  </figure>`;
}

function variantsPart({ lab, shown, variants, sizes }: PictureInputs): unknown {
  const { it, output } = shown;
  const padding = choiceFor(lab.layer, lab.options).convolutionPadding;
  // One size for all, whatever their cells: what is compared is the pattern.
  const [, ownRows, ownColumns] = lab.operation.output.spatial;
  const extent = fitMap(ownRows, ownColumns, sizes.small);
  const now = JSON.stringify([it.setting.grow, it.setting.stride, it.setting.dilation]);
  return html`<section class="variants">
    <p><b>The same filter, another size or stride</b> <span class="quiet">kernel cropped to its middle, or with zeros around it</span></p>
    <div>${variants.map(({ choice, setting, map, rows, columns }) => {
      const chosen = JSON.stringify([setting.grow, setting.stride, setting.dilation]) === now;
      const how =
        Math.max(...setting.dilation) > 1
          ? `dilation ${pairText(setting.dilation)}`
          : `stride ${pairText(setting.stride)}`;
      const words = `${sizeText(setting)}, ${how}`;
      return html`<button class=${classMap({ variant: true, chosen })} aria-pressed=${chosen} @click=${() => lab.set(choose(lab.layer, lab.options, { ...choice, convolutionPadding: padding }))}>
        <cnn-picture aria-hidden="true" .picture=${wholePicture(map, columns, output, words)} .style=${`width:${extent.width}px;height:${extent.height}px`}></cnn-picture>
        <span>${words}</span><small class="quiet">${rows}×${columns}</small>
      </button>`;
    })}</div>
  </section>`;
}
