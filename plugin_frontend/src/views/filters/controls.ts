/** The choices in the view's head. */
import { colourOptions } from "../../math/colour_choices.ts";
import { html, nothing, type TemplateResult } from "lit";
import type { ChannelOrder } from "../../math/colour.ts";
import type { Option } from "../../parts/segmented.ts";
import "../../parts/segmented.ts";
import "../../parts/select.ts";
import { modesFor, type FilterOptions, type Mode } from "./fields.ts";
import type { KernelShape, Part, SECOND_PARTS } from "./kernels.ts";
import type { Picture } from "./picture.ts";

/** What a layer's two kernels are called. */
const PARTS: Readonly<Record<(typeof SECOND_PARTS)[number], readonly { value: Part; label: string }[]>> = {
  pointwise: [
    { value: "kernel", label: "depthwise" },
    { value: "pointwise", label: "pointwise" },
  ],
  recurrent: [
    { value: "kernel", label: "of the input" },
    { value: "recurrent", label: "recurrent" },
  ],
};

const MODE_LABELS: Readonly<Record<Exclude<Mode, "folded">, string>> = {
  tiles: "Tiles",
  matrix: "Matrix",
  one: "One filter",
};

/** "Folded BGR": what the channels are, first to last. */
export function foldedLabel(channels: ChannelOrder): string {
  return `Folded ${channels.toUpperCase()}`;
}

export interface ControlsInput {
  readonly picture: Picture;
  readonly shape: KernelShape;
  readonly options: FilterOptions;
  /** The layer's second kernel, where it has one. */
  readonly second: (typeof SECOND_PARTS)[number] | undefined;
  readonly firstStep: number;
  /** Why A − B cannot be shown; undefined where it can. */
  readonly noDifference: string | undefined;
}

export function controls(
  input: ControlsInput,
  set: (patch: Partial<FilterOptions>) => void,
  open: (filter: number) => void,
): TemplateResult {
  const { picture, shape, options } = input;
  const { mode } = picture;
  const flat = mode === "folded" || mode === "tiles";
  return html`
    <cnn-segmented slot="controls" label="Picture" .options=${modeOptions(shape, picture.panels[0]!.plan.channels)} .value=${mode}
      @change=${(event: CustomEvent<Mode>) => set({ mode: event.detail })}></cnn-segmented>
    ${
      mode === "one"
        ? html`<cnn-select slot="controls" label="filter" .value=${String(picture.filter)}
          .options=${Array.from(picture.order.filters, (filter) => ({ value: String(filter), label: String(filter) }))}
          @change=${(event: CustomEvent<string>) => open(Number(event.detail))}></cnn-select>`
        : nothing
    }
    ${
      input.second
        ? html`<cnn-select slot="controls" label="part" .value=${options.part}
          .options=${PARTS[input.second]}
          @change=${(event: CustomEvent<FilterOptions["part"]>) => set({ part: event.detail })}></cnn-select>`
        : nothing
    }
    <cnn-select slot="controls" label="scale" .value=${picture.scale}
      .options=${[
        ...(flat ? [] : [{ value: "kernel", label: "by kernel" }]),
        { value: "filter", label: "by filter" },
        { value: "layer", label: "by layer" },
        { value: "all", label: "all steps" },
      ]}
      @change=${(event: CustomEvent<FilterOptions["scale"]>) => set({ scale: event.detail })}></cnn-select>
    <cnn-select slot="controls" label="sort" .value=${options.sort}
      .options=${[
        { value: "norm", label: "norm" },
        { value: "change", label: "change" },
        { value: "index", label: "index" },
      ]}
      @change=${(event: CustomEvent<FilterOptions["sort"]>) => set({ sort: event.detail })}></cnn-select>
    <cnn-select slot="controls" label="show" .value=${options.show}
      .options=${[
        { value: "weights", label: "weights" },
        { value: "change", label: `change since ${input.firstStep}` },
        { value: "difference", label: "A − B", disabled: input.noDifference },
      ]}
      @change=${(event: CustomEvent<FilterOptions["show"]>) => set({ show: event.detail })}></cnn-select>
  `;
}

export function mapChoice(options: FilterOptions, set: (patch: Partial<FilterOptions>) => void): TemplateResult {
  return html`<cnn-select label="colours" .value=${options.map}
    .options=${colourOptions("weights")}
    @change=${(event: CustomEvent<FilterOptions["map"]>) => set({ map: event.detail })}></cnn-select>`;
}

function modeOptions(shape: KernelShape, channels: ChannelOrder): Option[] {
  const own = modesFor(shape);
  const options = own.map((mode): Option => ({
    value: mode,
    label: mode === "folded" ? foldedLabel(channels) : MODE_LABELS[mode],
  }));
  if (own.includes("folded") || own.includes("tiles")) return options;
  const why = shape.inputs === 3 ? "Folding needs flat kernels" : `Needs 3 input channels; these have ${shape.inputs}`;
  return [{ value: "folded", label: foldedLabel(channels), disabled: why }, ...options];
}
