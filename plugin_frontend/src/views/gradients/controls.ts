/** The choices in the view's head. */
import { html, type TemplateResult } from "lit";
import "../../parts/segmented.ts";
import "../../parts/select.ts";
import type { GradientOptions } from "./fields.ts";

export function controls(options: GradientOptions, runB: string | null, set: (patch: Partial<GradientOptions>) => void): TemplateResult {
  const disabled = runB === null ? "Choose a run B: Shift-click it in the list" : undefined;
  return html`
    <cnn-select slot="controls" label="rows" .value=${options.rows}
      .options=${[{ value: "layer", label: "by layer" }, { value: "variable", label: "by variable" }]}
      @change=${(event: CustomEvent<GradientOptions["rows"]>) => set({ rows: event.detail })}></cnn-select>
    <cnn-segmented slot="controls" label="Quantity" .value=${options.quantity}
      .options=${[
        { value: "gradient", label: "Gradient" }, { value: "update", label: "Update" }, { value: "ratio", label: "Update / weight" },
      ]}
      @change=${(event: CustomEvent<GradientOptions["quantity"]>) => set({ quantity: event.detail })}></cnn-segmented>
    <cnn-segmented slot="controls" label="Runs" .value=${runB === null ? "a" : options.show}
      .options=${[{ value: "a", label: "A" }, { value: "both", label: "A and B", disabled }, { value: "difference", label: "A − B", disabled }]}
      @change=${(event: CustomEvent<GradientOptions["show"]>) => set({ show: event.detail })}></cnn-segmented>`;
}
