/** The legend of the view: what the colours mean, and what is under the cursor. */
import { css, html, nothing, type TemplateResult } from "lit";
import { formatCount, formatNumber, formatSigned } from "../../math/format.ts";
import { histogram } from "../../math/histogram.ts";
import { census, symmetric, type Census } from "../../math/ranges.ts";
import type { BarLabel } from "../../parts/colour_bar.ts";
import "../../parts/badge.ts";
import "../../parts/colour_bar.ts";
import "../../parts/table_rows.ts";
import { boundAt, clips } from "./bounds.ts";
import { foldedLabel } from "./controls.ts";
import { weightOf, type Row } from "./cursor_rows.ts";
import { deadCount, filterValues, kernelSize, tileOf, tileSize } from "./kernels.ts";
import type { Panel, Picture } from "./picture.ts";
import type { WeightPlace } from "./scenes.ts";

export const legendStyles = css`
  .block { display: block; }
  .block p { font-size: var(--t-xs); color: var(--ink-2); line-height: 1.5; margin-top: var(--s1); }
  .badges { display: flex; flex-wrap: wrap; gap: var(--s1); }
  .swatches { display: grid; grid-template-columns: 12px 1fr; gap: var(--s1) var(--s2); align-items: center;
    margin-top: var(--s1); }
  .swatches i { width: 12px; height: 12px; }
  .nan { background: var(--nan); }
  .inf { background: var(--inf); }
`;

export interface LegendInput {
  /** Whether a filter is opened. */
  readonly opened: boolean;
  readonly picture: Picture;
  /** The filter that the bar speaks of, where each has its own scale. */
  readonly filter: number;
  readonly input: number;
  readonly hovered: { readonly panel: Panel; readonly weight: WeightPlace } | null;
  readonly rows: readonly Row[];
  /** Said of the scale "all": "all 40 logged steps", "24 of 500 logged steps". */
  readonly stepsText: string;
  readonly held: boolean;
  /** The choice of colours. */
  readonly choice: unknown;
}

const HEADINGS = { A: "Weight", B: "Weight, run B", change: "Change of weight", difference: "A − B" } as const;
const BINS = 64;

export function legend(input: LegendInput): TemplateResult {
  const { picture, hovered } = input;
  const bars = picture.panels.filter((panel) => panel.id !== "B" || panel.bounds !== picture.panels[0]!.bounds);
  return html`
    ${bars.map((panel) => colourBar(input, panel))}
    <div>${input.choice}</div>
    ${picture.mode === "folded" && bars.length === 1 ? foldedNote(input) : nothing}
    <cnn-table-rows
      heading=${hovered || !input.rows.length ? "Under the cursor" : input.opened ? "Opened filter" : "This layer"}
      .rows=${input.rows.length ? input.rows : [["move over a filter", ""]]}
    ></cnn-table-rows>
    ${picture.mode === "folded" && bars.length > 1 ? foldedNote(input) : nothing}
    <div class="badges">
      ${
        picture.panels.some(({ kernels }) => !kernels.exact)
          ? html`<cnn-badge>8-bit, exact to 1/254 of filter max</cnn-badge>`
          : html`<cnn-badge>exact float32</cnn-badge>`
      }
      ${picture.panels
        .filter(({ kernels }) => kernels.filters < kernels.of)
        .map(
          ({ id, kernels }) => html`<cnn-badge
        title="The others were not logged, to keep max_bytes_per_step"
        >${picture.panels.length > 1 ? `${HEADINGS[id]}: ` : ""}${kernels.filters} of ${kernels.of} filters</cnn-badge>`,
        )}
    </div>
    ${deadPart(picture)} ${notNumbers(picture)}
  `;
}

function colourBar(input: LegendInput, panel: Panel): TemplateResult {
  const { picture, hovered } = input;
  const { kernels, bounds } = panel;
  const filter = Math.min(input.filter, kernels.filters - 1);
  const bound = boundAt(bounds, kernels, filter, input.input);
  const values = countedValues(panel, filter, input.input);
  const counts = countsOf(values, bound);
  const mark =
    hovered && hovered.panel.id === panel.id && picture.mode !== "folded"
      ? (weightOf(kernels, hovered.weight) + bound) / (2 * bound || 1)
      : null;
  return html`<cnn-colour-bar
    heading=${HEADINGS[panel.id]} note=${noteOf(panel, filter, input.input)} .map=${picture.palette.map}
    .counts=${counts} .labels=${endLabels(panel, bound, values)} .mark=${mark}
    sentence=${`Grey bars: ${countedText(panel, values.length, filter, input.input)} ${scaleText(input, panel)}`}
  ></cnn-colour-bar>`;
}

/** The weights that share the scale on show: all of them, a filter's, or a kernel's. */
function countedValues({ kernels, bounds }: Panel, filter: number, inputIndex: number): Float32Array {
  if (bounds.scale === "filter") return filterValues(kernels, filter);
  if (bounds.scale !== "kernel") return kernels.values;
  const start = tileOf(kernels, filter, inputIndex) * tileSize(kernels);
  return kernels.values.subarray(start, start + kernelSize(kernels));
}

