import type { DataRecord } from "../../data/binary.ts";

/** The rows of one kind of a run, as the log has them: a row an epoch, or a row a training batch. */
export interface Rows {
  readonly kind: "epochs" | "losses";
  readonly steps: Float64Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
  /** By column, the rows whose records did not hold it. Their value is NaN, and no NaN of the training. */
  readonly missing: ReadonlyMap<string, ReadonlySet<number>>;
  /** What a step counts: updates, or in logs of other tools Keras' epochs or batches, or nobody knows what. */
  readonly stepIs: "update" | "epoch" | "batch" | "unknown";
  /** The loss is the mean over the epoch so far, not a batch's own. */
  readonly runningMean: boolean;
  /** Metrics that Keras did not write: their steps are what their writer counted. */
  readonly plain: ReadonlySet<string>;
  /** TensorBoard kept some of the points alone. */
  readonly sampled: boolean;
  /** Rows in the log, of which these may be some. */
  readonly of: number;
}

/** The name under which the loss of each training batch can be chosen. A metric of this name has another column. */
export const BATCH_LOSS = "batch loss";

/** Columns that say where a row stands, and are no metrics. */
const PLACES = new Set(["step", "epoch", "updates", "wall_time"]);

/** What stands before the name of a metric that is called like a column which is there anyway. */
const METRIC = "metric:";

/** Null for a record whose columns do not fit together. */
export function rowsOf(record: DataRecord | null): Rows | null {
  const step = record?.arrays["step"];
  if (!record || !step || (record.kind !== "epochs" && record.kind !== "losses")) return null;
  const columns = new Map<string, Float64Array>();
  for (const [name, { shape, values }] of Object.entries(record.arrays)) {
    if (name !== "step" && shape.length === 1 && values.length === step.values.length)
      columns.set(name, Float64Array.from(values));
  }
  const { of, step_is, loss_is, plain, sampled } = record.attributes;
  const stepIs = step_is === "epoch" || step_is === "batch" || step_is === "unknown" ? step_is : "update";
  return {
    kind: record.kind,
    // Keras numbers the batch whose weights had s updates s + 1.
    steps: Float64Array.from(step.values, (value) => (stepIs === "batch" ? value - 1 : value)),
    columns,
    missing: missingOf(record.attributes["missing"]),
    stepIs,
    runningMean: loss_is === "running mean",
    plain: new Set(Array.isArray(plain) ? (plain as string[]) : []),
    sampled: sampled === true,
    of: typeof of === "number" ? of : step.values.length,
  };
}

function missingOf(told: unknown): Map<string, ReadonlySet<number>> {
  const entries = typeof told === "object" && told !== null ? Object.entries(told) : [];
  return new Map(entries.map(([name, rows]) => [name, new Set(Array.isArray(rows) ? (rows as number[]) : [])]));
}

/** Metrics by the names that Keras gives them for training data: the loss first, the learning rate last. */
export function metricsOf(all: readonly (Rows | null)[], batches: boolean): string[] {
  const names = new Set<string>();
  for (const rows of all) {
    for (const name of rows?.columns.keys() ?? []) if (!PLACES.has(name)) names.add(trainingName(name, rows!));
  }
  const rank = (name: string): number => (name === "loss" ? 0 : name === "learning_rate" ? 2 : 1);
  const sorted = [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  if (batches) sorted.splice(sorted[0] === "loss" ? 1 : 0, 0, BATCH_LOSS);
  return sorted;
}

function trainingName(column: string, { columns }: Rows): string {
  if (!column.startsWith("val_")) return column;
  const name = column.slice("val_".length);
  return PLACES.has(name) || name === BATCH_LOSS || columns.has(METRIC + name) ? METRIC + name : name;
}

/** The column of a metric on validation data. */
export function validationName(metric: string): string {
  return `val_${metric.startsWith(METRIC) ? metric.slice(METRIC.length) : metric}`;
}

/** "val_loss" as people say it. */
export function metricWords(metric: string): string {
  if (metric === BATCH_LOSS) return "loss of each batch";
  const words = metric.replaceAll("_", " ");
  return metric.startsWith(METRIC) ? `${words.slice(METRIC.length)} (metric)` : words;
}
