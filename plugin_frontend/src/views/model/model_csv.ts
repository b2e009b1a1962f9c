import type { LayerRecord, ModelRecord } from "../../data/schema.ts";
import { csvOf } from "../../parts/csv.ts";
import { times } from "../../state/shapes.ts";
import { paddingWords } from "./facts.ts";
import type { RowNumbers } from "./row_numbers.ts";

const HEAD = [
  "run",
  "layer",
  "name",
  "type",
  "role",
  "activation",
  "trainable",
  "inbound",
  "output_shape",
  "window",
  "strides",
  "padding",
  "dilation",
  "groups",
  "field_size",
  "field_stride",
  "field_offset",
  "parameters",
  "multiply_adds",
  "variables",
  "step",
  "log2_gradient_norm",
  "gradient_norm",
  "update_weight_ratio",
  "maps_step",
  "zero_share",
] as const;

export interface CsvInput {
  readonly run: string;
  readonly layers: readonly LayerRecord[];
  readonly model: ModelRecord | null;
  /** By path. */
  readonly numbers: ReadonlyMap<string, RowNumbers>;
  readonly at: { readonly gradients: number | null; readonly maps: number | null };
}

/** One row a layer: all facts, and the numbers at the shown step. Lists are JSON, since a name may hold any separator. */
export function modelCsv({ run, layers, model, numbers, at }: CsvInput): string {
  const rows: (string | number)[][] = [[...HEAD]];
  for (const layer of layers) {
    const { norms = null, zeros = null } = numbers.get(layer.path) ?? {};
    const field = layer.receptive_field;
    const variables = (model?.variables ?? []).filter((variable) => variable.layer === layer.path);
    rows.push([
      run,
      layer.path,
      layer.name,
      layer.type,
      layer.role,
      layer.activation ?? "",
      layer.trainable ? 1 : 0,
      JSON.stringify(layer.inbound),
      times(layer.output_shape),
      axes(layer.kernel_size),
      axes(layer.strides),
      paddingWords(layer),
      axes(layer.dilation),
      layer.groups ?? "",
      axes(field?.size),
      axes(field?.stride),
      axes(field?.offset),
      layer.parameters,
      layer.multiply_adds ?? "",
      JSON.stringify(variables.map(({ path, shape }) => [path, shape])),
      norms ? (at.gradients ?? "") : "",
      norms ? Math.log2(norms.norm) : "",
      norms?.norm ?? "",
      norms?.ratio ?? "",
      zeros === null ? "" : (at.maps ?? ""),
      zeros ?? "",
    ]);
  }
  return csvOf(rows);
}

function axes(values: readonly number[] | null | undefined): string {
  return values?.length ? times(values) : "";
}
