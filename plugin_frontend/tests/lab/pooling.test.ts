import { expect, test } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import { windowGrid } from "../../src/math/planes.ts";
import { POOLINGS } from "../../src/math/pooling.ts";
import { bareLayer } from "../../src/state/selectors.ts";
import { operationOf } from "../../src/views/lab/operation.ts";
import { planesOf, volumeOf, type Volume } from "../../src/views/lab/volume.ts";
import { agreement, largestDeviation } from "../../src/views/lab/pooling/agreement.ts";
import { bands } from "../../src/views/lab/pooling/painters.ts";
import { movedRight, peakCell, pooledMap, relativeChange } from "../../src/views/lab/pooling/pooled_map.ts";
import { scalesOf, signedRoot } from "../../src/views/lab/pooling/scales.ts";
import { gridOf, settingOf } from "../../src/views/lab/pooling/setting.ts";
import { sizesFor } from "../../src/views/lab/pooling/sizes.ts";
import { strongestChannel } from "../../src/views/lab/pooling/view_model.ts";
import { inside, next, walked } from "../../src/views/lab/pooling/walk.ts";
import { arithmetic, binomial, windowNumbers } from "../../src/views/lab/pooling/window_numbers.ts";
import { nearestWindow } from "../../src/views/lab/pooling/window_pointer.ts";
import { paddingWords, sizeWords, unreadWords } from "../../src/views/lab/pooling/labels.ts";
import { below, seeded } from "../maps/cases.ts";

const OWN = { window: null, stride: null, padding: "own" } as const;

function volume(channels: number, rows: number, columns: number, random: () => number, axes = 2): Volume {
  const values = Float32Array.from({ length: channels * rows * columns }, () => random() * 4 - 2);
  return { channels, axes, spatial: [1, rows, columns], values, exact: true };
}

function array(shape: number[], dtype: DataArray["dtype"] = "float32"): DataArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype, shape, values: dtype === "int32" ? new Int32Array(size) : new Float32Array(size) };
}

function record(arrays: Record<string, DataArray>, attributes: Record<string, unknown> = {}): DataRecord {
  return { kind: "operations", layer: "net/pool", step: 3, wallTime: 0, attributes, arrays, bytes: 0 };
}

test("a record's output and input are believed only where they can be drawn", () => {
  expect(operationOf(record({ output: array([4, 6, 5]) }, { input_layer: "net/conv" }))).toMatchObject({
    layer: "net/pool",
    step: 3,
    inputLayer: "net/conv",
    input: null,
    output: { channels: 4, axes: 2, spatial: [1, 6, 5], exact: true },
  });
  expect(operationOf(record({ output: array([4]), input: array([4, 9], "float16") }))).toMatchObject({
    output: { axes: 0, spatial: [1, 1, 1] },
    input: { axes: 1, spatial: [1, 1, 9], exact: false },
    inputLayer: null,
  });
  for (const bad of [
    {},
    { output: array([]) },
    { output: array([2, 2, 2, 2, 2]) },
    { output: array([0, 3]) },
    { output: array([2, 2], "int32") },
  ]) {
    expect(operationOf(record(bad))).toBeInstanceOf(Error);
  }
  expect(operationOf(record({ output: array([2]) }, { input_layer: 7 }))).toMatchObject({ inputLayer: null });
});

test("a slice of a volume holds every channel's cells of that depth", () => {
  const values = Float32Array.from({ length: 2 * 3 * 2 * 2 }, (_, i) => i);
  const made = volumeOf({ dtype: "float32", shape: [2, 3, 2, 2], values }, "output");
  expect(Array.from(planesOf(made, 1).values)).toEqual([4, 5, 6, 7, 16, 17, 18, 19]);
});

