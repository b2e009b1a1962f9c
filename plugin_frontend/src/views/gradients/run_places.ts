/** What the log says of what goes through a run's layers: backpropagated errors, zeros, saturation and slopes, over its steps. */
import type { SeriesQuery } from "../../data/api.ts";
import type { DataRecord } from "../../data/binary.ts";
import { DecodeError } from "../../data/errors.ts";
import { rowsFrom, type RecordRow } from "../../data/record_rows.ts";
import type { PlaceQuantity, Shown } from "./fields.ts";
import { leftOutOf, thinnedOf, type RunNorms } from "./run_norms.ts";

/** The series that a quantity is made of: its first column, over the second where there is one. */
export const PLACE_SERIES: Readonly<
  Record<PlaceQuantity, { kind: "errors" | "activations"; columns: readonly string[] } & Pick<SeriesQuery, "kind">>
> = {
  error: { kind: "errors", columns: ["norm"] },
  zeros: { kind: "activations", columns: ["zeros", "count"] },
  saturated: { kind: "activations", columns: ["saturated", "count"] },
  slope: { kind: "activations", columns: ["slope_rms"] },
};

export function isOfPlaces(quantity: Shown): quantity is PlaceQuantity {
  return Object.hasOwn(PLACE_SERIES, quantity);
}

/** Whether it is a share of values, from 0 to 1, and no size. */
export function isShare(quantity: Shown): boolean {
  return isOfPlaces(quantity) && PLACE_SERIES[quantity].columns.length > 1;
}

export interface RunPlaces {
  readonly run: string;
  readonly quantity: PlaceQuantity;
  /** One of each layer, and its values at all steps. */
  readonly places: readonly { readonly row: RecordRow; readonly values: Float64Array }[];
  /** Errors: rows that are not on the loss' path. */
  readonly apart: readonly RecordRow[];
  readonly steps: ArrayLike<number>;
  readonly thinned: RunNorms["thinned"];
  readonly leftOut: number;
}

/** Null where the columns are not there or do not fit each other. */
export function runPlaces(record: DataRecord | null, run: string, quantity: PlaceQuantity): RunPlaces | null {
  const steps = record?.arrays["step"]?.values;
  const [own, over] = PLACE_SERIES[quantity].columns.map((name) => record?.arrays[name]);
  if (!record || !steps || !own || own.shape.length !== 2 || own.shape[0] !== steps.length) return null;
  const rows = namedRows(record);
  const count = rows.length;
  if (own.shape[1] !== count || (over && over.values.length !== own.values.length)) return null;
  const valuesOf = ({ row }: RecordRow): Float64Array =>
    Float64Array.from({ length: steps.length }, (_, step) => {
      const at = step * count + row;
      return own.values[at]! / (over ? over.values[at]! : 1);
    });
  const told = ownRows(rows, quantity);
  const places = told.filter(({ why }) => why === null).map((row) => ({ row, values: valuesOf(row) }));
  const apart = told.filter(({ why }) => why !== null);
  return { run, quantity, places, apart, steps, thinned: thinnedOf(record), leftOut: leftOutOf(record) };
}

function namedRows(record: DataRecord): RecordRow[] {
  try {
    return rowsFrom(record.attributes["rows"]);
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}

const TELLS: Readonly<Record<PlaceQuantity, (row: RecordRow) => boolean>> = {
  error: () => true,
  zeros: ({ place }) => place === "output",
  saturated: ({ saturation }) => saturation !== null,
  slope: ({ slope }) => slope !== null,
};

/** Of each layer the row that tells: errors have one; zeros are those of the output; the rest where they are judged. */
function ownRows(rows: readonly RecordRow[], quantity: PlaceQuantity): RecordRow[] {
  const told = rows.filter(TELLS[quantity]);
  const byLayer = new Map<string, RecordRow>();
  for (const row of told) if (!byLayer.has(row.layer) || row.place === "output") byLayer.set(row.layer, row);
  return [...byLayer.values()];
}
