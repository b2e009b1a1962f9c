import { html, nothing, svg } from "lit";
import { classMap } from "lit/directives/class-map.js";
import type { RunSummary } from "../../data/schema.ts";
import { formatNumber } from "../../math/format.ts";
import type { Part } from "../../math/short_names.ts";
import { cutName, seenLength } from "../../parts/cut_name.ts";
import { severityMark, type Severity } from "../../parts/severity.ts";
import { runStyle } from "../../state/run_style.ts";
import { realOf, sparkOf, type SparkScale } from "./spark.ts";

/** Characters that stand in one line; longer names take two lines of smaller type. */
const ONE_LINE = 12;
/** Characters of two lines. */
export const NAME_ROOM = 24;

export interface RowState {
  /** What is seen of its name beside the others. */
  readonly parts: readonly Part[] | undefined;
  readonly mark: "A" | "B" | null;
  /** Whether A and B both are chosen, so that letters are needed. */
  readonly letters: boolean;
  readonly hidden: boolean;
  /** The worst alarm, as far as the run's verdicts are known. */
  readonly alarm: Severity | null;
  readonly scale: SparkScale;
  readonly choose: (event: MouseEvent) => void;
  readonly hide: () => void;
  readonly showNotices: () => void;
}

const WIDTH = 28;
const HEIGHT = 15;

/** One run: swatch (or A, B), name, damage, curve, value. */
export function runRow(run: RunSummary, row: RowState): unknown {
  const style = runStyle(run.name);
  const last = run.curve?.values.at(-1);
  const value = last === undefined ? "" : shortValue(realOf(last));
  return html`<li class=${classMap({ here: row.mark === "A", hidden: row.hidden })} data-run=${run.name}>
    <button
      class="swatch"
      tabindex="-1"
      aria-pressed=${!row.hidden}
      aria-label=${`Show ${run.name} in charts`}
      title=${row.hidden ? "Hidden in charts; click to show" : "Shown in charts; click to hide"}
      @click=${row.hide}
    >
      ${
        row.mark && row.letters
          ? html`<span class="letter" .style=${`--run:${style.colour}`}>${row.mark}</span>`
          : swatch(style.colour, style.dash, row.hidden)
      }
    </button>
    <button
      class="row"
      aria-pressed=${row.mark !== null}
      tabindex=${row.mark === "A" ? 0 : -1}
      title=${titleOf(run, row)}
      @click=${row.choose}
    >
      <span class="name ${seenLength(run.name, row.parts) > ONE_LINE ? "long" : ""}" dir="auto">${cutName(run.name, row.parts)}</span>
      ${row.alarm ? severityMark(row.alarm) : nothing} ${run.curve ? spark(run, row.scale) : nothing}
      <span class="value ${value === "NaN" ? "nan" : ""}" title=${run.curve ? `final ${words(run.curve.metric)}` : ""}
        >${value}</span
      >
    </button>
    ${
      run.notices > 0
        ? html`<button
          class="damage"
          tabindex=${row.mark === "A" ? 0 : -1}
          aria-label=${`${run.notices} notices of ${run.name}`}
          title=${`${run.notices} ${run.notices === 1 ? "notice" : "notices"}: something was lost or damaged. Click to read.`}
          @click=${row.showNotices}
        >
          !
        </button>`
        : nothing
    }
  </li>`;
}

/** The whole name, its worst verdict, and whether the run has nothing but TensorBoard's scalars. */
function titleOf(run: RunSummary, { hidden, alarm }: RowState): string {
  const scalars = run.source === "scalars" ? "\nmetrics only: no kernels, maps or gradients were logged" : "";
  return run.name + (alarm ? `\nworst verdict: ${alarm}` : "") + scalars + (hidden ? "\nhidden in charts (H)" : "");
}

/** Three digits, and two where a power of ten needs the room. */
function shortValue(value: number): string {
  const small = value !== 0 && Math.abs(value) < 0.001;
  return formatNumber(value, { digits: small || Math.abs(value) >= 1e6 ? 2 : 3 });
}

/** "val_loss" as people say it. */
export function words(metric: string): string {
  return metric.replace(/^metric:/, "").replaceAll("_", " ");
}

function swatch(colour: string, dash: string, hidden: boolean): unknown {
  return html`<svg width="18" height="10" aria-hidden="true">
    ${svg`<line x1="1" x2="17" y1="5" y2="5" style=${`stroke:${colour}`} stroke-width="3"
      stroke-dasharray=${dash} opacity=${hidden ? 0.25 : 1}></line>`}
  </svg>`;
}

function spark(run: RunSummary, scale: SparkScale): unknown {
  if (!run.curve) return nothing;
  const { path, end, broken } = sparkOf(run.curve, scale, WIDTH - 4, HEIGHT - 4);
  return html`<svg class="spark" width=${WIDTH} height=${HEIGHT} viewBox="-2 -2 ${WIDTH} ${HEIGHT}" aria-hidden="true">
    ${svg`<path d=${path}></path>`} ${end ? svg`<circle cx=${end[0]} cy=${end[1]} r="1.5"></circle>` : nothing}
    ${broken.map((x) => svg`<rect x=${x - 1} y="-1" width="2" height="4"></rect>`)}
  </svg>`;
}
