import { describe, expect, it } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import type { LayerRecord } from "../../src/data/schema.ts";
import { bareLayer } from "../../src/state/selectors.ts";
import { classify, deadCount } from "../../src/math/map_classes.ts";
import { atLeast } from "../../src/math/map_ranges.ts";
import { tileRanges } from "../../src/views/maps/colours.ts";
import {
  deadSlots,
  deadWord,
  layerMaps,
  leastEnd,
  summaryOf,
  type LayerMaps,
} from "../../src/views/maps/layer_maps.ts";
import { mapsCsv } from "../../src/views/maps/maps_csv.ts";
import { findPatches } from "../../src/views/maps/patch_row.ts";
import { seeded } from "./cases.ts";

/** A feature_maps record of maps [images][channels][side²], with exact statistics beside levels of eight bits or float16. */
function mapsOf(truth: readonly (readonly number[][])[], form: "uint8" | "float16" = "uint8"): LayerMaps {
  const [images, channels, cells] = [truth.length, truth[0]!.length, truth[0]![0]!.length];
  const side = Math.sqrt(cells);
  const spatial = cells === 1 ? [] : [side, side];
  const flat = truth.flat();
  const f32 = (values: number[], shape: number[]): DataArray => ({
    shape,
    values: Float32Array.from(values),
    dtype: "float32",
  });
  const column = (of: (values: number[]) => number): DataArray => f32(flat.map(of), [images, channels]);
  const [lo, hi] = [column((values) => Math.min(...values)), column((values) => Math.max(...values))];
  const levels = flat.flatMap((values, i) =>
    values.map((value) => Math.round(((value - lo.values[i]!) * 255) / (hi.values[i]! - lo.values[i]! || 1))),
  );
  const arrays: Record<string, DataArray> = {
    maps:
      form === "uint8"
        ? { shape: [images, channels, ...spatial], values: Uint8Array.from(levels), dtype: "uint8" }
        : // float16 has nothing below 6e-8: what was smaller has become zero there.
          {
            shape: [images, channels, ...spatial],
            values: Float32Array.from(flat.flat(), (v) => (Math.abs(v) < 6e-8 ? 0 : v)),
            dtype: "float16",
          },
    ...(form === "uint8" ? { lo, hi } : {}),
    channels: { shape: [channels], values: Int32Array.from({ length: channels }, (_, i) => i), dtype: "int32" },
    mean: column((values) => values.reduce((a, b) => a + b, 0) / cells),
    min: lo,
    max: hi,
    zeros: column((values) => values.filter((value) => value === 0).length / cells),
  };
  const record = {
    kind: "feature_maps",
    layer: "conv",
    step: 0,
    wallTime: 0,
    attributes: { of: channels },
    arrays,
    bytes: 0,
  } as DataRecord;
  const maps = layerMaps(record);
  if (maps instanceof Error) throw maps;
  return maps;
}

/** One image's maps: `scales` of each channel, rectified or around a level of its own. */
function image(scales: readonly number[], seed: number, { signed = false, cells = 16 } = {}): number[][] {
  const random = seeded(seed);
  return scales.map((scale, channel) =>
    Array.from({ length: cells }, () =>
      signed ? 0.25 * (channel + 1) + scale * (random() - 0.5) : scale * random(),
    ).map(Math.fround),
  );
}

const classesOf = (maps: LayerMaps, which = 0) =>
  classify(maps.statistics, which, Array.from(maps.stack.channels), 16, "mean");