function endLabels({ bounds }: Panel, bound: number, values: Float32Array): BarLabel[] {
  if (bound === 0) return [{ at: 0.5, text: "0: all are zero" }];
  const { min, max } = single(bounds) ? counted(values) : { min: -bound, max: bound };
  return [
    { at: 0, text: `${min < -bound ? "≤ " : ""}${formatSigned(-bound, 2)}` },
    { at: 0.5, text: "0" },
    { at: 1, text: `${max > bound ? "≥ " : ""}${formatSigned(bound, 2)}` },
  ];
}

function single(bounds: Panel["bounds"]): boolean {
  return bounds.each.length === 1;
}

function noteOf({ bounds }: Panel, filter: number, inputIndex: number): string {
  if (bounds.scale === "filter") return `filter ${filter}`;
  return bounds.scale === "kernel" ? `in ${inputIndex} → filter ${filter}` : "";
}

function countedText({ id, bounds }: Panel, count: number, filter: number, inputIndex: number): string {
  const what = `${formatCount(count)} ${id === "A" || id === "B" ? "weights" : "differences"}`;
  if (bounds.scale === "filter") return `the ${what} of filter ${filter}.`;
  return bounds.scale === "kernel" ? `the ${what} from input ${inputIndex} to filter ${filter}.` : `all ${what}.`;
}

function scaleText({ picture, stepsText, held }: LegendInput, { bounds }: Panel): string {
  const kept = held ? " Kept while steps play." : "";
  if (bounds.scale === "filter" || bounds.scale === "kernel") {
    return `Symmetric around zero; each ${bounds.scale} has its own ends.${kept}`;
  }
  const ends = clips(bounds)
    ? `Ends at the 99.5th percentile; largest is ${formatNumber(bounds.largest, { digits: 2 })}.`
    : "Symmetric around zero.";
  return picture.scale === "all" ? `${ends} Fixed over ${stepsText}.` : `${ends}${kept}`;
}

function foldedNote({ picture }: LegendInput): TemplateResult {
  const { channels } = picture.panels[0]!.plan;
  const turned = channels === "bgr" ? " The network reads blue first: channel 0 is drawn blue, channel 2 red." : "";
  const scale =
    picture.scale === "filter" ? "each tile is scaled to its own largest weight" : "all tiles share one scale";
  return html`<section class="block">
    <h2><b>${foldedLabel(channels)}</b></h2>
    <p>
      Colour of the patch that excites the filter most. Mid grey is zero; ${scale}. Below it: filter number, and its norm
      as bar and number.${turned}
    </p>
  </section>`;
}

/** How many filters are crossed out, and why; nothing where all live. */
function deadPart({ sides }: Picture): unknown {
  if (!sides.some(({ kernels }) => deadCount(kernels))) return nothing;
  const text = ({ id, kernels }: Picture["sides"][number]): string =>
    `${sides.length > 1 ? `${id}: ` : ""}${deadCount(kernels)} of ${kernels.filters} filters`;
  return html`<section class="block dead-filters">
    <h2><b>Practically dead</b></h2>
    <div class="swatches">${sides.map((side) => html`<i class="crossed"></i><span>${text(side)}</span>`)}</div>
    <p>Norm below 10⁻⁶ of the layer's median: what is left is rounding, no pattern. They stand last.</p>
  </section>`;
}

function notNumbers({ panels }: Picture): TemplateResult {
  const all = panels.map(({ kernels }) => counted(kernels.values));
  const nan = all.reduce((sum, { nan: count }) => sum + count, 0);
  const inf = all.reduce((sum, { inf: count }) => sum + count, 0);
  const text = (count: number): string => (count ? formatCount(count) : "none here");
  return html`<section class="block">
    <h2><b>Not a number</b></h2>
    <div class="swatches">
      <i class="nan"></i><span>NaN: ${text(nan)}</span>
      <i class="inf"></i><span>±Inf: ${text(inf)}</span>
    </div>
  </section>`;
}

const censuses = new WeakMap<Float32Array, Census>();

function counted(values: Float32Array): Census {
  let found = censuses.get(values);
  if (!found) censuses.set(values, (found = census(values)));
  return found;
}

let lastCounts: { values: Float32Array; bound: number; counts: readonly number[] } | null = null;

/** What lies beyond the ends is drawn like them, and counted in the outer bars. */
function countsOf(values: Float32Array, bound: number): readonly number[] {
  if (lastCounts?.values === values && lastCounts.bound === bound) return lastCounts.counts;
  const { counts, below, above } = histogram([values], symmetric(bound), BINS);
  counts[0]! += below;
  counts[BINS - 1]! += above;
  const result = Array.from(counts);
  lastCounts = { values, bound, counts: result };
  return result;
}
