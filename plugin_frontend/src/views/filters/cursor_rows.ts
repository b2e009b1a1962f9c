/** What is said of the weight under the cursor, in the legend and for a screen reader. */
import { formatNumber, formatSigned, speakNumber } from "../../math/format.ts";
import { nearestBlock, norm } from "../../math/vectors.ts";
import { filterSize, gateOf, kernelSize, tileOf, tileSize, type Kernels } from "./kernels.ts";
import type { Panel, Picture } from "./picture.ts";
import type { WeightPlace } from "./scenes.ts";

export type Row = readonly [name: string, value: string] | "line";

/** Names for a layer's inputs. */
export interface InputWords {
  /** "green", or "22". */
  name(input: number): string;
  /** "conv1 filter 22", or null. */
  origin(filter: number, input: number): string | null;
}

export function weightOf(kernels: Kernels, { filter, input, slice, row, column }: WeightPlace): number {
  return kernels.values[tileOf(kernels, filter, input, slice) * tileSize(kernels) + row * kernels.width + column]!;
}

const PANEL_NAMES = { A: "A", B: "B", change: "change", difference: "A − B" } as const;

export function cursorRows(picture: Picture, weight: WeightPlace, words: InputWords): Row[] {
  const { filter, input } = weight;
  const [main] = picture.panels as [Panel, ...Panel[]];
  const { kernels } = main;
  const channels = channelsUnder(picture, weight);
  const rows: Row[] = [];
  if (kernels.inputs === 1) rows.push(["filter", String(filter)]);
  else if (channels.length === 1) rows.push(["filter, channel", `${filter}, ${words.name(input)}`]);
  else rows.push(["filter", String(filter)]);
  rows.push(
    ...gateRows(kernels, filter),
    kernels.slices > 1
      ? ["slice, row, column", `${weight.slice}, ${weight.row}, ${weight.column}`]
      : ["row, column", `${weight.row}, ${weight.column}`],
  );
  for (const panel of picture.panels) {
    if (filter >= panel.kernels.filters || input >= panel.kernels.inputs) continue;
    for (const channel of channels) rows.push(valueRow(picture, panel, { ...weight, input: channel }, words));
  }
  rows.push("line");
  if (kernels.inputs > 1 && channels.length === 1) {
    const size = kernelSize(kernels);
    const start = tileOf(kernels, filter, input) * tileSize(kernels);
    rows.push(["kernel norm", formatNumber(norm(kernels.values, start, start + size))]);
  }
  rows.push(["filter norm", formatNumber(kernels.norms[filter] ?? NaN)], ...deadRows(picture, filter));
  const nearest = nearestFilter(kernels, filter);
  if (nearest) rows.push(["nearest filter", `${nearest.block}, cosine ${formatNumber(nearest.cosine, { digits: 2 })}`]);
  const origin = channels.length === 1 ? words.origin(filter, input) : null;
  if (origin) rows.push([`input ${input} is`, origin]);
  return rows;
}

/** That a filter is practically dead, and in which run where there are two; no row where it lives. */
export function deadRows({ sides }: Picture, filter: number): Row[] {
  const dead = sides.filter(({ kernels }) => kernels.dead[filter]);
  if (!dead.length) return [];
  return [["practically dead", sides.length === 1 ? "yes" : `in ${dead.map(({ id }) => id).join(" and ")}`]];
}

/** The gate of a recurrent layer that a filter belongs to. */
export function gateRows(kernels: Kernels, filter: number): Row[] {
  const gate = gateOf(kernels, filter);
  return gate === null ? [] : [["gate", gate]];
}

/** "filter 15, green, row 3, column 4, plus 0.0123" */
export function spokenWeight(picture: Picture, panel: Panel, weight: WeightPlace, words: InputWords): string {
  const { kernels } = panel;
  const channels = channelsUnder(picture, weight);
  const at = [...(kernels.slices > 1 ? [`slice ${weight.slice}`] : []), `row ${weight.row}`, `column ${weight.column}`];
  const values = channels.map((input) => {
    const value = speakNumber(weightOf(kernels, { ...weight, input }));
    return channels.length > 1 ? `${words.name(input)} ${value}` : value;
  });
  const channel = channels.length === 1 && kernels.inputs > 1 ? [inputSpoken(words.name(weight.input))] : [];
  const dead = kernels.dead[weight.filter] ? ["practically dead"] : [];
  return [`filter ${weight.filter}`, ...dead, ...channel, ...at, ...values].join(", ");
}

/** A folded cell shows three weights at once. */
export function channelsUnder(picture: Pick<Picture, "mode">, weight: WeightPlace): readonly number[] {
  return picture.mode === "folded" ? [0, 1, 2] : [weight.input];
}

const LARGEST_SEARCH = 4 << 20;
const neighbours = new WeakMap<Kernels, Map<number, ReturnType<typeof nearestBlock>>>();

/** The other filter most like this one; not looked for where it would take long. */
function nearestFilter(kernels: Kernels, filter: number): ReturnType<typeof nearestBlock> {
  if (kernels.values.length > LARGEST_SEARCH || kernels.dead[filter]) return undefined;
  let known = neighbours.get(kernels);
  if (!known) neighbours.set(kernels, (known = new Map<number, ReturnType<typeof nearestBlock>>()));
  if (!known.has(filter)) known.set(filter, nearestBlock(kernels.values, filterSize(kernels), filter, kernels.dead));
  return known.get(filter);
}

function valueRow(picture: Picture, panel: Panel, weight: WeightPlace, words: InputWords): Row {
  const value = formatSigned(weightOf(panel.kernels, weight));
  const channel = picture.mode === "folded" ? words.name(weight.input) : "weight";
  if (picture.panels.length === 1 && panel.id === "A") return [channel, value];
  const name = PANEL_NAMES[panel.id];
  return [
    picture.mode === "folded" ? `${name}, ${channel}` : panel.id === "change" ? "change" : `weight ${name}`,
    value,
  ];
}

function inputSpoken(name: string): string {
  return /^\d+$/.test(name) ? `input ${name}` : name;
}
