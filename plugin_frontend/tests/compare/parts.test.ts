import { describe, expect, it } from "vitest";
import type { DataRecord } from "../../src/data/binary.ts";
import { valueAxis } from "../../src/math/value_axis.ts";
import { timeAxis } from "../../src/state/time_axis.ts";
import { acrossOf, stepped, zoomedBy } from "../../src/views/compare/across.ts";
import { chartLine, endOf, goingOn, oddPoints } from "../../src/views/compare/chart.ts";
import { compareCsv } from "../../src/views/compare/export.ts";
import { factsOf, sortedFacts, type Facts } from "../../src/views/compare/facts.ts";
import { runLines, type Line } from "../../src/views/compare/lines.ts";
import { target, zoom } from "../../src/views/compare/own_fields.ts";
import { placingOf, timeUnit, type Course } from "../../src/views/compare/places.ts";
import { metricsOf, metricWords, rowsOf, type Rows } from "../../src/views/compare/rows.ts";
import { differingKeys, howSure, settingsInWords } from "../../src/views/compare/settings.ts";

function record(kind: string, columns: Record<string, number[]>, attributes: Record<string, unknown> = {}): DataRecord {
  const arrays = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [
      name,
      { dtype: "float64" as const, shape: [values.length], values: Float64Array.from(values) },
    ]),
  );
  return { kind, layer: null, step: 0, wallTime: 0, attributes, arrays, bytes: 0 };
}

const rows = (...of: Parameters<typeof record>): Rows => rowsOf(record(...of))!;

/** Three epochs of 4 batches with 8 examples; a validation after every second one. Began at 1,000 s, 2 s a batch, 1 s to validate. */
const course: Course = {
  epochs: rows(
    "epochs",
    {
      step: [4, 8, 12],
      loss: [2, 1, 0.5],
      val_loss: [2.2, Number.NaN, 0.9],
      val_accuracy: [0.3, 0.6, 0.5],
      epoch: [0, 1, 2],
      wall_time: [1009, 1018, 1027],
    },
    { missing: { val_loss: [1] } },
  ),
  losses: rows("losses", {
    step: Array.from({ length: 12 }, (_, i) => i),
    loss: Array.from({ length: 12 }, (_, i) => 3 - i / 5),
    examples: Array.from({ length: 12 }, (_, i) => 8 * (i + 1)),
    wall_time: Array.from({ length: 12 }, (_, i) => 1000 + 2 * (i + 1) + Math.floor(i / 4)),
  }),
  start: 1000,
};

