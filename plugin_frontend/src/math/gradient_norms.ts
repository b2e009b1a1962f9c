/** Norms of gradients, updates and weights: of variables as logged, and of layers as the root of the sum of squares. */

export type Quantity = "gradient" | "update" | "ratio";

/** Columns over all steps: `norm`, `update` and `weight` are [steps, variables]. */
export interface NormColumns {
  readonly steps: ArrayLike<number>;
  readonly variables: number;
  readonly norm: ArrayLike<number>;
  readonly update: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
}

type NormRows = Pick<NormColumns, "steps" | "norm">;

/** Rows of both by ascending step; of a step that both have, the one of `own`. */
export function mergedRows(
  other: NormRows,
  own: NormRows,
  variables: number,
): { steps: Float64Array; norm: Float64Array } {
  const places: { rows: NormRows; row: number }[] = [];
  for (let i = 0, k = 0; i < other.steps.length || k < own.steps.length;) {
    const [a, b] = [other.steps[i] ?? Infinity, own.steps[k] ?? Infinity];
    places.push(b <= a ? { rows: own, row: k } : { rows: other, row: i });
    if (a <= b) i++;
    if (b <= a) k++;
  }
  const norm = new Float64Array(places.length * variables);
  places.forEach(({ rows, row }, place) => {
    for (let v = 0; v < variables; v++) norm[place * variables + v] = rows.norm[row * variables + v] ?? NaN;
  });
  return { steps: Float64Array.from(places, ({ rows, row }) => rows.steps[row]!), norm };
}

/** A quantity of several variables taken together, at every step. */
export function normsOf(columns: NormColumns, places: readonly number[], quantity: Quantity): Float64Array {
  const of = (values: ArrayLike<number>, row: number): number =>
    rootSumSquares(values, row * columns.variables, places);
  return Float64Array.from({ length: columns.steps.length }, (_, row) => {
    if (quantity === "gradient") return of(columns.norm, row);
    const update = of(columns.update, row);
    return quantity === "update" ? update : updateRatio(update, of(columns.weight, row));
  });
}

/** Norm of an update over the norm of the weights that it changed. No update is 0, whatever the weights. */
export function updateRatio(update: number, weight: number): number {
  return update === 0 && !Number.isNaN(weight) ? 0 : update / weight;
}

function rootSumSquares(values: ArrayLike<number>, start: number, places: readonly number[]): number {
  let sum = 0;
  for (const place of places) sum += (values[start + place] ?? NaN) ** 2;
  return Math.sqrt(sum);
}

export function logs(values: Float64Array): Float64Array {
  return values.map(Math.log2);
}

/**
 * log2(a / b) where both were logged, by the steps of both. Equal values, both zero among them, are 0; where only one is
 * zero it is infinite.
 */
export function logRatios(
  a: { steps: ArrayLike<number>; values: ArrayLike<number> },
  b: { steps: ArrayLike<number>; values: ArrayLike<number> },
): { steps: Float64Array; values: Float64Array } {
  const steps: number[] = [];
  const values: number[] = [];
  for (let i = 0, k = 0; i < a.steps.length; i++) {
    while (k < b.steps.length && b.steps[k]! < a.steps[i]!) k++;
    if (b.steps[k] !== a.steps[i]) continue;
    const [x, y] = [a.values[i]!, b.values[k]!];
    steps.push(a.steps[i]!);
    values.push(x === y ? 0 : Math.log2(x) - Math.log2(y));
  }
  return { steps: Float64Array.from(steps), values: Float64Array.from(values) };
}

/** Index of the step nearest to `step`, the earlier of two as near; −1 where there is none. */
export function nearestIndex(steps: ArrayLike<number>, step: number): number {
  let best = -1;
  let distance = Infinity;
  for (let i = 0; i < steps.length; i++) {
    const away = Math.abs(steps[i]! - step);
    if (away >= distance) break;
    best = i;
    distance = away;
  }
  return best;
}
