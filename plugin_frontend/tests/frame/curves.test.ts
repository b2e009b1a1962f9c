import { describe, expect, it } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import { sparkOf, sparkScale } from "../../src/frame/run_list/spark.ts";
import { lossPath, lossSeries, rowAt, type LossSeries } from "../../src/frame/scrubber/loss_curve.ts";
import { weightMarks } from "../../src/frame/scrubber/snap.ts";
import { timeAxis } from "../../src/state/time_axis.ts";
import { seeded } from "../support.ts";

const points = (path: string): number[][] =>
  [...path.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);

function series(steps: number[], loss: number[]): LossSeries {
  return { steps, loss, epochs: [], thinned: false };
}

describe("the loss behind the scrubber", () => {
  it("stands where the axis says, upside down and inside the box", () => {
    const axis = timeAxis("linear", 100);
    const { raw } = lossPath(series([0, 50, 100], [1, 3, 2]), axis, 200, 40);
    expect(points(raw)).toEqual([
      [0, 40],
      [100, 0],
      [200, 0],
    ]);
  });

  it("has a logarithmic scale after a divergence, so that what came before is not flattened", () => {
    const axis = timeAxis("linear", 200);
    const steps = Array.from({ length: 201 }, (_, i) => i);
    const calm = steps.map((i) => 1 + (i % 7) / 7);
    const diverged = calm.map((loss, i) => (i < 140 ? loss : loss * 10 ** ((i - 140) / 12)));
    expect(lossPath(series(steps, calm), axis, 200, 40).isLog).toBe(false);
    const { raw, isLog } = lossPath(series(steps, diverged), axis, 200, 40);
    expect(isLog).toBe(true);
    const sorted = diverged.toSorted((a, b) => a - b);
    const top = Math.log10(sorted[198]!);
    for (const [x, y] of points(raw)) {
      expect(y).toBeCloseTo(40 * (1 - Math.min(1, Math.log10(diverged[x!]!) / top)), 0);
    }
    expect(lossPath(series([...steps, 201], [...diverged, 0]), axis, 200, 40).isLog).toBe(false);
  });

  it("breaks at NaN and infinity and says where they were", () => {
    const axis = timeAxis("linear", 4);
    const { raw, broken } = lossPath(series([0, 1, 2, 3, 4], [1, Number.NaN, 2, Infinity, 3]), axis, 40, 10);
    expect(broken).toEqual([10, 30]);
    expect(raw.match(/M/g)).toHaveLength(3);
    expect(raw).not.toContain("NaN");
    expect(lossPath(series([1], [Number.NaN]), axis, 40, 10).raw).toBe("");
  });

  it("smooths: a constant stays, noise shrinks, and the mean of noise remains", () => {
    const random = seeded(61);
    const steps = Array.from({ length: 2000 }, (_, i) => i);
    const axis = timeAxis("linear", 2000);
    const flat = lossPath(
      series(
        steps,
        steps.map(() => 2),
      ),
      axis,
      1000,
      40,
    );
    expect(new Set(points(flat.smooth).map((p) => p[1])).size).toBe(1);
    const noisy = lossPath(
      series(
        steps,
        steps.map(() => random()),
      ),
      axis,
      1000,
      40,
    );
    const spread = (path: string): number => {
      const ys = points(path)
        .slice(200)
        .map((p) => p[1] as number);
      return Math.max(...ys) - Math.min(...ys);
    };
    expect(spread(noisy.smooth)).toBeLessThan(0.5 * spread(noisy.raw));
  });

  it("finds the last row at or before a step, by trying all", () => {
    const random = seeded(62);
    for (let round = 0; round < 200; round++) {
      const steps = Array.from({ length: 1 + Math.floor(random() * 30) }, () => Math.floor(random() * 100)).sort(
        (a, b) => a - b,
      );
      const step = Math.floor(random() * 120);
      const wanted = steps.findLastIndex((each) => each <= step);
      expect(rowAt(series(steps, steps), step)).toBe(Math.max(0, wanted));
    }
  });

  it("takes no record whose columns do not fit together", () => {
    const column = (n: number): DataArray => ({ dtype: "float64", shape: [n], values: new Float64Array(n) });
    const record = (arrays: Record<string, DataArray>): DataRecord => ({
      kind: "losses",
      layer: null,
      step: 0,
      wallTime: 0,
      attributes: { points: 3, of: 9 },
      arrays,
      bytes: 0,
    });
    expect(lossSeries(null)).toBeNull();
    expect(lossSeries(record({ step: column(3) }))).toBeNull();
    expect(lossSeries(record({ step: column(3), loss: column(2) }))).toBeNull();
    expect(lossSeries(record({ step: column(0), loss: column(0) }))).toBeNull();
    expect(lossSeries(record({ step: column(3), loss: column(3), epoch: column(3) }))).toMatchObject({ thinned: true });
    expect(lossSeries(record({ step: column(3), loss: column(3), epoch: column(1) }))?.epochs).toEqual([]);
  });
});

describe("sparklines", () => {
  const curve = (values: (number | "NaN" | "Infinity")[]) => ({
    metric: "val_loss",
    epochs: values.map((_, i) => i),
    values,
    total: values.length,
  });

  it("share one scale, and one that exploded does not flatten the others", () => {
    const curves = [...Array.from({ length: 20 }, () => curve([2, 1])), curve([1e9, 5])];
    expect(sparkScale(curves)).toEqual({ lo: 1, hi: 2 });
    expect(sparkScale([])).toEqual({ lo: 0, hi: 1 });
    expect(sparkScale([curve(["NaN"])])).toEqual({ lo: 0, hi: 1 });
  });

  it("hold what is above at the top, and mark what is not finite", () => {
    const spark = sparkOf(curve([2, "NaN", 1, "Infinity"]), { lo: 0, hi: 1 }, 30, 10);
    expect(spark.broken).toEqual([10, 30]);
    expect(spark.end).toBeNull();
    expect(points(spark.path)).toEqual([
      [0, 0],
      [20, 0],
    ]);
    expect(sparkOf(curve([0.5]), { lo: 0, hi: 1 }, 30, 10).end).toEqual([0, 5]);
  });
});

describe("marks of weights that were set without an update", () => {
  it("stand at their steps, and are one where they would cover each other", () => {
    const marks = weightMarks([0, 50, 51, 52, 100], timeAxis("linear", 100), 200);
    expect(marks.map((mark) => mark.x)).toEqual([0, 100, 200]);
    expect(marks.flatMap((mark) => mark.steps)).toEqual([0, 50, 51, 52, 100]);
    expect(marks[1]?.steps).toEqual([50, 51, 52]);
    expect(weightMarks([], timeAxis("log", 100), 200)).toEqual([]);
  });
});
