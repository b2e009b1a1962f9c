/** What stands in a row beside the record's facts: numbers at the shown step, and curves over all steps. */

import type { DataRecord } from "../../data/binary.ts";
import type { ModelRecord } from "../../data/schema.ts";
import type { TimeAxis } from "../../state/time_axis.ts";
import { normsAt, normSeries, variablesByLayer, type LayerNorms, type NormSeries } from "./layer_norms.ts";
import type { MapRow } from "./rows.ts";
import { sparkOf, sparkScale, type Spark, type SparkScale } from "./spark.ts";

export interface RowNumbers {
  readonly norms: LayerNorms | null;
  /** Share of zeros in the outputs; null where its maps are not here. */
  readonly zeros: number | null;
}

export interface RowCurves {
  readonly norm: Spark;
  readonly ratio: Spark;
}

export interface Curves {
  readonly byRow: ReadonlyMap<string, RowCurves>;
  /** Of log₂ of the norm, and of log₁₀ of the ratio. */
  readonly scales: { readonly norm: SparkScale; readonly ratio: SparkScale };
}

/** The dashed line of the ratio's curves. */
export const RULE = -3;

/** At the shown step; `gradients` and `maps` are its records. */
export function numbersOf(
  rows: readonly MapRow[],
  model: ModelRecord | null,
  gradients: DataRecord | null,
  maps: readonly DataRecord[],
): ReadonlyMap<string, RowNumbers> {
  const variables = model?.variables ?? [];
  const own = variablesByLayer(variables);
  const zeros = new Map(maps.map((record) => [record.layer, zerosOf(record)]));
  return new Map(
    rows.map((row) => [
      row.key,
      {
        norms: normsAt(gradients, variablesOf(row, own), variables.length),
        zeros: row.folded ? null : (zeros.get(row.face.path) ?? null),
      },
    ]),
  );
}

/** Over all channels, cells and images: the statistics are exact, also of channels whose maps were not kept. */
function zerosOf(record: DataRecord): number | null {
  const values = record.arrays["zeros"]?.values;
  if (!values?.length) return null;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

export function curvesOf(
  rows: readonly MapRow[],
  model: ModelRecord | null,
  series: DataRecord | null,
  axis: TimeAxis,
  width: number,
  height: number,
): Curves {
  const variables = model?.variables ?? [];
  const own = variablesByLayer(variables);
  const found = rows.flatMap((row) => {
    const norms = normSeries(series, variablesOf(row, own), variables.length);
    return norms ? [{ key: row.key, steps: norms.steps, ...logarithms(norms) }] : [];
  });
  const scales = {
    norm: sparkScale(found.map(({ norm }) => norm)),
    ratio: sparkScale(
      found.map(({ ratio }) => ratio),
      [RULE - 0.3, RULE + 0.3],
    ),
  };
  const byRow = new Map(
    found.map(({ key, steps, norm, ratio }) => [
      key,
      {
        norm: sparkOf(steps, norm, scales.norm, axis, width, height),
        ratio: sparkOf(steps, ratio, scales.ratio, axis, width, height),
      },
    ]),
  );
  return { byRow, scales };
}

function logarithms({ norm, ratio }: NormSeries): { norm: Float64Array; ratio: Float64Array } {
  return { norm: norm.map(Math.log2), ratio: ratio.map(Math.log10) };
}

function variablesOf(row: MapRow, own: ReadonlyMap<string, readonly number[]>): readonly number[] {
  return row.layers.flatMap((layer) => own.get(layer.path) ?? []);
}
