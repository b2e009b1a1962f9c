import type { ReactiveControllerHost } from "lit";
import { expect, test } from "vitest";
import type { RecordsQuery } from "../../src/data/api.ts";
import type { DataRecord } from "../../src/data/binary.ts";
import type { Session } from "../../src/state/session.ts";
import { together } from "../../src/views/maps/colours.ts";
import { columnSizes } from "../../src/views/maps/column_sizes.ts";
import { distribution } from "../../src/views/maps/distribution.ts";
import { csvCell } from "../../src/parts/csv.ts";
import { tileShape, tileValues } from "../../src/views/maps/map_scene.ts";
import { spread, StepSweep } from "../../src/views/maps/step_sweep.ts";
import { mapStack } from "../../src/math/map_values.ts";
import { below, mapsCase, recordOf, seeded } from "./cases.ts";

test("steps that do not all fit are spread evenly, with both ends", () => {
  const steps = Array.from({ length: 100 }, (_, i) => i * i);
  expect(spread(steps, 100)).toEqual(steps);
  for (const most of [2, 3, 7, 99]) {
    const some = spread(steps, most);
    expect([some.length, some[0], some.at(-1), new Set(some).size]).toEqual([most, 0, 99 * 99, most]);
    const gaps = some.slice(1).map((step, i) => steps.indexOf(step) - steps.indexOf(some[i]!));
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
  }
  expect(spread(steps, 1)).toEqual([99 * 99]);
});

test("a sweep brings every step that can be read and names those that cannot", async () => {
  const random = seeded(91);
  for (let round = 0; round < 20; round++) {
    const steps = Array.from({ length: 1 + below(random, 60) }, (_, i) => i * 3);
    const bad = new Set(steps.filter(() => random() < 0.15));
    const load = async (query: RecordsQuery): Promise<DataRecord[]> => {
      if (query.steps.some((step) => bad.has(step))) throw new Error("damaged");
      return query.steps.map((step) => ({ step }) as DataRecord);
    };
    const host = { addController: () => {}, requestUpdate: () => {} } as unknown as ReactiveControllerHost;
    const session = { cache: { load } } as unknown as Session;
    const sweep = new StepSweep(
      host,
      () => session,
      () => ({ kind: "feature_maps" as const, run: "a", layer: "b", steps, bytes: 200_000 }),
    );
    expect(sweep.done).toBe(true);
    sweep.hostUpdate();
    expect(sweep.steps).toEqual(steps);
    for (let i = 0; i < 1000 && !sweep.done; i++) await Promise.resolve();
    expect(sweep.done).toBe(true);
    expect([...sweep.failed].sort((a, b) => a - b)).toEqual([...bad]);
    expect([...sweep.records.keys()].sort((a, b) => a - b)).toEqual(steps.filter((step) => !bad.has(step)));
  }
});

test("bars count every value once, exact zeros apart, and what is clipped in the outer bars", () => {
  const random = seeded(92);
  for (let round = 0; round < 100; round++) {
    const signed = round % 2 === 0;
    const values = Float32Array.from({ length: 300 }, () => {
      const value = (random() - 0.5) * 4;
      return random() < 0.05 ? NaN : signed ? value : Math.max(0, value);
    });
    const scale = { lo: signed ? -1 : 0, hi: 1, clipped: true };
    const bars = distribution([values], scale, signed ? null : 0.5);
    const counted = [...values].filter((v) => !Number.isNaN(v) && (signed || v !== 0));
    const naive = Array<number>(48).fill(0);
    for (const value of counted) {
      const clamped = Math.min(scale.hi, Math.max(scale.lo, value));
      naive[Math.min(47, Math.floor(((clamped - scale.lo) / (scale.hi - scale.lo)) * 48))]!++;
    }
    expect(bars.counts.reduce((a, b) => a + b, 0)).toBe(counted.length);
    expect(bars.nan).toBe([...values].filter(Number.isNaN).length);
    // Rounding may put a value on a border into either bar.
    const off = bars.counts.reduce((sum, count, i) => sum + Math.abs(count - naive[i]!), 0);
    expect(off).toBeLessThanOrEqual(2);
  }
});

test("one scale for several runs holds each, and is symmetric where values are signed", () => {
  const scales = [
    { lo: 0, hi: 2, clipped: false },
    { lo: -3, hi: 1, clipped: true },
  ];
  expect(together(scales, true)).toEqual({ lo: -3, hi: 3, clipped: true });
  expect(together(scales, false)).toEqual({ lo: -3, hi: 2, clipped: true });
  expect(together([], true)).toBeNull();
});

test("a tile shows the cells of its slice, and a line of cells as a band", () => {
  const random = seeded(93);
  for (let round = 0; round < 200; round++) {
    const one = mapsCase(random, "signed");
    const stack = mapStack(recordOf(one, "float32"), one.of);
    const slice = below(random, stack.spatial[0]);
    const shape = tileShape(stack, slice);
    const maps = one.channels.map((channel) => one.truth[0]![channel]!);
    const values = tileValues(shape, [null, ...maps]);
    expect(values.slice(0, shape.width * shape.height).every(Number.isNaN)).toBe(true);
    const [, rows, columns] = stack.spatial;
    maps.forEach((map, tile) => {
      for (let y = 0; y < shape.height; y++) {
        for (let x = 0; x < columns; x++) {
          const row = stack.axes === 1 ? 0 : y;
          const expected = map[(slice * rows + row) * columns + x];
          expect(values[((tile + 1) * shape.height + y) * shape.width + x]).toBe(expected);
        }
      }
    });
  }
});

test("image and large maps fit their column", () => {
  const random = seeded(94);
  for (let round = 0; round < 300; round++) {
    const room = { width: 212 + below(random, 200), height: 420 + below(random, 500) };
    const picture = { width: 8 + below(random, 300), height: 8 + below(random, 300) };
    const map = { width: 2 + below(random, 120), height: 2 + below(random, 120) };
    const pair = random() < 0.5;
    const { scale, cell } = columnSizes(room, picture, map, pair);
    expect(scale * picture.width).toBeLessThanOrEqual(room.width + 1e-6);
    expect(cell * map.width * (pair ? 2 : 1)).toBeLessThanOrEqual(room.width + 1e-6);
    expect(scale * picture.height + cell * map.height).toBeLessThanOrEqual(room.height - 100);
  }
});

test("a name from a log stays text in a spreadsheet", () => {
  expect(csvCell('=HYPERLINK("http://a","b")')).toBe(`"'=HYPERLINK(""http://a"",""b"")"`);
  expect(["-1+2", "+a", "@b", "plain", 'a,"b"\n', 2.5, NaN].map(csvCell)).toEqual([
    "'-1+2",
    "'+a",
    "'@b",
    "plain",
    '"a,""b""\n"',
    "2.5",
    "NaN",
  ]);
});
