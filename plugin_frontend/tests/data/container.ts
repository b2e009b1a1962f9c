/** Writes the binary answer of docs/http_api.md, independently of the decoder. */
export interface WrittenArray {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface WrittenRecord {
  readonly kind: string;
  readonly layer: string | null;
  readonly step: number;
  readonly arrays: readonly WrittenArray[];
}

export function container(
  records: readonly WrittenRecord[],
  change: (header: Record<string, unknown>) => unknown = (h) => h,
): ArrayBuffer {
  const blobs: number[] = [];
  const entries = records.map((record) => ({
    ...record,
    wall_time: 12.5,
    attributes: { of: 3 },
    arrays: record.arrays.map(({ name, dtype, shape, bytes }) => {
      const offset = blobs.length;
      blobs.push(...bytes);
      while (blobs.length % 8) blobs.push(0xee);
      return { name, dtype, shape, offset, length: bytes.length };
    }),
  }));
  return framed(JSON.stringify(change({ schema: 1, records: entries })), blobs);
}

export function framed(header: string, blobs: readonly number[], magic = "CNV1"): ArrayBuffer {
  const text = new TextEncoder().encode(header);
  const padded = Math.ceil((8 + text.length) / 8) * 8;
  const buffer = new ArrayBuffer(padded + blobs.length);
  const bytes = new Uint8Array(buffer).fill(0x20);
  for (let i = 0; i < 4; i++) bytes[i] = magic.charCodeAt(i);
  new DataView(buffer).setUint32(4, padded - 8, true);
  bytes.set(text, 8);
  bytes.set(blobs, padded);
  return buffer;
}
