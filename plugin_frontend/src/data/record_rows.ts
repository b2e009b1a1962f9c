import type { DataArray, DataRecord } from "./binary.ts";
import { DecodeError } from "./errors.ts";

/** One place of a layer in a record whose arrays have a row for each place. */
export interface RecordRow {
  readonly layer: string;
  readonly place: string;
  readonly channels: number;
  /** How saturation is judged; null: not at all. */
  readonly saturation: string | null;
  /** The activation whose slope the row has; null: none. */
  readonly slope: string | null;
  /** What is particular about its numbers; null: nothing. */
  readonly note: string | null;
  /** Why it is not on the loss' path, so that its error is no number; null where it is, or it is no row of errors. */
  readonly why: string | null;
  /** Its number among the rows, and that of its first channel among all rows' channels. */
  readonly row: number;
  readonly firstChannel: number;
}

/** The places that a record of kind `activations` or `errors` names. Throws DecodeError: a log is never trusted. */
export function rowsOf(record: DataRecord): RecordRow[] {
  const named = record.arrays["rows"];
  if (!(named?.values instanceof Uint8Array)) throw new DecodeError("the record does not name its rows");
  let rows: unknown;
  try {
    rows = JSON.parse(new TextDecoder().decode(named.values));
  } catch {
    throw new DecodeError("the names of the record's rows are no JSON");
  }
  return rowsFrom(rows);
}

/** The same of a list, as a series has it in its attribute `rows`. */
export function rowsFrom(rows: unknown): RecordRow[] {
  if (!Array.isArray(rows)) throw new DecodeError("the names of the record's rows are no list");
  let firstChannel = 0;
  return rows.map((each: unknown, row) => {
    const { layer, place, channels, saturation, slope, note, connected, why } = (each ?? {}) as Record<string, unknown>;
    if (typeof layer !== "string" || typeof place !== "string" || !isCount(channels)) {
      throw new DecodeError(`row ${row} of the record names no layer, place or number of channels`);
    }
    const first = firstChannel;
    firstChannel += channels;
    return {
      layer,
      place,
      channels,
      saturation: typeof saturation === "string" ? saturation : null,
      slope: typeof slope === "string" ? slope : null,
      note: typeof note === "string" ? note : null,
      why: connected === false ? (typeof why === "string" ? why : "the loss does not depend on it") : null,
      row,
      firstChannel: first,
    };
  });
}

/** A number of one row; NaN where the record has no such array. */
export function numberOf(record: DataRecord, name: string, { row }: RecordRow): number {
  return record.arrays[name]?.values[row] ?? NaN;
}

/** The numbers of one row's channels. */
export function channelsOf(record: DataRecord, name: string, { firstChannel, channels }: RecordRow): ArrayLike<number> {
  return record.arrays[name]?.values.subarray(firstChannel, firstChannel + channels) ?? [];
}

/** The row's counts of an array [rows, bins]. */
export function countsOf(array: DataArray | undefined, { row }: RecordRow, rows: number): ArrayLike<number> {
  const [count = 0, bins = 0] = array?.shape ?? [];
  if (!array || array.shape.length !== 2 || count !== rows)
    throw new DecodeError("the record holds no histogram for its rows");
  return array.values.subarray(row * bins, (row + 1) * bins);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