describe("where a step stands", () => {
  const at = (align: "step" | "epoch" | "examples" | "time", step: number): number => {
    const place = placingOf(align, course, course.epochs);
    return typeof place === "string" ? Number.NaN : place(step);
  };

  it("by step, epochs finished, examples seen and seconds", () => {
    expect([0, 4, 6, 12].map((step) => at("step", step))).toEqual([0, 4, 6, 12]);
    expect([0, 2, 4, 6, 12, 14].map((step) => at("epoch", step))).toEqual([0, 0.5, 1, 1.5, 3, 3.5]);
    expect([0, 1, 4, 12].map((step) => at("examples", step))).toEqual([0, 8, 32, 96]);
    expect([0, 1, 4, 8, 12].map((step) => at("time", step))).toEqual([0, 2, 9, 18, 27]);
  });

  it("is not what a metric of the same name says", () => {
    const named = {
      "metric:step": [0.1, 0.2],
      "metric:epoch": [7, 8],
      "metric:wall_time": [3, 4],
      "metric:learning_rate": [5, 6],
      "metric:batch loss": [1, 1],
      val_step: [0.3, 0.4],
      val_learning_rate: [9, 9],
      examples: [11, 12],
      learning_rate: [0.01, 0.01],
      loss: [2, 1],
    };
    const epochs = rows("epochs", { step: [4, 8], epoch: [0, 1], wall_time: [1010, 1020], ...named });
    const names: Course = { epochs, losses: null, start: 1000 };
    expect(metricsOf([epochs], true)).toEqual([
      "loss",
      "batch loss",
      "examples",
      "metric:batch loss",
      "metric:epoch",
      "metric:learning_rate",
      "metric:step",
      "metric:wall_time",
      "learning_rate",
    ]);
    expect(metricsOf([epochs], true).map(metricWords)).toContain("step (metric)");
    for (const [align, x] of [
      ["step", [4, 8]],
      ["epoch", [1, 2]],
      ["time", [10, 20]],
    ] as const) {
      const { main, second } = runLines("r", names, "metric:step", "both", align);
      expect([[...main!.x], [...main!.y], [...second!.y]]).toEqual([x, [0.3, 0.4], [0.1, 0.2]]);
    }
    expect([...runLines("r", names, "examples", "train", "step").main!.y]).toEqual([11, 12]);
  });

  it("says what a log does not hold", () => {
    const bare: Course = { epochs: rows("epochs", { step: [4], loss: [1] }), losses: null, start: 0 };
    expect(placingOf("examples", bare, bare.epochs)).toMatch(/examples/);
    expect(placingOf("epoch", bare, bare.epochs)).toMatch(/epochs end/);
    expect(placingOf("time", bare, bare.epochs)).toMatch(/when/);
  });

  it("places a log of Keras alone by epoch and time, and by step where it says its updates", () => {
    const epochs = rows(
      "epochs",
      { step: [0, 1, 2], loss: [3, 2, 1], wall_time: [1010, 1020, 1030] },
      { step_is: "epoch" },
    );
    const losses = rows(
      "losses",
      { step: [1, 2, 3], loss: [3, 2, 1], wall_time: [1001, 1002, 1003] },
      { step_is: "batch", loss_is: "running mean" },
    );
    const keras: Course = { epochs, losses, start: 1000 };
    expect(placingOf("step", keras, epochs)).toMatch(/counts epochs/);
    expect(placingOf("examples", keras, epochs)).toMatch(/counts epochs/);
    const lines = runLines("k", keras, "loss", "train", "epoch");
    expect([...lines.main!.x]).toEqual([1, 2, 3]);
    expect([...runLines("k", keras, "loss", "train", "time").main!.x]).toEqual([10, 20, 30]);
    expect(runLines("k", keras, "loss", "train", "step")).toMatchObject({
      main: null,
      problem: expect.stringMatching(/counts epochs/),
    });
    expect([...runLines("k", keras, "batch loss", "train", "step").main!.x]).toEqual([0, 1, 2]);
    expect(losses.runningMean).toBe(true);
    const validated = rows(
      "epochs",
      { step: [0, 1, 2], val_loss: [3, 2, 1], updates: [40, Number.NaN, 120] },
      { step_is: "epoch", missing: { updates: [1] } },
    );
    expect([...runLines("k", { ...keras, epochs: validated }, "loss", "validation", "step").main!.x]).toEqual([
      40, 80, 120,
    ]);
    expect(placingOf("examples", keras, validated)).toMatch(/counts epochs/);
    expect(metricsOf([validated], false)).toEqual(["loss"]);
  });

  it("places Keras' epochs by step where the log says how many updates they had", () => {
    const epochs = rows(
      "epochs",
      { step: [0, 1, 2, 3], loss: [4, 3, 2, 1], updates: [Number.NaN, 100, Number.NaN, 200] },
      { step_is: "epoch" },
    );
    const line = runLines("k", { epochs, losses: null, start: 0 }, "loss", "train", "step").main!;
    expect([[...line.x], [...line.y]]).toEqual([
      [100, 150, 200],
      [3, 2, 1],
    ]);
    expect(metricsOf([epochs], false)).toEqual(["loss"]);
  });

  it("has a unit that suits the longest run", () => {
    expect([0.5, 60, 600, 6e4].map((seconds) => timeUnit(seconds)[1])).toEqual([
      "milliseconds",
      "seconds",
      "minutes",
      "hours",
    ]);
  });
});

