import { html, nothing } from "lit";
import "../../parts/segmented.ts";
import "../../parts/select.ts";
import type { ModelOptions } from "./model_definition.ts";

export interface ControlsInput {
  readonly options: ModelOptions;
  /** Why nothing can be folded; undefined where something can. */
  readonly noFold: string | undefined;
  readonly anyOpen: boolean;
  readonly set: (patch: Partial<ModelOptions>) => void;
  readonly foldAll: () => void;
  readonly zoomBy: (factor: number) => void;
}

export function controls({ options, noFold, anyOpen, set, foldAll, zoomBy }: ControlsInput): unknown {
  return html`<div slot="controls" class="controls">
    ${
      options.form === "graph"
        ? html`<span class="zoom" role="group" aria-label="Zoom">
          <button title="Zoom out (−)" aria-label="Zoom out" @click=${() => zoomBy(1 / 1.25)}>−</button>
          <button title="Zoom in (+)" aria-label="Zoom in" @click=${() => zoomBy(1.25)}>+</button>
          <button title="Fit (0)" ?disabled=${options.zoom === 0} @click=${() => set({ zoom: 0 })}>fit</button>
        </span>`
        : nothing
    }
    <cnn-segmented
      label="The network as"
      .options=${[
        { value: "table", label: "Table" },
        { value: "graph", label: "Graph" },
      ]}
      .value=${options.form}
      @change=${(event: CustomEvent<ModelOptions["form"]>) => set({ form: event.detail })}
    ></cnn-segmented>
    ${anyOpen ? html`<button class="fold-all" @click=${foldAll}>Fold all</button>` : nothing}
    <cnn-select
      label="fold"
      title=${noFold ?? "Layers of one output size as one"}
      .options=${[
        { value: "blocks", label: "blocks" },
        { value: "none", label: "none" },
      ]}
      .value=${options.fold}
      @change=${(event: CustomEvent<ModelOptions["fold"]>) => set({ fold: event.detail })}
    ></cnn-select>
  </div>`;
}
