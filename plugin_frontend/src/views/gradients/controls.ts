/** The choices in the view's head. */
import { html, nothing, type TemplateResult } from "lit";
import "../../parts/segmented.ts";
import "../../parts/select.ts";
import type { GradientOptions, PlaceQuantity, Shown } from "./fields.ts";
import { isOfPlaces, isShare } from "./run_places.ts";

/** `lacks`: why a quantity cannot be shown of run A; undefined where it can. */
export function controls(
  options: GradientOptions,
  quantity: Shown,
  runB: string | null,
  lacks: (quantity: PlaceQuantity) => string | undefined,
  set: (patch: Partial<GradientOptions>) => void,
): TemplateResult {
  const disabled = runB === null ? "Choose a run B: Shift-click it in the list" : undefined;
  const noDifference = disabled ?? (isShare(quantity) ? "Shares of two runs stand below each other" : undefined);
  const show = runB === null ? "a" : isShare(quantity) && options.show === "difference" ? "both" : options.show;
  return html`
    ${
      isOfPlaces(quantity)
        ? nothing
        : html`<cnn-select slot="controls" label="rows" .value=${options.rows}
      .options=${[
        { value: "layer", label: "by layer" },
        { value: "variable", label: "by variable" },
      ]}
      @change=${(event: CustomEvent<GradientOptions["rows"]>) => set({ rows: event.detail })}></cnn-select>`
    }
    <cnn-segmented slot="controls" label="Quantity" .value=${quantity}
      .options=${[
        { value: "gradient", label: "Gradient" },
        { value: "update", label: "Update" },
        { value: "ratio", label: "Update / weight" },
        { value: "error", label: "Error", disabled: lacks("error") },
        { value: "zeros", label: "Zeros", disabled: lacks("zeros") },
        { value: "saturated", label: "Saturated", disabled: lacks("saturated") },
        { value: "slope", label: "Slope", disabled: lacks("slope") },
      ]}
      @change=${(event: CustomEvent<GradientOptions["quantity"]>) => set({ quantity: event.detail })}></cnn-segmented>
    <cnn-segmented slot="controls" label="Runs" .value=${show}
      .options=${[
        { value: "a", label: "A" },
        { value: "both", label: "A and B", disabled },
        { value: "difference", label: "A − B", disabled: noDifference },
      ]}
      @change=${(event: CustomEvent<GradientOptions["show"]>) => set({ show: event.detail })}></cnn-segmented>`;
}
