import { describe, expect, it } from "vitest";
import { allFacts, coursesOf, mainName, targetOf, trainingBeside, wantedEnd } from "../../src/views/compare/courses.ts";
import { drawnRuns } from "../../src/views/compare/scene.ts";
import type { Course } from "../../src/views/compare/places.ts";
import { rowsOf } from "../../src/views/compare/rows.ts";
import { summary } from "../support.ts";

function rows(kind: string, columns: Record<string, number[]>, attributes: Record<string, unknown> = {}) {
  const arrays = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [
      name,
      { dtype: "float64" as const, shape: [values.length], values: Float64Array.from(values) },
    ]),
  );
  return rowsOf({ kind, layer: null, step: 0, wallTime: 0, attributes, arrays, bytes: 0 });
}

const LOSSES = rows("losses", {
  step: [0, 1, 2, 3],
  loss: [4, 3, 2, 1],
  examples: [8, 16, 24, 32],
  wall_time: [101, 102, 103, 104],
});
const WITH_BOTH: Course = {
  epochs: rows("epochs", { step: [2, 4], epoch: [0, 1], loss: [3.5, 1.5], val_loss: [3, 2], wall_time: [102, 104] }),
  losses: LOSSES,
  start: 100,
};
const TRAIN_ONLY: Course = {
  epochs: rows("epochs", { step: [2, 4], epoch: [0, 1], loss: [3, 1] }),
  losses: null,
  start: 100,
};
const KERAS: Course = {
  epochs: rows(
    "epochs",
    { step: [0, 1], loss: [3, 1], val_loss: [3, 1], lr: [1, 1] },
    { step_is: "epoch", plain: ["lr"], sampled: true },
  ),
  losses: null,
  start: 100,
};

const COURSES: Record<string, Course> = { both: WITH_BOTH, train: TRAIN_ONLY, keras: KERAS };
const RUNS = Object.keys(COURSES).map((name) => summary(name, { kinds: ["epochs"] }));
const data = {
  course: ({ name }: { name: string }) => COURSES[name]!,
  problem: (run: string) => (run === "train" ? "The connection broke." : ""),
};

describe("the courses of runs", () => {
  const said = (metric: string, part: "validation" | "train", align: "step" | "epoch"): Record<string, string> => {
    const courses = coursesOf(RUNS, data, { metric, part, align });
    return Object.fromEntries(allFacts(courses, data, "lower", null).map((facts) => [facts.run, facts.problem]));
  };

  it("say what is not as in other runs", () => {
    expect(said("loss", "validation", "step")).toEqual({
      both: "",
      train: "The connection broke.",
      keras: expect.stringMatching(/^Not drawn by step: its log counts epochs/),
    });
    expect(said("loss", "validation", "epoch")["keras"]).toBe(
      "TensorBoard keeps about 1,000 points of a curve; others may be missing.",
    );
    expect(said("lr", "train", "epoch")["keras"]).toMatch(/^Its steps are what the tool counted/);
    expect(said("lr", "train", "epoch")["both"]).toBe("It logged no lr.");
  });

  it("have a unit of time, in which every line stands", () => {
    const { unit, scale, runs } = coursesOf(RUNS, data, { metric: "loss", part: "validation", align: "time" });
    expect([unit, scale]).toEqual(["seconds", 1]);
    expect([...runs[0]!.lines.main!.x]).toEqual([2, 4]);
  });

  it("set beside a validation curve the training curve of the same epochs", () => {
    const by = (metric: string, part: "validation" | "both" | "train") => {
      const courses = coursesOf(RUNS, data, { metric, part, align: "step" });
      return trainingBeside(courses.runs[0]!, courses);
    };
    expect([...by("loss", "validation")!.y]).toEqual([3.5, 1.5]);
    expect([...by("loss", "both")!.y]).toEqual([3.5, 1.5]);
    expect(by("loss", "train")).toBeNull();
  });

  it("draw no more than a hundred: A, B and the best", () => {
    const many = Array.from({ length: 130 }, (_, i) => summary(`run ${i}`, { kinds: ["epochs"] }));
    const course = (run: { name: string }) => {
      const { epochs } = WITH_BOTH;
      const worse = (name: string): [string, Float64Array] => [
        name,
        epochs!.columns.get(name)!.map((value) => value + ((Number(run.name.slice(4)) * 37) % 130)),
      ];
      return { ...WITH_BOTH, epochs: { ...epochs!, columns: new Map([...epochs!.columns, worse("val_loss")]) } };
    };
    const courses = coursesOf(many, { course }, { metric: "loss", part: "validation", align: "step" });
    const drawn = drawnRuns(courses, ["run 7", "run 128"], "lower").map((run) => run.summary.name);
    const wanted = many
      .map(({ name }) => ({ name, rank: (Number(name.slice(4)) * 37) % 130 }))
      .filter(({ name, rank }) => rank < 98 || name === "run 7" || name === "run 128");
    expect(drawn).toHaveLength(100);
    expect(drawn).toContain("run 7");
    expect(drawn).toContain("run 128");
    for (const { name } of wanted) expect(drawn).toContain(name);
  });

  it("take the end of a metric that its name says, unless told", () => {
    expect([wantedEnd("auto", "accuracy"), wantedEnd("lower", "accuracy"), wantedEnd("auto", "loss")]).toEqual([
      "higher",
      "lower",
      "lower",
    ]);
    const courses = coursesOf(RUNS, data, { metric: "loss", part: "validation", align: "epoch" });
    expect(targetOf(0.25, courses, "lower")).toBe(0.25);
    expect(targetOf(null, courses, "lower")).toBe(2);
    expect([mainName(courses.choice), mainName({ ...courses.choice, part: "train" })]).toEqual([
      "val loss",
      "train loss",
    ]);
  });
});