test("a layer's own window is taken until it is changed by hand", () => {
  const random = seeded(7);
  const map = volume(3, 12, 10, random);
  const pool = {
    ...bareLayer("pool"),
    role: "pooling",
    kernel_size: [3, 2],
    strides: [2, 1],
    padding: "same",
    pool: "max",
  };
  expect(settingOf(pool, map, OWN)).toEqual({ size: [3, 2], stride: [2, 1], padding: "same", own: true });
  expect(settingOf(pool, map, { window: 4, stride: null, padding: "valid" })).toEqual({
    size: [4, 4],
    stride: [2, 1],
    padding: "valid",
    own: false,
  });
  expect(settingOf({ ...pool, kernel_size: null }, map, OWN)).toMatchObject({ size: [12, 10], own: true });
  expect(settingOf({ ...pool, role: "convolution" }, map, OWN)).toEqual({
    size: [2, 2],
    stride: [2, 2],
    padding: "valid",
    own: false,
  });
  const line = volume(3, 1, 10, random, 1);
  expect(settingOf({ ...pool, kernel_size: [4], strides: [3] }, line, { ...OWN, stride: 2 })).toMatchObject({
    size: [1, 4],
    stride: [1, 2],
  });
  const tooLarge = gridOf(map, { size: [13, 13], stride: [1, 1], padding: "valid", own: false });
  expect(tooLarge).toBeInstanceOf(Error);
  expect(String(tooLarge)).toContain("does not fit");
});

test("the words count the windows and what none of them reads", () => {
  const grid = (rows: number, columns: number, size: number, stride: number, padding: "valid" | "same" = "valid") =>
    windowGrid(rows, columns, { size: [size, size], stride: [stride, stride], padding });
  expect(sizeWords(grid(24, 24, 3, 2), 2)).toBe("⌊(24 − 3) / 2⌋ + 1 = 11 windows a side");
  expect(unreadWords(grid(24, 24, 3, 2), 2)).toBe("The hatched row and column are never read: 24 − (10·2 + 3) = 1.");
  expect(unreadWords(grid(25, 24, 3, 2), 2)).toBe("The hatched column is never read: 24 − (10·2 + 3) = 1.");
  expect(unreadWords(grid(24, 24, 2, 2), 2)).toBe("");
  expect(unreadWords(grid(9, 9, 2, 3), 2)).toContain("the stride, 3, is larger than the window, 2");
  expect(sizeWords(grid(5, 5, 5, 5), 2)).toBe("One window over the whole map");
  expect(paddingWords(grid(7, 7, 3, 2, "same"), 2)).toContain("1 above, 1 below, 1 left, 1 right");
  expect(paddingWords(grid(8, 8, 2, 2, "same"), 2)).toBe("");
  expect(["1", "1 1", "1 2 1", "1 3 3 1"]).toEqual([1, 2, 3, 4].map(binomial));
});

test("one window's numbers make what the operation makes of the map", () => {
  const random = seeded(8);
  for (let round = 0; round < 60; round++) {
    const [rows, columns] = [3 + below(random, 9), 3 + below(random, 9)];
    const size = 1 + below(random, 3);
    const plane = planesOf(volume(1, rows, columns, random));
    const grid = windowGrid(rows, columns, {
      size: [size, size],
      stride: [1 + below(random, 3), 2],
      padding: round % 2 ? "same" : "valid",
    });
    const pooled = pooledMap(plane, grid);
    const place = { row: below(random, grid.rows.output), column: below(random, grid.columns.output) };
    const numbers = windowNumbers(pooled, place);
    const cells = [...numbers.values].filter((_, i) => numbers.inside[i]);
    const made = Object.fromEntries(
      pooled.columns.map(({ pooling, output }) => [pooling, output[place.row * grid.columns.output + place.column]!]),
    );
    expect(cells).toHaveLength(numbers.count);
    expect(made["max"]).toBe(Math.max(...cells));
    expect(numbers.values[numbers.largest]).toBe(made["max"]);
    expect(made["strided"]).toBe(cells[0]);
    expect(made["average"]).toBeCloseTo(cells.reduce((a, b) => a + b, 0) / cells.length, 5);
    expect(arithmetic("max", numbers)).toBe(`max of ${cells.length}`);
    const [above, under] = arithmetic("blur", numbers).replace("−", "-").split(" / ").map(Number);
    if (Math.abs(above!) >= 0.01)
      expect(Math.abs(above! / under! - made["blur"]!)).toBeLessThanOrEqual(0.006 * Math.abs(made["blur"]!) + 1e-6);
    const average = pooled.columns.find(({ pooling }) => pooling === "average")!;
    for (const column of pooled.columns) {
      expect(column.minus.every((value, i) => value === Math.fround(column.output[i]! - average.output[i]!))).toBe(
        true,
      );
    }
    const peak = peakCell(pooled);
    const most = Math.max(...pooled.columns[POOLINGS.indexOf("max")]!.output);
    expect(pooled.columns[POOLINGS.indexOf("max")]!.output[peak.row * grid.columns.output + peak.column]).toBe(most);
  }
});

