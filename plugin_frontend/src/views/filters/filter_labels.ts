import type { LayerRecord } from "../../data/schema.ts";
import type { ChannelOrder } from "../../math/colour.ts";
import { counted, formatNumber } from "../../math/format.ts";
import { deadRows, gateRows, type InputWords, type Row } from "./cursor_rows.ts";
import { channelOf, inputName, inputOrigin, inputSource, type InputSource } from "./input_names.ts";
import { deadCount, kernelText, type Kernels, type Part } from "./kernels.ts";
import type { Picture } from "./picture.ts";

/** Words for a layer's filters and their inputs. */
export class FilterWords implements InputWords {
  private readonly source: InputSource;

  constructor(
    layers: readonly LayerRecord[],
    private readonly layer: LayerRecord,
    private readonly kernels: Kernels | null,
    private readonly part: Part,
    private readonly channels: ChannelOrder = "rgb",
  ) {
    this.source = inputSource(layers, layer);
  }

  name(input: number): string {
    return this.part !== "kernel"
      ? String(input)
      : inputName(this.source, this.kernels?.inputs ?? 0, input, this.channels);
  }

  origin(filter: number, input: number): string | null {
    const { kernels } = this;
    if (!kernels) return null;
    if (this.part === "pointwise") return `depthwise filter ${input}`;
    if (this.part === "recurrent") return `channel ${input} of its own output, a step before`;
    const channel = channelOf(this.groups, kernels.of, kernels.inputs, filter, input);
    const named = this.source.kind === "image" && (kernels.inputs === 3 || kernels.inputs === 1) && this.groups === 1;
    return named ? null : inputOrigin(this.source, channel);
  }

  /** "24 filters, 7×7 on 3 channels, 2 practically dead", "256 of 512 filters, 3×3 on 64 channels" */
  subtitle(kernels: Kernels): string {
    const dead = deadCount(kernels);
    return `${this.sizes(kernels)}${dead ? `, ${dead} practically dead` : ""}`;
  }

  private sizes(kernels: Kernels): string {
    const { filters, inputs, of } = kernels;
    const count = filters < of ? `${filters} of ${of}` : String(filters);
    const what = `${count} ${of === 1 ? "filter" : "filters"}, ${kernelText(kernels)}`;
    if (this.groups > 1 && inputs === 1) return `${what}, each on one of ${this.groups} channels`;
    if (this.groups > 1) return `${what} on ${inputs} of ${inputs * this.groups} channels, in ${this.groups} groups`;
    const gates = kernels.gates?.length
      ? `, ${of / kernels.gates.length} for each of ${kernels.gates.length} gates`
      : "";
    return `${what} on ${counted(inputs, "channel")}${gates}`;
  }

  /** Of the opened filter, while nothing is under the cursor. */
  filterRows(picture: Picture): Row[] {
    const { panels, filter } = picture;
    const [{ kernels }] = panels as [Picture["panels"][number]];
    const norm = formatNumber(kernels.norms[filter] ?? NaN);
    return [
      ["filter", String(filter)],
      ...gateRows(kernels, filter),
      ["filter norm", norm],
      ...deadRows(picture, filter),
    ];
  }

  /** A depthwise layer is grouped by channel, whether or not its record says so. */
  private get groups(): number {
    if (this.part !== "kernel") return 1;
    const { groups, type } = this.layer;
    if (groups && groups > 1) return groups;
    const channels = this.layer.input_shapes[0];
    const count = this.layer.data_format === "channels_first" ? channels?.[0] : channels?.at(-1);
    return /depthwise|separable/i.test(type) && this.kernels?.inputs === 1 ? (count ?? 1) : 1;
  }
}
