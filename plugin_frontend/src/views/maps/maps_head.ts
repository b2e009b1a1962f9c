import { html, nothing } from "lit";
import "../../parts/segmented.ts";
import "../../parts/select.ts";
import type { ValuesOf } from "../../state/fields.ts";
import type { MAPS_FIELDS, Mode, ScaleBy } from "./maps_definition.ts";
import type { Shown } from "./view_model.ts";

type Options = ValuesOf<typeof MAPS_FIELDS>;

/**
 * "48 maps of 24×24, training=False", and how many of the layer's channels that is where it is not all. `wished` is the
 * step asked for: where its maps could not be had, the picture is another step's and says so.
 */
export function subtitle({ a: { maps } }: Shown, wished: number | null): string {
  const { kept, of, axes, spatial } = maps.stack;
  const many =
    kept < of ? `${kept} of ${of} channels` : axes === 0 ? `${of} values` : `${of} map${of === 1 ? "" : "s"}`;
  const size = axes === 0 ? "" : `${kept < of ? "," : ""} of ${spatial.slice(3 - axes).join("×")}`;
  const stale = wished !== null && wished !== maps.record.step ? `, still step ${maps.record.step}` : "";
  return `${many}${kept < of ? size.replace("of ", "") : size}, ${maps.isError ? "error that comes back" : "training=False"}${stale}`;
}

const MODES: readonly { value: Mode; label: string }[] = [
  { value: "channels", label: "All channels" },
  { value: "layers", label: "One channel, all layers" },
  { value: "steps", label: "One channel, all steps" },
];

export function headControls(
  shown: Shown,
  options: Options,
  hasErrors: boolean,
  set: (patch: Partial<Options>) => void,
): unknown {
  const flat = shown.a.maps.stack.axes === 0;
  const modes = MODES.map((mode) => ({
    ...mode,
    disabled: flat && mode.value === "steps" ? "This layer has no maps, only one number a channel" : undefined,
  }));
  const depth = shown.a.maps.stack.spatial[0];
  const scales: { value: ScaleBy; label: string; disabled?: string }[] = [
    { value: "layer", label: "by layer" },
    flat
      ? { value: "map", label: "by map", disabled: "One number has no scale of its own" }
      : { value: "map", label: "by map" },
    { value: "steps", label: "all steps" },
  ];
  return html`
    <cnn-select
      label="show"
      .options=${[
        { value: "maps", label: "maps" },
        {
          value: "error",
          label: "error",
          disabled: hasErrors ? undefined : "This run logged no error maps: they need a labelled probe, probe=(x, y)",
        },
      ]}
      .value=${shown.a.maps.isError ? "error" : "maps"}
      @change=${(event: CustomEvent<Options["of"]>) => set({ of: event.detail })}
    ></cnn-select>
    <cnn-segmented
      label="What is shown"
      .options=${modes}
      .value=${options.mode}
      @change=${(event: CustomEvent<Mode>) => set({ mode: event.detail })}
    ></cnn-segmented>
    ${
      options.mode === "layers"
        ? nothing
        : html`<cnn-select
          label="scale"
          .options=${options.mode === "steps" ? scales.filter((each) => each.value !== "layer") : scales}
          .value=${options.mode === "steps" && options.scale === "layer" ? "steps" : options.scale}
          @change=${(event: CustomEvent<ScaleBy>) => set({ scale: event.detail })}
        ></cnn-select>`
    }
    ${
      options.mode === "channels"
        ? html`<cnn-select
          label="sort"
          .options=${[
            { value: "mean", label: "mean" },
            { value: "max", label: "max" },
            { value: "channel", label: "channel" },
          ]}
          .value=${options.sort}
          @change=${(event: CustomEvent<Options["sort"]>) => set({ sort: event.detail })}
        ></cnn-select>`
        : nothing
    }
    ${
      depth > 1
        ? html`<label class="slice"
          >slice <input
            type="range" min="0" max=${depth - 1} .value=${String(shown.slice)}
            @input=${(event: Event) => set({ slice: Number((event.target as HTMLInputElement).value) })}
          /> ${shown.slice} of ${depth}</label
        >`
        : nothing
    }
  `;
}
