import { expect, test } from "vitest";
import { classify, deadCount, strongest, zeroShare } from "../../src/math/map_classes.ts";
import { mapStatistics } from "../../src/math/map_values.ts";
import { mapsCase, recordOf, seeded, type Case } from "./cases.ts";

/** From the float32 maps themselves, not from their statistics. */
function classFromTruth(one: Case, image: number, channel: number): string {
  const negative = one.truth.some((maps) => maps.some((values) => values.some((v) => v < 0)));
  const quiet = (i: number) => {
    const values = one.truth[i]![channel]!;
    if (!negative || values.length === 1) return values.every((v) => v === 0);
    return values.every((v) => v === values[0]);
  };
  if (!quiet(image)) return "active";
  return one.truth.every((_, i) => quiet(i)) ? "dead" : "silent";
}

test("classes equal those found from the maps themselves, for rectified and signed layers", () => {
  const random = seeded(21);
  const met = new Map<string, number>();
  for (let round = 0; round < 400; round++) {
    const one = mapsCase(random, round % 2 === 0 ? "signed" : "rectified");
    const statistics = mapStatistics(recordOf(one, "uint8"));
    const cells = one.spatial.reduce((a, b) => a * b, 1);
    for (let image = 0; image < one.images; image++) {
      const classes = classify(statistics, image, one.channels, cells, "mean");
      for (const name of ["active", "silent", "dead"] as const) {
        const wanted = one.channels.filter((channel) => classFromTruth(one, image, channel) === name);
        expect([...classes[name]].sort((a, b) => a - b)).toEqual(wanted);
        const key = `${classes.rule} ${name}`;
        met.set(key, (met.get(key) ?? 0) + wanted.length);
      }
    }
    const dead = Array.from({ length: one.of }, (_, i) => i).filter((i) => classFromTruth(one, 0, i) === "dead");
    expect(deadCount(statistics, cells)).toBe(dead.length);
    const flat = one.truth.flat();
    const zeros = flat.reduce((sum, values) => sum + values.filter((v) => v === 0).length, 0);
    expect(zeroShare(statistics)).toBeCloseTo(zeros / (flat.length * cells), 6);
  }
  expect(met.size).toBe(6);
  for (const count of met.values()) expect(count).toBeGreaterThan(20);
});

const falls = (values: number[]) => values.every((v, i) => i === 0 || v <= values[i - 1]! + 1e-6);

test("active maps are sorted by mean, largest value or number", () => {
  const random = seeded(22);
  for (let round = 0; round < 100; round++) {
    const one = mapsCase(random, "rectified", 2);
    const statistics = mapStatistics(recordOf(one, "float32"));
    const means = (c: number) => one.truth[0]![c]!.reduce((a, b) => a + b, 0) / one.truth[0]![c]!.length;
    const maxima = (c: number) => Math.max(...one.truth[0]![c]!);
    const run = (sort: "mean" | "max" | "channel") => classify(statistics, 0, one.channels, 99, sort).active;
    expect(falls(run("mean").map(means))).toBe(true);
    expect(falls(run("max").map(maxima))).toBe(true);
    expect(falls(run("channel").map((c) => -c))).toBe(true);
  }
});

test("statistics of another step give the order and leave the classes alone", () => {
  const random = seeded(23);
  for (let round = 0; round < 100; round++) {
    const one = mapsCase(random, "rectified", 2);
    const here = mapStatistics(recordOf(one, "float32"));
    const there = { ...here, mean: Float32Array.from(here.mean, () => random()) };
    const classes = classify(here, 0, one.channels, 99, "mean", there);
    const own = classify(here, 0, one.channels, 99, "mean");
    expect(new Set(classes.active)).toEqual(new Set(own.active));
    expect([classes.silent, classes.dead]).toEqual([own.silent, own.dead]);
    expect(falls(classes.active.map((channel) => there.mean[channel]!))).toBe(true);
  }
});

test("a map with NaN is active, comes first and hides nothing", () => {
  const statistics = {
    images: 1,
    of: 4,
    mean: [1, NaN, 0, 2],
    min: [0, NaN, 0, 0],
    max: [3, NaN, 0, 4],
    zeros: [0, 0, 1, 0],
  };
  const classes = classify(statistics, 0, [0, 1, 2, 3], 9, "mean");
  expect(classes).toEqual({ rule: "zero", active: [1, 3, 0], silent: [], dead: [2] });
  expect(strongest(statistics, 0, [0, 1, 2, 3])).toBe(3);
});

test("the strongest channel has the largest mean, or the largest spread in a signed layer; -1 without channels", () => {
  const base = { images: 1, of: 3, zeros: [0, 0, 0] };
  expect(strongest({ ...base, mean: [1, 3, 2], min: [0, 0, 0], max: [9, 3, 4] }, 0, [0, 1, 2])).toBe(1);
  expect(strongest({ ...base, mean: [1, 3, 2], min: [-9, 2, 0], max: [9, 3, 4] }, 0, [0, 1, 2])).toBe(0);
  expect(strongest({ ...base, mean: [1, 3, 2], min: [0, 0, 0], max: [9, 3, 4] }, 0, [])).toBe(-1);
});
