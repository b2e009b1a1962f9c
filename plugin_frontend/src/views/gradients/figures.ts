/** The picture's figures: a heatmap of norms, and a variable's histograms over steps. */
import { html, type TemplateResult } from "lit";
import type { HeatMark } from "../../canvas/heat_marks.ts";
import type { HeatCell } from "../../canvas/step_heatmap.ts";
import "../../canvas/step_heatmap.ts";
import { formatCount } from "../../math/format.ts";
import { nearestIndex } from "../../math/gradient_norms.ts";
import type { TimeAxis } from "../../state/time_axis.ts";
import { bandRow } from "./bands.ts";
import { bandsOf, namedRows, type HistogramFigure, type HistogramPicture } from "./histogram_picture.ts";
import { gutterTexts, shownAt, type NormPanel, type NormPicture } from "./norm_panels.ts";
import { isShare } from "./run_places.ts";
import { tailOf } from "./row_groups.ts";
import { histogramRowHeight, type Sizes } from "./sizes.ts";
import { QUANTITY_WORDS, stepsText } from "./labels.ts";
import { cutName } from "../../parts/cut_name.ts";
import { shortRuns } from "../../parts/run_names.ts";

/** What all figures share: the axis, the step, and how to go to another one. */
export interface FigureFrame {
  readonly axis: TimeAxis;
  /** Pixels of the cells. */
  readonly width: number;
  readonly sizes: Sizes;
  readonly step: number;
  readonly goTo: (step: number) => void;
}

export interface NormActions {
  readonly current: number;
  readonly marks: readonly HeatMark[];
  readonly describe: (cell: HeatCell) => string;
  readonly chooseRow: (row: number) => void;
  readonly hover: (cell: HeatCell | null) => void;
}

export function normFigure(
  frame: FigureFrame,
  picture: NormPicture,
  panel: NormPanel,
  actions: NormActions,
): TemplateResult {
  const at = shownAt(panel, frame.step);
  return html`<figure data-panel=${panel.id}>
    <figcaption><span>${normCaption(
      panel,
      picture.panels.filter(({ id }) => id !== "difference").map(({ run }) => run),
    )}</span><span class="at">${at ? `at step ${at.step}` : ""}</span></figcaption>
    <cnn-step-heatmap
      data-map=${panel.id} .rows=${panel.rows} .toShare=${frame.axis.toShare} .scale=${picture.scale} .step=${frame.step}
      .current=${actions.current} .values=${at ? gutterTexts(panel, at.index, isShare(picture.quantity)) : []} .rowHeight=${frame.sizes.rowHeight}
      label=${`${QUANTITY_WORDS[picture.quantity].title} of ${panel.run}, rows by steps`} .describe=${actions.describe}
      .marks=${actions.marks}
      @heatmap-step=${(event: CustomEvent<{ step: number }>) => frame.goTo(event.detail.step)}
      @heatmap-row=${(event: CustomEvent<{ row: number }>) => actions.chooseRow(event.detail.row)}
      @heatmap-hover=${(event: CustomEvent<{ cell: HeatCell | null }>) => actions.hover(event.detail.cell)}
    ></cnn-step-heatmap>
  </figure>`;
}

/** Characters of a run's name above its heatmap. */
const NAME_ROOM = 44;

function normCaption(panel: NormPanel, runs: readonly string[]): TemplateResult {
  if (panel.id !== "difference") {
    return html`<b>${panel.id}</b> <b class="name run" title=${panel.run}>${cutName(panel.run, shortRuns(runs, NAME_ROOM).get(panel.run))}</b>`;
  }
  return html`<b>A − B</b><span class="name run">${panel.run}</span>
    <span class="quiet grow">red: larger in A, blue: larger in B; steps that both logged</span>`;
}

export interface VariableChoice {
  readonly layer: string;
  /** Of the layer's variables. */
  readonly names: readonly string[];
  readonly choose: (name: string) => void;
}

export function histogramFigure(
  frame: FigureFrame,
  picture: HistogramPicture,
  figure: HistogramFigure,
  choice: VariableChoice,
): TemplateResult {
  const { axis, width, step, sizes } = frame;
  const { steps } = figure.histogram;
  const press = (event: PointerEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = steps[nearestIndex(steps, axis.toStep((event.clientX - box.x) / box.width))];
    if (at !== undefined) frame.goTo(at);
  };
  const left = `left:calc(var(--axis-left) + ${axis.toShare(step) * width}px)`;
  return html`<figure data-histogram=${figure.id}>
    ${histogramCaption(frame, picture, figure, choice)}
    ${signMap(frame, picture, figure, 1)}
    ${bandsOf(figure, step, sizes.band).map(
      (band) => html`<div class="band-line">
      ${bandRow(band, width, axis.toShare, press)}<span class="line" .style=${left}></span>
    </div>`,
    )}
    ${signMap(frame, picture, figure, -1)}
  </figure>`;
}

/** Pixels between two rows that are named. */
const NAME_GAP = 24;

function signMap(frame: FigureFrame, picture: HistogramPicture, figure: HistogramFigure, sign: 1 | -1): TemplateResult {
  const rows = sign > 0 ? figure.positive : figure.negative;
  const rowHeight = histogramRowHeight(frame.sizes.side, rows.length);
  return html`<cnn-step-heatmap
    data-map=${`${figure.id}${sign > 0 ? "+" : "-"}`} .rows=${rows} .toShare=${frame.axis.toShare} .scale=${picture.scale}
    .step=${frame.step} .rowHeight=${rowHeight} .named=${namedRows(rows.length, rowHeight, NAME_GAP, sign)}
    label=${`Shares of the ${sign > 0 ? "positive" : "negative"} values of ${figure.histogram.variable.path}, sizes by steps`}
    @heatmap-step=${(event: CustomEvent<{ step: number }>) => frame.goTo(event.detail.step)}
  ></cnn-step-heatmap>`;
}

function histogramCaption(
  { step }: FigureFrame,
  { octaves }: HistogramPicture,
  { id, histogram }: HistogramFigure,
  choice: VariableChoice,
): TemplateResult {
  const thinned = histogram.thinned ? `, ${stepsText(0, histogram.thinned)}` : "";
  const at = histogram.steps[nearestIndex(histogram.steps, step)];
  const { path } = histogram.variable;
  const name = choice.names.find((each) => each === path) ?? tailOf(path);
  return html`<figcaption>
    <span><b class="name">${choice.layer}</b>
      ${id === "A" ? variableSelect(choice, name) : html`<b class="name">${name}</b>`}
      <b class="name">of ${id}: how its ${formatCount(histogram.size)} gradient values spread</b>
      <span class="quiet grow">one row = a factor of ${formatCount(2 ** octaves.octaves)} in size${thinned}</span></span>
    <span class="at">${at === undefined ? "" : `at step ${at}`}</span>
  </figcaption>`;
}

function variableSelect({ names, choose }: VariableChoice, chosen: string): TemplateResult {
  const change = (event: Event): void => {
    const select = event.target as HTMLSelectElement;
    choose(select.value);
    // Arrow keys move the step again.
    select.blur();
  };
  return html`<select aria-label="Variable" .value=${chosen} @change=${change}>
    ${names.map((name) => html`<option value=${name} ?selected=${name === chosen}>${name}</option>`)}
  </select>`;
}
