/** The followed weights of a variable over steps, read from an answer of `weights`; and the run's learning rate. */
import type { DataArray, DataRecord } from "../../../data/binary.ts";
import { DecodeError } from "../../../data/errors.ts";
import type { Recorded } from "../../../math/optimizer_course.ts";

export interface Followed {
  readonly steps: Float64Array;
  /** Flat, in the variable's layout. */
  readonly indices: ArrayLike<number>;
  /** How many steps are logged, of which these are some. */
  readonly logged: number;
  /** Records that could not be used. */
  readonly leftOut: number;
  /** Gradients are means of micro-batches. */
  readonly areMeans: boolean;
  /** As received. */
  of(weight: number): Recorded;
}

/** Throws DecodeError where arrays do not fit each other: a log is never trusted. */
export function followedOf(record: DataRecord): Followed {
  const { step, indices, gradient, value, update } = record.arrays;
  if (!step || !indices) throw new DecodeError("the record names no steps or weights");
  const [rows, columns] = [step.values.length, indices.values.length];
  const values = [gradient, value, update].map((array) => checked(array, rows, columns).values);
  const column = (array: ArrayLike<number>, weight: number): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) => array[row * columns + weight]!);
  const { of, left_out: left, micro_batches: micro } = record.attributes;
  const steps = Float64Array.from(step.values);
  if (steps.some((each, i) => !Number.isSafeInteger(each) || each < 0 || each <= (steps[i - 1] ?? -1)))
    throw new DecodeError("the record's steps do not ascend");
  return {
    steps,
    indices: indices.values,
    logged: typeof of === "number" && of > rows ? of : rows,
    leftOut: Object.values((left ?? {}) as Record<string, unknown>).reduce<number>(
      (sum, each) => sum + (Number(each) || 0),
      0,
    ),
    areMeans: micro === true,
    of: (weight) => ({
      steps,
      gradients: column(values[0]!, weight),
      values: column(values[1]!, weight),
      updates: column(values[2]!, weight),
    }),
  };
}

function checked(array: DataArray | undefined, rows: number, columns: number): DataArray {
  if (!array || array.values.length !== rows * columns || (rows > 0 && array.shape[1] !== columns))
    throw new DecodeError("the record holds no gradient, value or update for its weights");
  return array;
}

/** How far each weight moved from the first recorded step to behind the last; NaN where it became one. */
export function movements(followed: Followed): Float64Array {
  return Float64Array.from(followed.indices, (_, weight) => {
    const { values, updates } = followed.of(weight);
    return (values.at(-1) ?? NaN) + (updates.at(-1) ?? NaN) - (values[0] ?? NaN);
  });
}

/** A number that the run logged at steps: the one of a step, or of the last step before it. NaN where there is none. */
export function numberAt(record: DataRecord | null, column: string): (step: number) => number {
  const steps = record?.arrays["step"]?.values ?? new Float64Array();
  const values = record?.arrays[column]?.values ?? new Float64Array();
  return (step) => {
    let [low, high] = [0, Math.min(steps.length, values.length)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle]! <= step) low = middle + 1;
      else high = middle;
    }
    return values[Math.max(0, low - 1)] ?? NaN;
  };
}

/** "[2, 1, 0, 7]": where a flat index lies in a shape. */
export function placeInShape(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    place.unshift(size > 0 ? rest % size : 0);
    rest = size > 0 ? Math.floor(rest / size) : 0;
  }
  return `[${place.join(", ")}]`;
}