describe("lines and facts", () => {
  it("leave out rows that did not hold the metric, and keep NaN that was logged", () => {
    const both = runLines("r", course, "loss", "both", "step");
    expect([...both.main!.x]).toEqual([4, 12]);
    expect(both.main!.part).toBe("validation");
    expect([...both.second!.y]).toEqual([2, 1, 0.5]);
    const broken: Course = { ...course, epochs: rows("epochs", { step: [4, 8], val_loss: [1, Number.NaN] }) };
    expect([...runLines("r", broken, "loss", "validation", "step").main!.y]).toEqual([1, Number.NaN]);
    expect(runLines("r", broken, "nothing", "validation", "step")).toEqual({ main: null, second: null, problem: "" });
  });

  const facts = (more: Partial<Parameters<typeof factsOf>[0]> = {}): Facts =>
    factsOf({
      run: "r",
      course,
      lines: runLines("r", course, "loss", "validation", "epoch"),
      metric: "loss",
      better: "lower",
      target: 1,
      settings: "",
      cost: null,
      problem: "",
      ...more,
    });

  it("are the best, the last, the first at the target, and the gap of one epoch", () => {
    const got = facts();
    expect(got.best).toEqual({ x: 3, y: 0.9 });
    expect(got.final).toEqual({ x: 3, y: 0.9 });
    expect(got.reach).toEqual({ x: 3, y: 0.9 });
    expect(facts({ target: 0.1 }).reach).toBeNull();
    expect(facts({ target: 2.5 }).reach).toEqual({ x: 1, y: 2.2 });
    expect([got.accuracy, got.train]).toEqual([0.5, 0.5]);
    expect(got.gap).toBeCloseTo(0.4, 12);
  });

  it("sort best first, either way round, with what is not there last", () => {
    const row = (run: string, best: number | null, reach: number | null): Facts => ({
      ...facts(),
      run,
      best: best === null ? null : { x: 0, y: best },
      reach: reach === null ? null : { x: reach, y: 0 },
    });
    const all = [row("a", 2, 5), row("b", null, null), row("c", 1, null), row("d", Number.NaN, 3)];
    const order = (...of: [Parameters<typeof sortedFacts>[1], boolean, "lower" | "higher"]): string =>
      sortedFacts(all, ...of)
        .map((each) => each.run)
        .join("");
    expect(order("best", false, "lower")).toBe("cadb");
    expect(order("best", true, "lower")).toBe("acdb");
    expect(order("best", false, "higher")).toBe("acdb");
    expect(order("reach", false, "higher")).toBe("dabc");
    expect(order("reach", true, "lower")).toBe("adbc");
    expect(order("run", true, "lower")).toBe("dcba");
  });

  it("find every metric, the loss first and the learning rate last", () => {
    expect(
      metricsOf([course.epochs, null, rows("epochs", { step: [1], learning_rate: [1], val_f1: [1] })], true),
    ).toEqual(["loss", "batch loss", "accuracy", "f1", "learning_rate"]);
  });

  it("refuse columns that do not fit their steps", () => {
    const bad = record("epochs", { step: [1, 2], loss: [1] });
    expect(rowsOf(bad)!.columns.has("loss")).toBe(false);
    expect(rowsOf(record("filters", { step: [1] }))).toBeNull();
    expect(rowsOf(null)).toBeNull();
  });
});

describe("the chart", () => {
  const line = (x: number[], y: number[]): Line => ({
    run: "r",
    part: "validation",
    x: Float64Array.from(x),
    y: Float64Array.from(y),
  });

  it("stands on the page's time axis, and on a part of it when zoomed", () => {
    const axis = timeAxis("log", 600);
    const all = acrossOf(axis, null);
    const part = acrossOf(axis, [10, 100]);
    for (const step of [0, 7, 600]) expect(all.toShare(step)).toBe(axis.toShare(step));
    expect([part.toShare(10), part.toShare(100)].map((share) => Number(share.toFixed(12)))).toEqual([0, 1]);
    expect(part.toX(part.toShare(42))).toBeCloseTo(42, 9);
    const ticks = part.ticks(0.1);
    expect(ticks.length).toBeGreaterThan(2);
    ticks
      .slice(1)
      .forEach((tick, i) => expect(part.toShare(tick) - part.toShare(ticks[i]!)).toBeGreaterThanOrEqual(0.1));
    const near = zoomedBy(all, axis, 0.5, 600)!;
    expect(near[1]).toBeCloseTo(600, 6);
    expect(axis.toShare(near[1]) - axis.toShare(near[0])).toBeCloseTo(0.5, 9);
    expect(zoomedBy(acrossOf(axis, near), axis, 2, 600)).toBeNull();
  });

  it("walks from point to point with the keyboard", () => {
    const stops = [1, 4, 9];
    expect([
      stepped(stops, null, 1),
      stepped(stops, null, -1),
      stepped(stops, 4, 1),
      stepped(stops, 5, 1),
      stepped(stops, 5, -1),
    ]).toEqual([0, 2, 2, 2, 1]);
    expect([
      stepped(stops, 9, 1),
      stepped(stops, 0, -1),
      stepped(stops, 4, -Infinity),
      stepped(stops, 4, Infinity),
      stepped(stops, 20, -1),
    ]).toEqual([2, 0, 0, 2, 2]);
  });

  it("marks what has no place, and knows where a line ends or leaves", () => {
    const odd = line([1, 2, 3, 4], [Number.NaN, -Infinity, 0, 5]);
    expect(oddPoints(odd, valueAxis("linear", 0, 5)).map((each) => [each.x, each.what, each.top])).toEqual([
      [1, "nan", true],
      [2, "inf", false],
    ]);
    expect(oddPoints(odd, valueAxis("log", 1, 5)).map((each) => each.what)).toEqual(["nan", "inf", "below"]);
    const drawn = chartLine(line([0, 10, 20], [1, 3, Number.NaN]), 0, "main");
    const across = acrossOf(timeAxis("linear", 30), null);
    expect(endOf(drawn, across, valueAxis("linear", 0, 5))).toEqual({ x: 10, y: 3 });
    expect(endOf(drawn, acrossOf(timeAxis("linear", 30), [0, 5]), valueAxis("linear", 0, 5))).toEqual({ x: 5, y: 2 });
    expect([goingOn([drawn], timeAxis("linear", 30)), goingOn([drawn], timeAxis("linear", 15))]).toEqual([0, 1]);
  });
});