test("a window over a long signal has no blur, whose weights no number holds", () => {
  const plane = { channels: 1, rows: 1, columns: 3000, values: Float32Array.from({ length: 3000 }, (_, i) => i) };
  const pooled = pooledMap(plane, windowGrid(1, 3000, { size: [1, 3000], stride: [1, 1], padding: "valid" }));
  expect(pooled.columns.map(({ pooling, output }) => [pooling, output[0]])).toEqual([
    ["max", 2999],
    ["average", 1499.5],
    ["l2", Math.fround(Math.sqrt((2999 * 5999) / 6))],
    ["strided", 0],
  ]);
  expect(pooled.columns.map(({ whole }) => whole)).toEqual([
    2999,
    1499.5,
    Math.fround(Math.sqrt((2999 * 5999) / 6)),
    null,
  ]);
});

test("NaN is never dropped: it is the window's largest, its outputs', and the deviation", () => {
  const plane = { channels: 1, rows: 2, columns: 2, values: Float32Array.of(1, NaN, 3, 2) };
  const pooled = pooledMap(plane, windowGrid(2, 2, { size: [2, 2], stride: [2, 2], padding: "valid" }));
  expect(windowNumbers(pooled, { row: 0, column: 0 }).largest).toBe(1);
  expect(
    pooled.columns.filter(({ pooling }) => pooling !== "strided").every(({ output }) => Number.isNaN(output[0])),
  ).toBe(true);
  expect(largestDeviation([1, NaN], [1, NaN])).toBe(0);
  expect(largestDeviation([1, NaN], [1, 2])).toBeNaN();
  expect(largestDeviation([1, Infinity, 2], [1, Infinity, 2.5])).toBe(0.5);
});

test("moving right repeats the first column, and changes are shares of the output", () => {
  const plane = { channels: 1, rows: 2, columns: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) };
  expect(Array.from(movedRight(plane).values)).toEqual([1, 1, 2, 4, 4, 5]);
  expect(relativeChange([3, 4], [3, 4])).toBe(0);
  expect(relativeChange([3, 4], [0, 0])).toBe(1);
  expect(relativeChange([0, 0], [0, 0])).toBe(0);
});

test("scales hold everything that is drawn, and only grow while steps play", () => {
  const random = seeded(9);
  for (let round = 0; round < 40; round++) {
    const map = planesOf(volume(1, 8, 8, random));
    if (round % 2) map.values.forEach((value, i) => (map.values[i] = Math.abs(value)));
    const pooled = pooledMap(map, windowGrid(8, 8, { size: [3, 3], stride: [2, 2], padding: "valid" }));
    const scales = scalesOf(pooled, null);
    const all = [...map.values, ...pooled.columns.flatMap(({ output }) => [...output])];
    expect(scales.value.range.hi).toBe(Math.max(...(round % 2 ? all : all.map(Math.abs))));
    expect(scales.value.range.lo).toBe(round % 2 ? 0 : -scales.value.range.hi);
    const roots = pooled.columns.flatMap(({ gradient }) => [...gradient].map(signedRoot));
    expect(Math.fround(Math.max(...roots.map(Math.abs)))).toBe(scales.gradient.range.hi);
    const wide = { range: { lo: -100, hi: 100 }, map: scales.minus.map };
    expect(scalesOf(pooled, { ...scales, minus: wide }).minus.range).toEqual({ lo: -100, hi: 100 });
  }
});

