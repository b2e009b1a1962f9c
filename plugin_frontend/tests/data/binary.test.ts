import { describe, expect, it } from "vitest";
import { decodeRecords, halfToNumber } from "../../src/data/binary.ts";
import { DecodeError } from "../../src/data/errors.ts";
import { seeded } from "../support.ts";
import { container, framed, type WrittenArray } from "./container.ts";

const WRITERS: Record<string, [size: number, write: (view: DataView, at: number, value: number) => void]> = {
  float64: [8, (view, at, value) => view.setFloat64(at, value, true)],
  float32: [4, (view, at, value) => view.setFloat32(at, value, true)],
  int64: [8, (view, at, value) => view.setBigInt64(at, BigInt(value), true)],
  int32: [4, (view, at, value) => view.setInt32(at, value, true)],
  int8: [1, (view, at, value) => view.setInt8(at, value)],
  uint32: [4, (view, at, value) => view.setUint32(at, value, true)],
  uint8: [1, (view, at, value) => view.setUint8(at, value)],
};

function written(name: string, dtype: string, shape: number[], values: number[]): WrittenArray {
  const [size, write] = WRITERS[dtype] as (typeof WRITERS)[string];
  const view = new DataView(new ArrayBuffer(size * values.length));
  for (const [i, value] of values.entries()) write(view, i * size, value);
  return { name, dtype, shape, bytes: new Uint8Array(view.buffer) };
}

const one = (array: object): ArrayBuffer =>
  container(
    [{ kind: "filters", layer: "a", step: 1, arrays: [written("kernel", "float32", [2], [1, 2])] }],
    (header) => {
      const [record] = header["records"] as { arrays: object[] }[];
      if (record) record.arrays = [{ ...record.arrays[0], ...array }];
      return header;
    },
  );

describe("decodeRecords", () => {
  it("gives back what was written, of every dtype, over generated shapes", () => {
    const random = seeded(1);
    for (let round = 0; round < 60; round++) {
      const dtypes = Object.keys(WRITERS);
      const arrays = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => {
        const dtype = dtypes[Math.floor(random() * dtypes.length)] as string;
        const shape = Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * 4));
        const count = shape.reduce((a, b) => a * b, 1);
        const unsigned = dtype.startsWith("u") || dtype === "int8";
        const values = Array.from({ length: count }, () => Math.floor(random() * 100) - (unsigned ? 0 : 50));
        return { ...written(`a${i}`, dtype, shape, values), values };
      });
      const [record] = decodeRecords(container([{ kind: "k", layer: null, step: round, arrays }]));
      expect(record?.step).toBe(round);
      expect(record?.layer).toBeNull();
      expect(record?.attributes["of"]).toBe(3);
      for (const { name, values, shape, dtype } of arrays) {
        expect(record?.arrays[name]?.shape).toEqual(shape);
        expect(record?.arrays[name]?.dtype).toBe(dtype);
        expect(Array.from(record?.arrays[name]?.values ?? [])).toEqual(values);
      }
    }
  });

  it("keeps NaN and infinities, and int64 up to 2^53", () => {
    const values = [Number.NaN, Infinity, -Infinity, -0];
    const large = [2 ** 53, -(2 ** 53), 0];
    const arrays = [written("f", "float32", [4], values), written("i", "int64", [3], large)];
    const [record] = decodeRecords(container([{ kind: "k", layer: "l", step: 0, arrays }]));
    expect(Array.from(record?.arrays["f"]?.values ?? [])).toEqual(values);
    expect(Array.from(record?.arrays["i"]?.values ?? [])).toEqual(large);
  });

  it("takes a name as a name, whatever it is", () => {
    const names = ["__proto__", "constructor", "toString"];
    const arrays = names.map((name) => written(name, "uint8", [1], [7]));
    const [record] = decodeRecords(container([{ kind: "k", layer: "__proto__", step: 0, arrays }]));
    for (const name of names) expect(record?.arrays[name]?.values[0]).toBe(7);
    expect(record?.arrays["kernel"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["values"]).toBeUndefined();
  });

  it.each([
    ["an unknown dtype", { dtype: "float128" }],
    ["a dtype that is a property of every object", { dtype: "constructor" }],
    ["a shape that is no list", { shape: "2" }],
    ["a negative axis", { shape: [-2] }],
    ["a fractional axis", { shape: [0.5, 4] }],
    ["axes whose product overflows", { shape: [2 ** 40, 2 ** 40] }],
    ["a shape that does not fit its length", { shape: [3] }],
    ["a length that does not fit its shape", { length: 4 }],
    ["a length past the end", { shape: [100], length: 400 }],
    ["an offset past the end", { offset: 8 }],
    ["an offset that is not aligned", { offset: 4, shape: [1], length: 4 }],
    ["a negative offset", { offset: -8 }],
    ["an offset beyond what numbers hold", { offset: 2 ** 60 }],
    ["an offset that is text", { offset: "0" }],
    ["a name that is no text", { name: 5 }],
  ])("refuses %s", (_, array) => {
    expect(() => decodeRecords(one(array))).toThrow(DecodeError);
  });

  it.each([
    ["another magic", framed('{"records":[]}', [], "CNV2")],
    ["a header that is no JSON", framed("{", [])],
    ["a header that is no object", framed("[1]", [])],
    ["a header without records", framed('{"schema":1}', [])],
    ["records that are no list", framed('{"records":{}}', [])],
    ["a record that is no object", framed('{"records":[7]}', [])],
    ["a record without arrays", framed('{"records":[{"kind":"k","step":1}]}', [])],
    ["a step that is no integer", framed('{"records":[{"kind":"k","step":"1","arrays":[]}]}', [])],
    ["nothing", new ArrayBuffer(0)],
  ])("refuses %s", (_, buffer) => {
    expect(() => decodeRecords(buffer)).toThrow(DecodeError);
  });

  it("refuses a header length past the end, and one that is not padded", () => {
    for (const length of [5, 0xffffffff]) {
      const buffer = framed('{"records":[]}', [1, 2, 3, 4, 5, 6, 7, 8]);
      new DataView(buffer).setUint32(4, length, true);
      expect(() => decodeRecords(buffer)).toThrow(DecodeError);
    }
  });

  it("never fails in another way on a container cut or changed anywhere", () => {
    const whole = container([
      { kind: "k", layer: "l", step: 3, arrays: [written("x", "float32", [2, 2], [1, 2, 3, 4])] },
    ]);
    const random = seeded(2);
    for (let length = 0; length < whole.byteLength; length++) {
      expect(() => decodeRecords(whole.slice(0, length))).toThrow(DecodeError);
      const changed = whole.slice(0);
      new Uint8Array(changed)[length] = Math.floor(random() * 256);
      try {
        decodeRecords(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe("halfToNumber", () => {
  it("equals the engine's own binary16 for every pattern", () => {
    const view = new DataView(new ArrayBuffer(2)) as DataView & { getFloat16(at: number): number };
    expect(typeof view.getFloat16).toBe("function");
    for (let bits = 0; bits < 65536; bits++) {
      view.setUint16(0, bits);
      expect(Object.is(halfToNumber(bits), view.getFloat16(0))).toBe(true);
    }
  });
});
