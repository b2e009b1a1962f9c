/** What entered a function on the training batch, and what came of it, read from an `activations` record. */
import type { DataRecord } from "../../../data/binary.ts";
import { channelsOf, countsOf, numberOf, rowsOf, type RecordRow } from "../../../data/record_rows.ts";
import { practicallyDead } from "../../../math/practically_dead.ts";
import { measuredInputs, type MeasuredInputs } from "../../../math/measured_inputs.ts";
import type { ActivationSource } from "./activation_source.ts";

export interface After {
  readonly zero: number;
  /** Channels that are zero everywhere, or practically so beside the others of the layer. */
  readonly dead: number;
  /** How many of them are so practically alone. */
  readonly practically: number;
  readonly channels: number;
}

export interface Measured {
  readonly inputs: MeasuredInputs;
  readonly step: number;
  readonly numbers: Readonly<Record<"count" | "mean" | "std" | "min" | "max" | "nan" | "inf" | "saturated", number>>;
  /** How saturation was judged where it was counted; null: it was not. */
  readonly saturation: string | null;
  /** What is particular about these numbers; null: nothing. */
  readonly note: string | null;
  /** 1: the histogram is of all values; k: of every k-th. */
  readonly sampled: number;
  /** Of what comes out; null where that was not measured. */
  readonly after: After | null;
}

/** Null where the record has no such place; throws DecodeError where it is malformed. */
export function measuredOf(record: DataRecord, site: ActivationSource): Measured | null {
  const rows = rowsOf(record);
  const find = (layer: string, place: string): RecordRow | undefined =>
    rows.find((row) => row.layer === layer && row.place === place);
  const row = find(site.source, site.place);
  if (!row) return null;
  const of = (name: string): number => numberOf(record, name, row);
  const start = record.attributes["bin_start"];
  const counts = countsOf(record.arrays["histogram"], row, rows.length);
  return {
    inputs: measuredInputs(
      counts,
      typeof start === "number" && Number.isSafeInteger(start) ? start : 0,
      of("min"),
      of("max"),
    ),
    step: record.step,
    numbers: {
      count: of("count"),
      mean: of("mean"),
      std: of("std"),
      min: of("min"),
      max: of("max"),
      nan: of("nan"),
      inf: of("inf"),
      saturated: of("saturated"),
    },
    saturation: row.saturation,
    note: row.note,
    sampled: Math.max(1, of("sampled") || 1),
    after: afterOf(record, find(site.owner.path, "output"), site),
  };
}

function afterOf(record: DataRecord, row: RecordRow | undefined, site: ActivationSource): Measured["after"] {
  if (!row || site.name === null) return null;
  const count = numberOf(record, "count", row);
  const each = count / row.channels;
  const zero = Array.from(channelsOf(record, "channel_zeros", row), (zeros) => zeros === each);
  const tiny = practicallyDead(sizesOf(record, row));
  const practically = zero.filter((isZero, channel) => !isZero && tiny[channel]).length;
  const dead = zero.filter(Boolean).length + practically;
  return { zero: numberOf(record, "zeros", row) / count, dead, practically, channels: row.channels };
}

/** The largest magnitude of each channel; NaN where not all of its values are finite, or it was not logged. */
function sizesOf(record: DataRecord, row: RecordRow): Float64Array {
  const [min, max, nan, inf] = ["min", "max", "nan", "inf"].map((name) => channelsOf(record, `channel_${name}`, row));
  return Float64Array.from({ length: row.channels }, (_, channel) =>
    nan?.[channel] || inf?.[channel] ? NaN : Math.max(Math.abs(min?.[channel] ?? NaN), Math.abs(max?.[channel] ?? NaN)),
  );
}
