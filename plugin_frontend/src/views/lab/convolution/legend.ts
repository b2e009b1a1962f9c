import { html, nothing } from "lit";
import { formatNumber, formatSigned } from "../../../math/format.ts";
import { histogram } from "../../../math/histogram.ts";
import "../../../parts/colour_bar.ts";
import type { BarLabel } from "../../../parts/colour_bar.ts";
import { isolated } from "../../../parts/isolated.ts";
import "../../../parts/notice.ts";
import "../../../parts/table_rows.ts";
import type { Lab } from "../lab_mode.ts";
import { explainDeviation } from "./comparison.ts";
import type { Computation } from "./computation.ts";
import { vitalsOf } from "./layer_kernel.ts";
import type { Colouring } from "./map_picture.ts";
import type { WeightPlace } from "./products.ts";
import type { Shown } from "./view_model.ts";
import { activationName, ofRange } from "./labels.ts";

export function legendOf(lab: Lab, shown: Shown, at: WeightPlace | null): unknown {
  const { it } = shown;
  return html`
    ${deadNotice(it)}
    ${bar("Output", "before activation", [it.map], shown.output, "cells of this filter’s map")}
    ${bar("Kernel", "", [it.filter.weights], shown.kernel, "weights of this filter")}
    <cnn-table-rows class="cursor" heading="Under the cursor" .rows=${cursorRows(shown, at)}></cnn-table-rows>
    <section class="agreement">
      <h2><b>${agreementHeading(lab, it)}</b></h2>
      <p class="quiet">${agreementText(lab, it)}</p>
    </section>
    <section class="scales">
      <cnn-table-rows heading="Window and product" .rows=${[
        ["window", ends(shown.window)],
        ["product", ends(shown.product)],
      ]}></cnn-table-rows>
      <p class="quiet">The same red and blue, each around zero.</p>
    </section>
    ${shown.inputColours ? bar("Input", shown.names[shown.chosen] ?? "", [], shown.inputColours, "") : nothing}
  `;
}

/** That the filter has nothing left, unless somebody gave it weights by hand. */
function deadNotice({ kernel, index, edits }: Computation): unknown {
  const { dead, norms } = vitalsOf(kernel);
  if (!dead[index] || edits.length) return nothing;
  const norm = formatNumber(norms[index] ?? NaN, { digits: 2 });
  const text = `Its norm, ${norm}, is below 10⁻⁶ of the layer's median: its weights are painted as zeros, which they are beside the other filters'.`;
  return html`<cnn-notice heading=${`Filter ${index} is practically dead`} .text=${text}></cnn-notice>`;
}

function ends({ range }: Colouring): string {
  return `${formatSigned(range.lo, 2)} to ${formatSigned(range.hi, 2)}`;
}

function bar(
  heading: string,
  note: string,
  values: readonly ArrayLike<number>[],
  { map, range }: Colouring,
  counted: string,
): unknown {
  const labels: BarLabel[] = [
    { at: 0, text: formatNumber(range.lo, { digits: 2 }) },
    ...(map.diverging ? [{ at: 0.5, text: "0" }] : []),
    { at: 1, text: map.diverging ? formatSigned(range.hi, 2) : formatNumber(range.hi, { digits: 2 }) },
  ];
  return html`<cnn-colour-bar
    .heading=${heading} .note=${note} .map=${map} .labels=${labels}
    .counts=${values.length ? Array.from(histogram(values, range).counts) : []}
    .sentence=${counted ? `Bars: ${counted}.` : ""}
  ></cnn-colour-bar>`;
}

function cursorRows({ it, cell, names }: Shown, at: WeightPlace | null): [string, string][] {
  const { filter } = it;
  if (!at || at.channel >= filter.channels || at.row >= filter.rows || at.column >= filter.columns) {
    return [["a cell of the window", "point at one"]];
  }
  const inner = at.row * filter.columns + at.column;
  const i = at.channel * filter.rows * filter.columns + inner;
  const value = cell.inside[inner] ? formatNumber(cell.window[i]!, { digits: 3 }) : "0 (padding)";
  return [
    [
      `${names[at.channel]}, row ${at.row}, column ${at.column}`,
      `${value} × ${formatNumber(filter.weights[i]!, { digits: 3 })}`,
    ],
    ["product", formatSigned(cell.products[i]!, 3)],
  ];
}

function agreementHeading(lab: Lab, { comparison, kernel }: Computation): string {
  if (comparison.is === "refused") return "Not compared with the log";
  if (!(comparison.deviation <= comparison.allowed || comparison.deviation === 0)) return "Differs from the log";
  // The bound of coarse numbers is wide: it would hide a small difference.
  if (!kernel.exact) return "Agrees as far as eight bits tell";
  return exactMaps(lab) ? "Agrees with the log" : "Agrees as far as float16 tells";
}

function exactMaps({ operation, input }: Lab): boolean {
  return operation.output.exact && (input instanceof Error || input.exact);
}

export function agreementText(lab: Lab, it: Computation): string {
  const { comparison } = it;
  const why = explainDeviation(it, exactMaps(lab));
  if (comparison.is === "refused") return why;
  const { deviation, row, column, range } = comparison;
  const name = activationName(lab.layer);
  const against = `Against the logged output of ${isolated(lab.layer.name)}${name ? `, after ${name}` : ""}`;
  if (deviation === 0) return `${against}: largest deviation 0. ${why}`;
  return `${against}: largest deviation ${formatNumber(deviation, { digits: 2 })} at row ${row}, column ${column}, ${ofRange(deviation, range)}. ${why}`;
}
