import { DecodeError } from "./errors.ts";
import type { ArrayEntry, BinaryHeader, Dtype, RecordEntry } from "./schema.ts";

export type Values = Float64Array | Float32Array | Int32Array | Int8Array | Uint32Array | Uint8Array;

/** An array of a record. int64 comes as Float64Array, exact up to 2^53; float16 as Float32Array, exact. */
export interface DataArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly values: Values;
}

/** What was logged at one step, of one kind, of one layer or (null) of the whole model. */
export interface DataRecord {
  readonly kind: string;
  readonly layer: string | null;
  readonly step: number;
  readonly wallTime: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, DataArray>>;
  readonly bytes: number;
}

const MAGIC = 0x31564e43; // "CNV1" read little-endian
const MAX_HEADER = 64 << 20;
const ITEM_BYTES: Readonly<Record<Dtype, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint32: 4,
  uint8: 1,
};

/**
 * The records of a binary answer (docs/http_api.md). Views into `buffer`, nothing is copied but int64 and float16.
 * Throws DecodeError for anything that does not fit; no declared size is believed before it is checked.
 */
export function decodeRecords(buffer: ArrayBuffer): DataRecord[] {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new DecodeError("no CNV1 container");
  const headerBytes = view.getUint32(4, true);
  const start = 8 + headerBytes;
  if (headerBytes > MAX_HEADER || start > buffer.byteLength) throw new DecodeError("header reaches past the end");
  if (start % 8 !== 0) throw new DecodeError("header is not padded to 8 bytes");
  return headerOf(new Uint8Array(buffer, 8, headerBytes)).records.map((entry) => recordOf(entry, buffer, start));
}

function headerOf(bytes: Uint8Array): BinaryHeader {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new DecodeError("header is no JSON");
  }
  if (!isObject(header) || !Array.isArray(header["records"])) throw new DecodeError("header lists no records");
  return header as unknown as BinaryHeader;
}

function recordOf(entry: RecordEntry, buffer: ArrayBuffer, start: number): DataRecord {
  if (!isObject(entry) || typeof entry.kind !== "string" || !Array.isArray(entry.arrays)) {
    throw new DecodeError("malformed record");
  }
  if (!Number.isSafeInteger(entry.step)) throw new DecodeError("a record's step is no integer");
  const arrays: Record<string, DataArray> = Object.create(null) as Record<string, DataArray>;
  let bytes = 0;
  for (const item of entry.arrays) {
    if (!isObject(item) || typeof item.name !== "string") throw new DecodeError("malformed array");
    arrays[item.name] = arrayOf(item, buffer, start);
    bytes += item.length;
  }
  return {
    kind: entry.kind,
    layer: typeof entry.layer === "string" ? entry.layer : null,
    step: entry.step,
    wallTime: typeof entry.wall_time === "number" ? entry.wall_time : Number.NaN,
    attributes: isObject(entry.attributes) ? entry.attributes : {},
    arrays,
    bytes,
  };
}

function arrayOf(entry: ArrayEntry, buffer: ArrayBuffer, start: number): DataArray {
  const { name, dtype, shape, offset, length } = entry;
  const itemBytes = Object.hasOwn(ITEM_BYTES, dtype) ? ITEM_BYTES[dtype] : undefined;
  if (itemBytes === undefined) throw new DecodeError(`array ${name}: unknown dtype`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw new DecodeError(`array ${name}: malformed shape`);
  const count = shape.reduce((product, axis) => product * axis, 1);
  if (!isCount(offset) || offset % 8 !== 0) throw new DecodeError(`array ${name}: malformed offset`);
  if (!isCount(length) || count * itemBytes !== length) throw new DecodeError(`array ${name}: length is not shape`);
  if (start + offset + length > buffer.byteLength) throw new DecodeError(`array ${name}: reaches past the end`);
  return { dtype, shape, values: valuesOf(dtype, buffer, start + offset, count) };
}

function valuesOf(dtype: Dtype, buffer: ArrayBuffer, at: number, count: number): Values {
  switch (dtype) {
    case "float64":
      return new Float64Array(buffer, at, count);
    case "float32":
      return new Float32Array(buffer, at, count);
    case "int32":
      return new Int32Array(buffer, at, count);
    case "uint32":
      return new Uint32Array(buffer, at, count);
    case "int8":
      return new Int8Array(buffer, at, count);
    case "uint8":
      return new Uint8Array(buffer, at, count);
    case "int64":
      return Float64Array.from(new BigInt64Array(buffer, at, count), Number);
    case "float16":
      return Float32Array.from(new Uint16Array(buffer, at, count), halfToNumber);
  }
}

/** IEEE 754 binary16 bits as a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
