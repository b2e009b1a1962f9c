import { html } from "lit";
import "../../../parts/select.ts";
import "../../../parts/stepper.ts";
import type { Lab } from "../lab_mode.ts";
import type { LayerKernel } from "./layer_kernel.ts";
import {
  choiceFor,
  choose,
  leastGrowth,
  mostGrowth,
  OWN,
  pairText,
  sizeText,
  type Choice,
  type Setting,
} from "./setting.ts";

/** Everything back to the layer's own. */
export const RESET = { ...OWN, chosenFor: null, edits: "" } as const;

const CHOICES = ["valid", "same"] as const;

/** Filter, size, stride, padding, dilation, and the way back. */
export function controlsOf(lab: Lab, kernel: LayerKernel, index: number, setting: Setting, changed: boolean): unknown {
  const [filters] = kernel.shape;
  const own = lab.layer.padding ?? "";
  const { convolutionPadding } = choiceFor(lab.layer, lab.options);
  const set = (patch: Partial<Choice>): void => lab.set(choose(lab.layer, lab.options, patch));
  return html`
    <cnn-select
      class="filter"
      name="Filter"
      .options=${Array.from({ length: filters }, (_, i) => ({ value: String(i), label: `filter ${i}` }))}
      .value=${String(index)}
      @change=${(event: CustomEvent<string>) => lab.choose(Number(event.detail))}
    ></cnn-select>
    <cnn-stepper
      class="size"
      label="size"
      .value=${setting.grow}
      .text=${sizeText(setting)}
      .min=${leastGrowth(kernel)}
      .max=${mostGrowth(kernel)}
      @change=${(event: CustomEvent<number>) => set({ grow: event.detail })}
    ></cnn-stepper>
    <cnn-stepper
      class="stride"
      label="stride"
      .value=${Math.max(...setting.stride)}
      .text=${pairText(setting.stride)}
      .max=${8}
      @change=${(event: CustomEvent<number>) => set({ convolutionStride: event.detail })}
    ></cnn-stepper>
    <cnn-select
      class="padding"
      name="Padding"
      .options=${[{ value: "own", label: `${own} padding` }, ...CHOICES.filter((choice) => choice !== own).map((choice) => ({ value: choice, label: `${choice} padding` }))]}
      .value=${convolutionPadding === own ? "own" : convolutionPadding}
      @change=${(event: CustomEvent<"own" | "valid" | "same">) => set({ convolutionPadding: event.detail })}
    ></cnn-select>
    <cnn-stepper
      class="dilation"
      label="dilation"
      .value=${Math.max(...setting.dilation)}
      .text=${pairText(setting.dilation)}
      .max=${8}
      @change=${(event: CustomEvent<number>) => set({ dilation: event.detail })}
    ></cnn-stepper>
    <button class="reset" ?disabled=${!changed} @click=${() => lab.set(RESET)} title="Reset to the layer’s own setting and weights">Reset</button>
  `;
}