describe("practically dead maps", () => {
  it("are dead, not active, in eight bits and float16; exact zeros are dead and not practically so", () => {
    for (const form of ["uint8", "float16"] as const) {
      const maps = mapsOf([image([1, 1e-12, 0, 2, 3e-34], 1), image([1, 2e-12, 0, 1, 0], 2)], form);
      expect(classesOf(maps)).toMatchObject({ active: expect.arrayContaining([0, 3]), silent: [], dead: [1, 2, 4] });
      expect([0, 1, 2, 3, 4].map((channel) => deadWord(maps, channel))).toEqual([
        "",
        "practically dead",
        "dead",
        "",
        "practically dead",
      ]);
      expect(deadCount(maps.statistics, 16)).toBe(3);
      expect(summaryOf(maps)).toMatchObject({ dead: 3, practically: 2 });
      expect([...deadSlots(maps)!]).toEqual([0, 1, 1, 0, 1]);
      const lines = mapsCsv("conv", 0, [{ run: "a", maps }])
        .trim()
        .split("\r\n")
        .map((line) => line.split(","));
      expect(lines.slice(1).map((line) => line[5])).toEqual([
        "active",
        "practically dead",
        "dead",
        "active",
        "practically dead",
      ]);
    }
  });

  it("are silent where another image has them live", () => {
    const maps = mapsOf([image([1, 1e-12, 2], 3), image([1, 1, 2], 4)]);
    expect(classesOf(maps)).toMatchObject({ silent: [1], dead: [] });
    expect(classesOf(maps, 1)).toMatchObject({ silent: [], dead: [] });
  });

  it("are found where most maps of the layer are dead", () => {
    expect(classesOf(mapsOf([image([1e-12, 1e-12, 1e-13, 1, 0, 1e-12], 5)])).dead).toEqual([0, 1, 2, 4, 5]);
  });

  it("are judged in signed layers by how far their values lie apart", () => {
    const maps = mapsOf([image([1, 2, 0.5, 1e-9], 6, { signed: true }).map((values) => values.map((v) => v - 0.3))]);
    expect(maps.signed).toBe(true);
    expect(classesOf(maps).dead).toEqual([3]);
  });

  it("keep their class on an image of which the whole layer says little", () => {
    const maps = mapsOf([image([1, 1, 1], 7), image([1e-9, 2e-9, 1e-9], 8)]);
    expect(classesOf(maps, 1)).toMatchObject({ silent: [], dead: [] });
  });

  it("are no classes to which a softmax gives next to nothing", () => {
    const shares = [[0.999999, 1e-9, 1e-6 - 1e-9, 1e-15]].map((row) => row.map((value) => [value]));
    expect(classify(mapsOf(shares).statistics, 0, [0, 1, 2, 3], 1, "mean").dead).toEqual([]);
    const units = [[2, 1e-12, 3, 0]].map((row) => row.map((value) => [value]));
    expect(classify(mapsOf(units).statistics, 0, [0, 1, 2, 3], 1, "mean").dead).toEqual([1, 3]);
  });

  it("are not painted vividly by a scale of their own", () => {
    const scaling = { by: "map", signed: false, shared: null } as const;
    const { hi } = tileRanges(scaling, image([1, 1e-12, 1, 0], 9)) as { hi: Float64Array };
    expect(hi[1]! / hi[0]!).toBeGreaterThan(1e-7);
    expect(hi[3]).toBe(0);
    const maps = mapsOf([image([1, 1e-12, 1], 10)]);
    expect(leastEnd(maps, 0)).toBeGreaterThan(0.5e-6);
    expect(atLeast({ lo: 0, hi: 1e-12, clipped: false }, 1e-6)).toEqual({ lo: 0, hi: 1e-6, clipped: false });
    expect(atLeast({ lo: -1e-12, hi: 1e-12, clipped: false }, 1e-6)).toEqual({ lo: -1e-6, hi: 1e-6, clipped: false });
  });
});

describe("what stands in place of the patches", () => {
  const display: DataArray = { shape: [1, 8, 8, 1], values: new Uint8Array(64), dtype: "uint8" };
  const probe = {
    kind: "probe",
    layer: null,
    step: 0,
    wallTime: 0,
    attributes: {},
    arrays: { display },
    bytes: 0,
  } as unknown as DataRecord;
  const said = (truth: number[][], channel: number, field: LayerRecord["receptive_field"], seen = probe) =>
    findPatches({ ...bareLayer("conv"), receptive_field: field }, mapsOf([truth]), channel, seen, []);
  const field = { size: [3, 3], stride: [1, 1], offset: [0, 0] } as unknown as LayerRecord["receptive_field"];

  it("says that the receptive field is not known where that is why, and the largest value", () => {
    const truth = image([1, 2], 11);
    expect(said(truth, 1, null)).toBe(
      `The layer's receptive field is not known, so no patch can be cut out. The largest value, ${Math.max(...truth[1]!).toFixed(2)}, is on image 0.`,
    );
    expect(said(truth, 1, field)).toHaveLength(2);
  });

  it("speaks of padding, of NaN, of dead channels and of no value above zero where these are why", () => {
    expect(said(image([1, 2], 12), 1, { ...field!, offset: [20, 20] })).toMatch(
      /^What its largest values see is no part/,
    );
    expect(said(image([1, 0, 2], 12), 1, field)).toBe("No value above zero on the probe images.");
    expect(said(image([1, 1e-12, 2], 12), 1, field)).toBe("The channel is practically dead: nothing excites it.");
    expect(said([[...image([1], 12)[0]!], Array.from({ length: 16 }, () => NaN)], 1, field)).toMatch(/but NaN\.$/);
  });
});
