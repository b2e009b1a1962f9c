import { html, nothing } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { RunDetail, RunSummary } from "../../data/schema.ts";
import "../../canvas/step_heatmap.ts";
import { paletteOf } from "../../math/colour.ts";
import { viridis } from "../../math/colour_maps.ts";
import { formatCount, formatNumber } from "../../math/format.ts";
import { logs, nearestIndex, normsOf } from "../../math/gradient_norms.ts";
import type { HeatRow, HeatScale } from "../../math/heat_cells.ts";
import { logRange, powerText } from "../../math/powers_of_two.ts";
import { cutName } from "../../parts/cut_name.ts";
import { shortRuns } from "../../parts/run_names.ts";
import type { TimeAxis } from "../../state/time_axis.ts";
import { swatch } from "./swatch.ts";

/** So many runs are shown until more are asked for. */
export const SHOWN = 12;

/** Gradient norms of one run: log2 of each layer's, and of the whole network's last one. */
export interface RunNorms {
  readonly run: string;
  readonly rows: readonly HeatRow[];
  readonly last: number;
}

/** Each row's norm at the step nearest to the one shown, in words, by run. */
export function normsAt(all: readonly RunNorms[], step: number | null): readonly (readonly string[])[] {
  return all.map(({ rows }) => {
    const steps = rows[0]?.steps ?? [];
    const index = step === null ? steps.length - 1 : nearestIndex(steps, step);
    return rows.map((row) => formatNumber(2 ** (row.values[index] ?? Number.NaN), { digits: 3 }));
  });
}

/** Null for a record that holds no norms, or none that fit the model's variables. */
export function runNorms(run: string, record: DataRecord | null, detail: RunDetail | null): RunNorms | null {
  const [norm, step] = [record?.arrays["norm"], record?.arrays["step"]];
  const variables = norm?.shape[1];
  if (!norm || !step || norm.shape.length !== 2 || variables === undefined || norm.shape[0] !== step.values.length)
    return null;
  const steps = Float64Array.from(step.values);
  const columns = { steps, variables, norm: norm.values, update: [], weight: [] };
  const groups = layerPlaces(detail, variables);
  const rows = groups.map(([name, places]) => ({ name, steps, values: logs(normsOf(columns, places, "gradient")) }));
  const whole = normsOf(
    columns,
    Array.from({ length: variables }, (_, i) => i),
    "gradient",
  );
  return { run, rows, last: whole.at(-1) ?? Number.NaN };
}

/** The variables of each layer by their places, in the network's order; each variable for itself where the model is not known. */
function layerPlaces(detail: RunDetail | null, count: number): [string, number[]][] {
  const variables = detail?.model?.variables;
  if (variables?.length !== count) return Array.from({ length: count }, (_, i) => [`variable ${i}`, [i]]);
  const places = new Map<string, number[]>();
  for (const [i, { layer, path }] of variables.entries()) {
    const name = layer ?? path;
    places.set(name, [...(places.get(name) ?? []), i]);
  }
  return [...places];
}

/** One scale for all runs. */
export function normScale(all: readonly RunNorms[]): HeatScale {
  const { lo, hi } = logRange(all.flatMap((each) => each.rows.map((row) => row.values)));
  return { lo, hi, palette: paletteOf(viridis), logarithms: true };
}

const ROW = 12;
/** Characters of a name above its heatmap. */
const NAME_ROOM = 48;

/** Rows of many layers are thinner, so that a run stays a picture. */
function rowHeight(rows: number): number {
  return Math.max(2, Math.min(ROW, Math.floor(110 / Math.max(1, rows))));
}

export interface Multiples {
  readonly norms: readonly RunNorms[];
  /** Of each run's rows, at the step that is shown. */
  readonly values: readonly (readonly string[])[];
  readonly scale: HeatScale;
  /** How many runs logged gradients. */
  readonly of: number;
  readonly axis: TimeAxis;
  readonly step: number | null;
  readonly runA: string;
  readonly more: () => void;
  readonly choose: (run: string) => void;
  readonly goto: (step: number, run: string) => void;
}

/** A heatmap of gradient norms a run, one under the other on one axis. */
export function multiplesPart(of: Multiples): unknown {
  const { norms, scale, axis, step, runA } = of;
  if (!of.of) return nothing;
  const short = shortRuns(
    norms.map(({ run: name }) => name),
    NAME_ROOM,
  );
  return html`<section class="multiples" aria-label="Gradient norms">
    <header>
      <b>Gradient norm by layer and step</b>
      <span class="quiet">training batch, before clipping; one scale, ${powerText(scale.lo)} to ${powerText(scale.hi)}, by step</span>
      ${ramp(scale)}
    </header>
    ${norms.map(
      ({ run, rows, last }, i) => html`<div class="multiple" data-run=${run}>
      <button class="link ${run === runA ? "here" : ""}" title=${run} @click=${() => of.choose(run)}>${swatch(run)}<span class="name">${cutName(run, short.get(run))}</span></button>
      <span class="last" title="Norm of all variables' gradients as one vector, at the last logged step">whole network, last step: ${formatNumber(last, { digits: 3 })}</span>
      <cnn-step-heatmap
        label=${`Gradient norms of ${run}`}
        .rows=${rows}
        .toShare=${axis.toShare}
        .scale=${scale}
        .step=${step}
        .rowHeight=${rowHeight(rows.length)}
        .values=${of.values[i] ?? []}
        @heatmap-step=${(event: CustomEvent<{ step: number }>) => of.goto(event.detail.step, run)}
      ></cnn-step-heatmap>
    </div>`,
    )}
    ${
      norms.length < of.of
        ? html`<footer><button @click=${of.more}>Show more</button> ${formatCount(norms.length)} of ${formatCount(of.of)} runs with gradients</footer>`
        : nothing
    }
  </section>`;
}

function ramp({ lo, hi, palette }: HeatScale): unknown {
  const stops = Array.from({ length: 9 }, (_, i) => {
    const pixel = palette.pixels[Math.round((i / 8) * 255)]!;
    return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
  });
  return html`<span class="ramp" role="img" aria-label=${`Colours from ${powerText(lo)} to ${powerText(hi)}`} .style=${`background:linear-gradient(90deg,${stops.join(",")})`}></span>`;
}

/** The runs whose gradients are asked for. */
export function withGradients(runs: readonly RunSummary[], shown: number): readonly RunSummary[] {
  return runs.filter((run) => run.kinds.includes("gradients")).slice(0, shown);
}
