import { expect, test } from "vitest";
import { CLIP_SHARE, layerScale, mapScale, widest } from "../../src/math/map_ranges.ts";
import { mapStack } from "../../src/math/map_values.ts";
import { mapsCase, recordOf, seeded } from "./cases.ts";

test("a map's scale holds all of it, from zero, and is symmetric where negative values count", () => {
  expect(mapScale([3, 1, 2], false)).toEqual({ lo: 0, hi: 3, clipped: false });
  expect(mapScale([-3, 1, 2], true)).toEqual({ lo: -3, hi: 3, clipped: false });
  expect(mapScale([NaN, Infinity, 2], false)).toEqual({ lo: 0, hi: 2, clipped: false });
  expect(mapScale([NaN], false)).toEqual({ lo: 0, hi: 0, clipped: false });
});

test("a layer's scale ends at the 99.5th percentile of the values that are not zero, by sorting", () => {
  const random = seeded(51);
  let clipped = 0;
  for (let round = 0; round < 60; round++) {
    const signed = round % 2 === 0;
    const one = mapsCase(random, signed ? "signed" : "rectified", 2);
    one.spatial = [20, 25];
    one.truth = one.truth.map((maps) =>
      maps.map(() =>
        Float32Array.from({ length: 500 }, () => {
          const value = (random() - 0.5) * 10 ** (random() * 4 - 2);
          return signed ? value : Math.max(0, value);
        }),
      ),
    );
    const stack = mapStack(recordOf(one, "float32"), one.of);
    const shown = one.truth.flatMap((maps) => one.channels.flatMap((channel) => [...maps[channel]!]));
    const magnitudes = shown
      .map(Math.abs)
      .filter((v) => v > 0)
      .sort((a, b) => a - b);
    const whole = shown.length < 1000;
    const end = whole ? magnitudes.at(-1)! : magnitudes[Math.ceil(CLIP_SHARE * magnitudes.length) - 1]!;
    const scale = layerScale(stack, signed);
    expect(scale.hi).toBe(end);
    expect(scale.lo).toBe(signed ? -end : 0);
    expect(scale.clipped).toBe(end < magnitudes.at(-1)!);
    if (scale.clipped) clipped++;
  }
  expect(clipped).toBeGreaterThan(10);
});

test("the scale over several steps holds each of them", () => {
  const scales = [
    { lo: 0, hi: 2, clipped: false },
    { lo: -1, hi: 1, clipped: true },
  ];
  expect(widest(scales)).toEqual({ lo: -1, hi: 2, clipped: true });
  expect(widest([])).toBeNull();
});