test("a layer's output is compared with its own settings only, and with what it computes", () => {
  const map = planesOf(volume(1, 6, 6, seeded(10)));
  const pooled = pooledMap(map, windowGrid(6, 6, { size: [2, 2], stride: [2, 2], padding: "valid" }));
  const logged = { channels: 1, rows: 3, columns: 3, values: pooled.columns[0]!.output.slice() };
  logged.values[4]! += 0.25;
  const layer = { ...bareLayer("net/pool"), role: "pooling", pool: "max" };
  expect(agreement(layer, true, pooled, logged)).toMatchObject({ is: "compared", with: "max", deviation: 0.25 });
  expect(agreement(layer, false, pooled, logged)).toMatchObject({ is: "none" });
  expect(agreement({ ...layer, pool: null }, true, pooled, logged)).toMatchObject({ is: "none" });
  expect(agreement({ ...layer, role: "convolution" }, false, pooled, logged)).toMatchObject({ is: "none" });
  expect(agreement(layer, true, pooled, { ...logged, values: new Float32Array(4) })).toMatchObject({ is: "none" });
});

test("the window walks inside the output, row by row when it slides", () => {
  expect(walked({ row: 0, column: 0 }, "ArrowUp", false, 3, 4)).toEqual({ row: 0, column: 0 });
  expect(walked({ row: 1, column: 1 }, "ArrowRight", true, 3, 4)).toEqual({ row: 1, column: 3 });
  expect(walked({ row: 1, column: 1 }, "constructor", false, 3, 4)).toBeNull();
  expect(inside({ row: 9, column: -2 }, 3, 4)).toEqual({ row: 2, column: 0 });
  const seen = [];
  for (let at: ReturnType<typeof next> = { row: 0, column: 0 }; at; at = next(at, 2, 3))
    seen.push(`${at.row}${at.column}`);
  expect(seen).toEqual(["00", "01", "02", "10", "11", "12"]);
});

test("a cell of the input leads to the window whose middle is nearest", () => {
  for (const [length, size, stride, padding] of [
    [24, 3, 2, "valid"],
    [11, 3, 2, "same"],
    [9, 2, 3, "valid"],
    [7, 7, 1, "valid"],
    [8, 4, 1, "same"],
  ] as const) {
    const { columns } = windowGrid(length, length, { size: [size, size], stride: [stride, stride], padding });
    const middles = Array.from({ length: columns.output }, (_, i) => i * stride - columns.before + (size - 1) / 2);
    for (let cell = 0; cell < length; cell++) {
      const least = Math.min(...middles.map((middle) => Math.abs(middle - cell)));
      expect(Math.abs(middles[nearestWindow(columns, cell)]! - cell)).toBeCloseTo(least, 9);
    }
  }
});

test("neighbouring cells are hatched as one band, and cells have whole pixels where they have one", () => {
  expect(bands([0, 3, 4, 7])).toEqual([
    { start: 0, end: 1 },
    { start: 3, end: 5 },
    { start: 7, end: 8 },
  ]);
  const random = seeded(11);
  for (let round = 0; round < 200; round++) {
    const room = { width: 520 + below(random, 1200), height: 380 + below(random, 700) };
    const tile = () => ({ width: 1 + below(random, 300), height: 1 + below(random, 300) });
    const tiles = { input: tile(), plain: tile(), output: tile(), window: tile() };
    const sizes = sizesFor(room, tiles, 5 + (round % 2));
    for (const [cell, { width }] of [
      [sizes.input, tiles.input],
      [sizes.output, tiles.output],
      [sizes.gradient, tiles.plain],
    ] as const) {
      const whole = cell >= 2 ? cell : cell * width;
      expect(Math.abs(whole - Math.round(whole))).toBeLessThan(1e-9);
    }
    expect(sizes.input * tiles.input.width).toBeLessThanOrEqual(sizes.left + 1e-6);
    expect(sizes.output * tiles.output.width).toBeLessThanOrEqual(sizes.column + 1e-6);
  }
});

test("the channel shown first is the one of largest variance", () => {
  const planes = { channels: 3, rows: 1, columns: 3, values: Float32Array.of(5, 5, 5, 0, 1, 2, 0, 9, 0) };
  expect(strongestChannel(planes)).toBe(2);
  expect(strongestChannel({ ...planes, values: new Float32Array(9) })).toBe(0);
});