describe("settings", () => {
  const all = [
    { optimizer: "adam", learning_rate: 0.001, beta_1: 0.9, epsilon: 1e-7 },
    { optimizer: "rmsprop", learning_rate: 5.00000023748e-4, rho: 0.9, epsilon: 1e-7, centered: false },
    { optimizer: "adadelta", learning_rate: 1, rho: 0.95, epsilon: 1e-7 },
    null,
  ];

  it("are told by what differs", () => {
    const keys = differingKeys(all);
    expect(keys).toEqual(["optimizer", "learning_rate", "rho"]);
    expect(all.map((each) => settingsInWords(each, keys))).toEqual([
      "adam, lr 0.001",
      "rmsprop, lr 5·10⁻⁴, rho 0.9",
      "adadelta, lr 1, rho 0.95",
      "",
    ]);
    expect(differingKeys([{ optimizer: "sgd" }, { optimizer: "sgd", dropout: 0.5 }])).toEqual(["dropout"]);
  });

  it("say whether any ran more than once, seeds aside", () => {
    expect(howSure(all)).toMatch(/cannot be told/);
    expect(
      howSure([
        { lr: 1, seed: 1 },
        { lr: 1, seed: 2 },
        { lr: 2, seed: 1 },
      ]),
    ).toMatch(/^1 of 2 settings ran more than once/);
    expect(howSure([null, null])).toMatch(/cannot be told/);
    expect(howSure([null])).toBe("");
  });
});

describe("the view's entries of the URL", () => {
  it("take numbers and nothing else", () => {
    for (const hostile of ["", "NaN", "Infinity", "1e999", "0x10", "1,2", " 1", "1;2", "9".repeat(400)])
      expect(target.parse(hostile), hostile).toBeUndefined();
    for (const value of [0.6, -3, 1e-7, 120]) expect(target.parse(target.format(value))).toBe(value);
    for (const hostile of ["1", "2,1", "1,1", "1,2,3", "1,2,4,3", "1,2,3,4,5", "a,b", "1,".repeat(90)])
      expect(zoom.parse(hostile), hostile).toBeUndefined();
    expect(zoom.parse("1,2")).toEqual({ x: [1, 2], y: null });
    expect(zoom.parse(zoom.format({ x: [0.5, 100], y: [0.1, 2.5] }))).toEqual({ x: [0.5, 100], y: [0.1, 2.5] });
  });
});

describe("the CSV", () => {
  it("holds a row a run and a row a point", () => {
    const lines = [
      { run: "=a,b", part: "train" as const, x: Float64Array.of(1, 2), y: Float64Array.of(0.5, Number.NaN) },
    ];
    const text = compareCsv([], lines, { metric: "val loss", align: "step", target: 0.6 });
    const [table, points] = text.split("\r\n\r\n") as [string, string];
    expect(table.split(",").slice(0, 3)).toEqual(["run", "hyper_parameters", "metric"]);
    expect(points.split("\r\n")).toEqual(["run,part,step,val loss", `"'=a,b",train,1,0.5`, `"'=a,b",train,2,NaN`, ""]);
  });
});
