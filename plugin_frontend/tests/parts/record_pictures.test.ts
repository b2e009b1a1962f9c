import { describe, expect, it } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import { predictionPicture, probePicture, strongestPicture } from "../../src/parts/record_pictures.ts";
import { NAN_PIXEL } from "../../src/math/colour.ts";
import { viridis } from "../../src/math/colour_maps.ts";
import { seeded } from "../support.ts";

function record(kind: string, arrays: Record<string, DataArray>, attributes = {}): DataRecord {
  return { kind, layer: "l", step: 0, wallTime: 0, attributes, arrays, bytes: 0 };
}

const f32 = (shape: number[], values: number[]): DataArray => ({
  dtype: "float32",
  shape,
  values: Float32Array.from(values),
});
const u8 = (shape: number[], values: number[]): DataArray => ({
  dtype: "uint8",
  shape,
  values: Uint8Array.from(values),
});
const i32 = (values: number[]): DataArray => ({
  dtype: "int32",
  shape: [values.length],
  values: Int32Array.from(values),
});

/** Population variance, in two passes. */
function variance(values: number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

/** Colour of the entry, straight from the table. */
function entry(index: number): number {
  const rgb = Number.parseInt(viridis.rgb.slice(6 * index, 6 * index + 6), 16);
  return ((0xff << 24) | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

describe("strongestPicture", () => {
  it("shows the channel whose restored values vary most, of the chosen image", () => {
    const random = seeded(51);
    for (let round = 0; round < 60; round++) {
      const [images, kept, rows, columns] = [2, 1 + Math.floor(random() * 6), 3, 4];
      const cells = rows * columns;
      const levels = Array.from({ length: images * kept * cells }, () => Math.floor(random() * 256));
      const lo = Array.from({ length: images * kept }, () => Math.fround(random() - 0.5));
      const hi = lo.map((low) => Math.fround(low + random() * 10 ** Math.floor(random() * 4)));
      const channels = Array.from({ length: kept }, (_, i) => 10 + 3 * i);
      const image = Math.floor(random() * images);
      const restored = Array.from({ length: kept }, (_, c) => {
        const at = image * kept + c;
        const own = levels.slice(at * cells, (at + 1) * cells);
        return own.map((q) => (lo[at] ?? 0) + (q * ((hi[at] ?? 0) - (lo[at] ?? 0))) / 255);
      });
      const variances = restored.map(variance);
      const strongest = variances.indexOf(Math.max(...variances));
      const picture = strongestPicture(
        record(
          "feature_maps",
          {
            maps: u8([images, kept, rows, columns], levels),
            lo: f32([images, kept], lo),
            hi: f32([images, kept], hi),
            channels: i32(channels),
          },
          { of: 99 },
        ),
        image,
      );
      expect(picture?.words).toContain(`channel ${channels[strongest]} of 99`);
      expect([picture?.width, picture?.height]).toEqual([columns, rows]);
      const values = restored[strongest] ?? [];
      expect(picture?.pixels[values.indexOf(Math.min(...values))]).toBe(entry(0));
      expect(picture?.pixels[values.indexOf(Math.max(...values))]).toBe(entry(255));
    }
  });

  it("shows NaN as such and does not choose by it", () => {
    const nan = Number.NaN;
    const maps = f32([1, 2, 2, 2], [nan, 0, 0, 1, nan, 0, 50, 100]);
    const picture = strongestPicture(record("feature_maps", { maps, channels: i32([4, 5]) }), 0);
    expect(picture?.words).toContain("channel 5");
    expect(picture?.pixels[0]).toBe(NAN_PIXEL);
    expect(picture?.pixels[3]).toBe(entry(255));
  });

  it("draws what has no rows as a bar, a sequence as a line, a volume by its middle", () => {
    const bar = strongestPicture(record("feature_maps", { maps: f32([1, 3], [0, 1, 2]) }), 0);
    expect([bar?.width, bar?.height, bar?.pixels[0], bar?.pixels[2]]).toEqual([1, 3, entry(0), entry(255)]);
    const ranged = { maps: u8([1, 3], [0, 0, 0]), lo: f32([1, 3], [5, 7, 9]), hi: f32([1, 3], [5, 7, 9]) };
    const eight = strongestPicture(record("feature_maps", ranged), 0);
    expect([eight?.pixels[0], eight?.pixels[1], eight?.pixels[2]]).toEqual([entry(0), entry(128), entry(255)]);
    const line = strongestPicture(record("feature_maps", { maps: f32([1, 1, 3], [0, 1, 2]) }), 0);
    expect([line?.width, line?.height]).toEqual([3, 1]);
    const volume = f32([1, 1, 3, 1, 2], [9, 9, 0, 1, 9, 9]);
    const slice = strongestPicture(record("feature_maps", { maps: volume }), 0);
    expect(Array.from(slice?.pixels ?? [])).toEqual([entry(0), entry(255)]);
  });

  it("is nothing for an image that is not there, or a record without maps", () => {
    expect(strongestPicture(record("feature_maps", { maps: f32([1, 1, 1, 1], [0]) }), 1)).toBeNull();
    expect(strongestPicture(record("feature_maps", {}), 0)).toBeNull();
    expect(predictionPicture(record("predictions", { y_pred: f32([1, 2, 2], [0, 0, 0, 0]) }), 0)).toBeNull();
    expect(probePicture(record("probe", { display: u8([1, 1, 1, 4], [1, 2, 3, 4]) }), 0)).toBeNull();
  });
});

describe("probePicture", () => {
  it("gives each image's own pixels, in colour or grey", () => {
    const colour = probePicture(
      record("probe", { display: u8([2, 1, 2, 3], [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6]) }),
      1,
    );
    expect(Array.from(colour?.pixels ?? [])).toEqual([0xff030201, 0xff060504]);
    const grey = probePicture(record("probe", { display: u8([1, 2, 1, 1], [7, 200]) }), 0);
    expect(Array.from(grey?.pixels ?? [])).toEqual([0xff070707, 0xffc8c8c8]);
  });
});
