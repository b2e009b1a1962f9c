import { html } from "lit";
import "../../parts/segmented.ts";
import "../../parts/select.ts";
import type { ValuesOf } from "../../state/fields.ts";
import type { Align, COMPARE_FIELDS, Part } from "./compare_definition.ts";
import { BATCH_LOSS, metricWords } from "./rows.ts";

export type Options = ValuesOf<typeof COMPARE_FIELDS>;
export type SetOptions = (patch: Partial<Options>) => void;

/** "Validation loss". */
export function title(metric: string, part: Part): string {
  const words = metricWords(metric);
  if (metric === BATCH_LOSS) return "Loss of each batch";
  const name = part === "validation" ? `validation ${words}` : part === "train" ? `training ${words}` : words;
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

export interface HeadOf {
  readonly metrics: readonly string[];
  readonly metric: string;
  readonly part: Part;
  readonly options: Options;
  readonly set: SetOptions;
}

export function headControls({ metrics, metric, part, options, set }: HeadOf): unknown {
  const batches = metric === BATCH_LOSS ? "It is a loss of training batches alone" : undefined;
  return html`
    <cnn-select
      class="metric"
      label="metric"
      .options=${metrics.map((value) => ({ value, label: metricWords(value) }))}
      .value=${metric}
      @change=${(event: CustomEvent<string>) => set({ metric: event.detail, zoom: null, target: null })}
    ></cnn-select>
    <cnn-segmented
      class="part"
      label="Part of the data"
      .options=${[
        { value: "validation", label: "val", disabled: batches },
        { value: "train", label: "train" },
        { value: "both", label: "both", disabled: batches },
      ]}
      .value=${part}
      @change=${(event: CustomEvent<Part>) => set({ part: event.detail })}
    ></cnn-segmented>
    <cnn-segmented
      class="align"
      label="Align by"
      .options=${(["step", "epoch", "examples", "time"] as const).map((value) => ({ value, label: value }))}
      .value=${options.align}
      @change=${(event: CustomEvent<Align>) => set({ align: event.detail, zoom: null })}
    ></cnn-segmented>
    <label class="smooth"
      >smooth <input
        type="range" min="0" max="99" aria-label="Smoothing"
        .value=${String(options.smooth)}
        @input=${(event: Event) => set({ smooth: Number((event.target as HTMLInputElement).value) })}
      /><output>${(options.smooth / 100).toFixed(2)}</output></label
    >
    <cnn-segmented
      class="scale"
      label="Scale of the values"
      .options=${[
        { value: "linear", label: "linear" },
        { value: "log", label: "log" },
      ]}
      .value=${options.scale}
      @change=${(event: CustomEvent<"linear" | "log">) => set({ scale: event.detail, zoom: options.zoom && { ...options.zoom, y: null } })}
    ></cnn-segmented>
  `;
}
