/** Below the picture: the opened filter's biography, with its head and what stands there while it loads. */
import { html, nothing, type TemplateResult } from "lit";
import type { ChannelOrder } from "../../math/colour.ts";
import { largestMagnitude } from "../../math/ranges.ts";
import "../../parts/loading_bar.ts";
import type { RunStyle } from "../../state/run_style.ts";
import type { InputWords } from "./cursor_rows.ts";
import { foldable } from "./fields.ts";
import { filterValues, sameShape, type Kernels } from "./kernels.ts";
import { strongestInputs } from "./panel_painter.ts";
import type { Panel, Picture } from "./picture.ts";
import "./story_element.ts";
import type { StoryRow } from "./story_element.ts";

const MOST_ROWS = 3;

export interface StoryInput {
  readonly picture: Picture;
  readonly words: InputWords;
  readonly history: readonly Kernels[] | null;
  readonly loading: { readonly done: number; readonly of: number } | null;
  /** "all 40 logged steps" */
  readonly text: string;
  readonly style: RunStyle;
  readonly step: number;
  readonly closable: boolean;
  readonly goTo: (step: number) => void;
  readonly close: () => void;
}

export function storyPart(input: StoryInput): TemplateResult {
  const { picture, history, loading } = input;
  const { kernels, plan } = picture.panels[0] as Panel;
  const { filter } = picture;
  const past = alike(history, kernels);
  return html`<section class="story" aria-label="Biography of filter ${filter}">
    <div class="row-head">
      <b>Filter ${filter} at ${past ? input.text.replace(/^all/, "each of the") : "its logged steps"}</b>
      <span class="quiet">
        one column a step, click to go there, ← → to walk
        ${
          input.closable
            ? html`<button class="close" title="Close (Esc)" aria-label="Close the biography" @click=${input.close}>×</button>`
            : nothing
        }
      </span>
    </div>
    ${
      loading
        ? html`<cnn-loading-bar .value=${loading.done / Math.max(1, loading.of)} .text=${`${loading.done} of ${loading.of} steps`}></cnn-loading-bar>`
        : nothing
    }
    ${
      past
        ? html`<cnn-filter-story
          .history=${past} .filter=${filter} .shown=${input.step} .rows=${rowsFor(kernels, filter, input.words, plan.channels)}
          .palette=${picture.palette} .channels=${plan.channels} .bound=${boundOver(past, filter)} .colour=${input.style.colour}
          .dash=${input.style.dash} @story-step=${(event: CustomEvent<number>) => input.goTo(event.detail)}
        ></cnn-filter-story>`
        : nothing
    }
  </section>`;
}

const filtered = new WeakMap<readonly Kernels[], readonly Kernels[]>();

/** Those steps at which the layer had the shape that it has now: a new session may have changed it. */
function alike(history: readonly Kernels[] | null, kernels: Kernels): readonly Kernels[] | null {
  if (!history) return null;
  let kept = filtered.get(history);
  if (!kept) filtered.set(history, (kept = history.filter((each) => sameShape(each, kernels))));
  return kept.length ? kept : null;
}

/** One scale over all steps, so that growth shows. */
function boundOver(history: readonly Kernels[], filter: number): number {
  return history.reduce((most, kernels) => Math.max(most, largestMagnitude(filterValues(kernels, filter))), 0);
}

let lastRows: { key: string; rows: readonly StoryRow[] } | null = null;

/** All channels where they fold, else the kernels of the inputs that the filter uses most. */
function rowsFor(kernels: Kernels, filter: number, words: InputWords, channels: ChannelOrder): readonly StoryRow[] {
  const { slices } = kernels;
  const inputs = foldable(kernels) ? [0, 1, 2] : [...strongestInputs(kernels, filter).inputs.subarray(0, MOST_ROWS)];
  const tiles = inputs.flatMap((input) =>
    Array.from({ length: slices }, (_, slice): StoryRow => {
      const own = words.name(input);
      const name = kernels.inputs === 1 ? "kernel" : /^\d/.test(own) ? `in ${own}` : own;
      return { name: slices > 1 ? `${name}, ${slice}` : name, tile: input * slices + slice };
    }),
  );
  const rows = foldable(kernels)
    ? [{ name: channels.toUpperCase(), tile: "folded" } as const, ...tiles]
    : tiles.slice(0, Math.max(MOST_ROWS, Math.min(slices, 5)));
  const key = JSON.stringify(rows);
  if (lastRows?.key !== key) lastRows = { key, rows };
  return lastRows.rows;
}
