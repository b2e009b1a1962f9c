/** What the log says of a run's gradients, read from a series of columns that nothing is believed of. */
import type { DataArray, DataRecord } from "../../data/binary.ts";
import type { RunDetail, VariableRecord } from "../../data/schema.ts";
import type { HistogramColumns } from "../../math/gradient_histogram.ts";
import { BIN_COUNT } from "../../math/gradient_histogram.ts";
import { mergedRows, type NormColumns } from "../../math/gradient_norms.ts";

export const NORM_COLUMNS = ["norm", "update_norm", "weight_norm"] as const;
export const EVERY_NORM_COLUMNS = ["norm"] as const;
export const HISTOGRAM_COLUMNS = ["norm", "histogram", "nan", "inf"] as const;

/** The norms of a run's variables over its steps. */
export interface RunNorms {
  readonly run: string;
  readonly variables: readonly VariableRecord[];
  readonly columns: NormColumns;
  /** How many of the logged steps are here. */
  readonly thinned: { readonly points: number; readonly of: number } | null;
  /** The gradient's norm: at every step, if the log has it, else at the recorded ones. */
  readonly gradient: { readonly columns: NormColumns; readonly thinned: RunNorms["thinned"] };
  /** Records that could not be read, or are of another model than the newest. */
  readonly leftOut: number;
}

/** Null where the columns are not there or do not fit each other. */
export function runNorms(
  record: DataRecord | null,
  every: DataRecord | null,
  run: string,
  detail: RunDetail | null,
): RunNorms | null {
  const steps = record?.arrays["step"];
  const [norm, update, weight] = NORM_COLUMNS.map((name) => record?.arrays[name]);
  const [rows = 0, count = 0] = norm?.shape ?? [];
  const fits = (column: DataArray | undefined): column is DataArray =>
    column?.shape.length === 2 && column.shape[0] === rows && column.shape[1] === count;
  if (!record || steps?.values.length !== rows || !rows || !count || !fits(norm)) return null;
  const nothing = new Float32Array(rows * count).fill(NaN);
  const columns = {
    steps: steps.values,
    variables: count,
    norm: norm.values,
    update: fits(update) ? update.values : nothing,
    weight: fits(weight) ? weight.values : nothing,
  };
  return {
    run,
    variables: variablesOf(detail, count),
    columns,
    thinned: thinnedOf(record),
    gradient: ofEveryStep(columns, every) ?? { columns, thinned: thinnedOf(record) },
    leftOut: leftOutOf(record),
  };
}

/** Norms of the steps between the records too; a record's own stand where there is one. */
function ofEveryStep(recorded: NormColumns, every: DataRecord | null): RunNorms["gradient"] | null {
  const steps = every?.arrays["step"]?.values;
  const norm = every?.arrays["norm"];
  const [rows, count] = norm?.shape ?? [];
  if (!every || !steps || !norm || rows !== steps.length || count !== recorded.variables) return null;
  const merged = mergedRows({ steps, norm: norm.values }, recorded, count);
  return { columns: { ...recorded, ...merged }, thinned: thinnedOf(every) };
}

/** Names of the variables that the newest model record has; bare ones where it is missing or of another model. */
export function variablesOf(detail: RunDetail | null, count: number): readonly VariableRecord[] {
  const variables = detail?.model?.variables ?? [];
  if (variables.length === count) return variables;
  return Array.from({ length: count }, (_, i) => ({
    path: `variable ${i}`,
    layer: null,
    role: "other",
    shape: [],
    dtype: "float32",
    size: 0,
    optimizers: [],
  }));
}

/** The histograms of the one variable that was asked for. */
export interface RunHistogram extends HistogramColumns {
  readonly run: string;
  readonly variable: VariableRecord;
  readonly thinned: { readonly points: number; readonly of: number } | null;
}

export function runHistogram(
  record: DataRecord | null,
  run: string,
  variable: VariableRecord | undefined,
): RunHistogram | null {
  const steps = record?.arrays["step"]?.values;
  const histogram = record?.arrays["histogram"];
  const start = record?.attributes["bin_start"];
  const [rows = 0, one = 0, bins = 0] = histogram?.shape ?? [];
  if (!record || !steps || !histogram || !variable || rows !== steps.length || one !== 1) return null;
  if (typeof start !== "number" || !Number.isSafeInteger(start) || start < 0 || start + bins > BIN_COUNT) return null;
  const column = (name: string): ArrayLike<number> => record.arrays[name]?.values ?? [];
  const [nan, inf] = [column("nan"), column("inf")];
  const size = variable.size || largestRow(histogram.values, bins, nan, inf);
  return { run, variable, steps, counts: histogram.values, start, bins, size, nan, inf, thinned: thinnedOf(record) };
}

/** What a row counts, where no model record says how many values there are. */
function largestRow(counts: ArrayLike<number>, bins: number, nan: ArrayLike<number>, inf: ArrayLike<number>): number {
  const sums = Float64Array.from(nan, (count, row) => count + (inf[row] ?? 0));
  for (let i = 0; i < counts.length; i++) sums[Math.floor(i / bins)]! += counts[i]!;
  return sums.reduce((largest, sum) => Math.max(largest, sum), 1);
}

export function thinnedOf(record: DataRecord): RunNorms["thinned"] {
  const { points, of } = record.attributes;
  return typeof points === "number" && typeof of === "number" && points < of ? { points, of } : null;
}

export function leftOutOf(record: DataRecord): number {
  const told = record.attributes["left_out"];
  if (typeof told !== "object" || told === null) return 0;
  return Object.values(told).reduce((sum: number, count: unknown) => sum + (typeof count === "number" ? count : 0), 0);
}
