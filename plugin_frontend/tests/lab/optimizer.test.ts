import { describe, expect, it } from "vitest";
import type { DataArray, DataRecord } from "../../src/data/binary.ts";
import type { ModelRecord, VariableRecord } from "../../src/data/schema.ts";
import { agreementOf, courseOf, exactSteps, MOST_UPDATES } from "../../src/math/optimizer_course.ts";
import { IDS } from "../../src/math/optimizer_ids.ts";
import { formulaOf, OPTIMIZERS, startOf, updated, type Values } from "../../src/math/optimizers.ts";
import { formatByHand, parseByHand } from "../../src/views/lab/optimizer/by_hand.ts";
import { followedOf, numberAt, placeInShape } from "../../src/views/lab/optimizer/followed.ts";
import { optimizerShown, weightsOf, type OptimizerShown } from "../../src/views/lab/optimizer/optimizer_view_model.ts";
import { valuesOf } from "../../src/views/lab/optimizer/optimizer_layout.ts";
import { ownOptimizer } from "../../src/views/lab/optimizer/own_optimizer.ts";
import { RandomValues } from "../math/random_values.ts";

const defaults = (id: (typeof IDS)[number]): Values =>
  Object.fromEntries(OPTIMIZERS[id].settings.map(({ key, value }) => [key, value]));

function recordedOf(steps: number[], gradients: number[], start = 0.5) {
  const values = Float64Array.from(steps, () => start);
  return {
    steps: Float64Array.from(steps),
    gradients: Float64Array.from(gradients),
    values,
    updates: new Float64Array(steps.length),
  };
}

function array(values: Float64Array | Float32Array, ...shape: number[]): DataArray {
  return { dtype: "float32", shape, values };
}

function recordOf(steps: number[], gradient: number[], value: number[], update: number[], more = {}): DataRecord {
  const weights = gradient.length / steps.length;
  const arrays = {
    step: array(Float64Array.from(steps), steps.length),
    indices: array(
      Float64Array.from({ length: weights }, (_, i) => 3 * i),
      weights,
    ),
    gradient: array(Float32Array.from(gradient), steps.length, weights),
    value: array(Float32Array.from(value), steps.length, weights),
    update: array(Float32Array.from(update), steps.length, weights),
    ...more,
  };
  return { kind: "gradient_samples", layer: null, step: 0, wallTime: 0, attributes: {}, arrays, bytes: 0 };
}

const VARIABLE = {
  path: "net/conv/kernel",
  layer: "net/conv",
  role: "kernel",
  shape: [2, 3],
  size: 6,
} as VariableRecord;
const model = (optimizer: string | null, hparams: ModelRecord["hparams"]): ModelRecord =>
  ({ optimizer, hparams }) as ModelRecord;

describe("the formula", () => {
  for (const id of IDS) {
    it(`of ${id} leads to the weight that the update gives`, () => {
      const optimizer = OPTIMIZERS[id];
      const settings = { ...defaults(id), weight_decay: 0.01 };
      let state = startOf(optimizer, settings);
      let w = 0.3;
      const random = new RandomValues(7);
      for (let i = 0; i < 30; i++) {
        const g = random.uniform() - 0.5;
        const moment = { g: Math.fround(g), w: Math.fround(w), rate: 0.01, t: i + 1, settings };
        const lines = formulaOf(optimizer, moment, state);
        const after = updated(optimizer, moment, state);
        expect(lines[0]![2]).toBeCloseTo(w - 0.01 * 0.01 * w, 6);
        expect(lines.at(-1)![2]).toBe(after.w);
        expect(lines[0]![2] + lines.at(-2)![2]).toBeCloseTo(after.w, 6);
        ({ w, state } = after);
      }
    });
  }

  it("of Adam has m̂, v̂ and Keras' epsilon", () => {
    const moment = { g: 0.5, w: 1, rate: 0.001, t: 1, settings: defaults("adam") };
    const lines = formulaOf(OPTIMIZERS.adam, moment, { m: 0, v: 0, most: 0 });
    const by = Object.fromEntries(lines.map(([symbols, , result]) => [symbols.split(" ")[0], result]));
    expect(by["m̂"]).toBeCloseTo(0.5, 6);
    expect(by["v̂"]).toBeCloseTo(0.25, 5);
    expect(by["ε̂"]).toBeCloseTo(1e-7 / Math.sqrt(0.001), 10);
    expect(by["Δw"]).toBeCloseTo(-0.001, 7);
  });
});

describe("a course", () => {
  it("takes the last recorded gradient again between recorded steps", () => {
    const course = courseOf(OPTIMIZERS.sgd, defaults("sgd"), recordedOf([0, 1, 5], [1, 2, 4]), () => 0.25);
    expect(Array.from(course.values)).toEqual([0.5, 0.25, 0.25 - 4 * 0.5, 0.25 - 2 - 1]);
    expect(course.next.slice(0, 2)).toEqual([0.25, -0.25]);
  });

  it("asks for the rate of every step", () => {
    const course = courseOf(OPTIMIZERS.sgd, defaults("sgd"), recordedOf([0, 3], [1, 1], 0), (step) => step + 1);
    expect(Array.from(course.values)).toEqual([0, -6, -10]);
  });

  it("ends where steps lie further apart than anyone can train", () => {
    const course = courseOf(OPTIMIZERS.adam, defaults("adam"), recordedOf([0, 1, 2 ** 53 - 2], [1, 1, 1]), () => 0.1);
    expect(course.values[1]).not.toBeNaN();
    expect(Array.from(course.values.slice(2))).toEqual([NaN, NaN]);
    expect(course.moments.length).toBe(2);
    expect(MOST_UPDATES).toBeLessThan(1e6);
  });

  it("becomes NaN with its gradient and stays so", () => {
    for (const id of IDS) {
      const course = courseOf(OPTIMIZERS[id], defaults(id), recordedOf([0, 1, 2], [1, NaN, 1]), () => 0.1);
      expect(Array.from(course.values, Number.isNaN), id).toEqual([false, false, true, true]);
    }
  });

  it("is exact on the steps that follow one another from 0", () => {
    expect([[0, 1, 2, 5], [1, 2], [], [0], [0, 2]].map(exactSteps)).toEqual([3, 0, 0, 1, 1]);
  });

  it("is compared with the log behind each exact update alone", () => {
    const recorded = recordedOf([0, 1, 9], [1, 1, 1], 0);
    const course = courseOf(OPTIMIZERS.sgd, defaults("sgd"), recorded, () => 0.5);
    recorded.values.set([0, -0.5, 70]);
    recorded.updates.set([-0.5, -0.5, 0]);
    expect(agreementOf(course, recorded, 2)).toEqual({ deviation: 0, at: 0, compared: 2, differsFrom: null });
    recorded.updates[1] = -0.75;
    expect(agreementOf(course, recorded, 2)).toEqual({ deviation: 0.25, at: 1, compared: 2, differsFrom: 1 });
    recorded.values[1] = NaN;
    expect(agreementOf(course, recorded, 2)).toMatchObject({ deviation: NaN, at: 0, differsFrom: 0 });
    expect(agreementOf(course, recorded, 0)).toBeNull();
  });
});

describe("the run's own optimizer", () => {
  it("is told by class, momentum and nesterov", () => {
    const id = (name: string, hparams = {}) => ownOptimizer(model(name, hparams)).id;
    expect(id("SGD", { momentum: 0 })).toBe("sgd");
    expect(id("SGD", { momentum: 0.9, nesterov: false })).toBe("momentum");
    expect(id("SGD", { momentum: 0.9, nesterov: true })).toBe("nesterov");
    expect(id("AdamW")).toBe("adamw");
    for (const other of ["Nadam", "Adam, SGD", "", "constructor", "__proto__"]) expect(id(other)).toBeNull();
  });

  it("has what is logged, and says what is not", () => {
    const own = ownOptimizer(
      model("Adam", { beta_1: 0.8, epsilon: "small", beta_2: NaN, amsgrad: true, learning_rate: "Cosine" }),
    );
    expect(own.settings).toEqual({ beta_1: 0.8, amsgrad: 1 });
    expect(own.rate).toBeNull();
    expect(own.notes.join()).toContain("β₂, ε");
  });
});

describe("settings by hand", () => {
  it("come back from the address", () => {
    const text = "adam.rate=0.01;sgd.weight_decay=1e-5";
    expect(formatByHand(parseByHand(text))).toBe("adam.rate=0.01;sgd.weight_decay=0.00001");
  });

  it("are left out where they mean nothing", () => {
    for (const text of [
      "adam.rate=-1",
      "adam.beta_1=2",
      "adam.x=1",
      "constructor.rate=1",
      "adam.rate=",
      "adam.rate=1e999",
      ";;=",
      "lion.epsilon=1",
    ])
      expect(parseByHand(text).size, text).toBe(0);
  });
});

describe("followed weights", () => {
  it("are read, the one that moved most first", () => {
    const followed = followedOf(recordOf([0, 1], [1, 2, 3, 4], [0, 0, 1, -5], [1, 1, 1, 1]));
    const weights = weightsOf(followed, VARIABLE);
    expect(weights.map(({ index, label, moved }) => [index, label, moved])).toEqual([
      [3, "[1, 0]", -4],
      [0, "[0, 0]", 2],
    ]);
    expect(Array.from(followed.of(1).gradients)).toEqual([2, 4]);
  });

  it("are refused where the arrays do not fit", () => {
    const good = recordOf([0, 1], [1, 2], [0, 0], [1, 1]);
    for (const more of [
      { step: array(Float64Array.from([1, 0]), 2) },
      { step: array(Float64Array.from([0, NaN]), 2) },
      { value: array(new Float32Array(3), 3) },
      { indices: array(new Float64Array(2), 2) },
    ])
      expect(() => followedOf({ ...good, arrays: { ...good.arrays, ...more } })).toThrow();
    expect(() => followedOf({ ...good, arrays: {} })).toThrow();
  });

  it("lie in the variable's shape, however odd it is", () => {
    expect(placeInShape(355, [5, 5, 1, 16])).toBe("[4, 2, 0, 3]");
    expect(placeInShape(4, [0, 2])).toBe("[0, 0]");
  });

  it("take the learning rate of their step", () => {
    const record = {
      arrays: { step: array(Float64Array.from([0, 2, 4]), 3), r: array(Float32Array.from([1, 2, 3]), 3) },
    };
    const at = numberAt(record as unknown as DataRecord, "r");
    expect([0, 1, 2, 3, 4, 9].map(at)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(numberAt(null, "r")(0)).toBeNaN();
  });
});

describe("what is shown", () => {
  const followed = followedOf(recordOf([0, 1, 2], [0.5, 3, -2], [1, 1, 1], [0, 0, 0]));
  const shown = (own: ReturnType<typeof ownOptimizer>, norms: DataRecord | null = null, hand = "") =>
    optimizerShown(
      followed,
      weightsOf(followed, VARIABLE),
      {
        variable: VARIABLE,
        losses: recordOf([0, 1, 2], [0, 0, 0], [0, 0, 0], [0, 0, 0], {
          learning_rate: array(Float32Array.from([0.5, 0.25, 0.125]), 3),
        }),
        norms,
        own,
      },
      null,
      "own",
      parseByHand(hand),
    )!;

  it("gives the run's rates to its own family and Keras' defaults to the others", () => {
    const { paths, chosen } = shown(ownOptimizer(model("SGD", { momentum: 0.5 })));
    expect(chosen.optimizer.id).toBe("momentum");
    const rates = Object.fromEntries(paths.map(({ optimizer, rateAt }) => [optimizer.id, rateAt(1)]));
    expect(rates).toMatchObject({ sgd: 0.25, momentum: 0.25, nesterov: 0.25, adam: 0.001, lion: 0.001 });
    expect(chosen.settings["momentum"]).toBe(0.5);
    expect(paths.find(({ optimizer }) => optimizer.id === "nesterov")!.settings["momentum"]).toBe(0.9);
  });

  it("clips as the run did, by value and by the logged norm", () => {
    const byValue = shown(ownOptimizer(model("SGD", { clipvalue: 1 })));
    expect(Array.from(byValue.recorded.gradients)).toEqual([0.5, 1, -1]);
    expect(Array.from(byValue.received)).toEqual([0.5, 3, -2]);
    const norms = recordOf([0, 1, 2], [0, 0, 0], [0, 0, 0], [0, 0, 0], {
      norm: array(Float32Array.from([0.5, 6, 4]), 3, 1),
    });
    expect(Array.from(shown(ownOptimizer(model("SGD", { clipnorm: 2 })), norms).recorded.gradients)).toEqual([
      0.5, 1, -1,
    ]);
    const all = { ...norms.arrays, norm: array(Float32Array.from([3, 4, 0, 1, 6, 8]), 3, 2) };
    const global = shown(ownOptimizer(model("SGD", { global_clipnorm: 5 })), { ...norms, arrays: all });
    expect(Array.from(global.recorded.gradients)).toEqual([0.5, 3, -1]);
  });

  it("does not compare what is by hand, and says so", () => {
    const own = ownOptimizer(model("SGD", {}));
    expect(shown(own).agreement).not.toBeNull();
    expect(shown(own, null, "sgd.rate=0.1").agreement).toBeNull();
    expect(shown(own, null, "sgd.rate=0.1").incomparable).not.toBe("");
    expect(shown(own, null, "adam.rate=0.1").agreement).not.toBeNull();
  });

  it("fits the axis of values to all steps or the exact ones, without lines that run far away", () => {
    const drawn = (ends: readonly number[], exact: number, chosen: number) => {
      const paths = ends.map((end) => ({ course: { values: Float64Array.from([0, 0.5, end]) } }));
      return { logged: Float64Array.from([0, 1, 2]), paths, chosen: paths[chosen], exact } as unknown as OptimizerShown;
    };
    const range = (of: OptimizerShown, fits: "all" | "exact") => {
      const { lo, hi } = valuesOf(of, fits);
      return [lo, hi];
    };
    const far = drawn([2, 3, 1000, NaN], 2, 0);
    expect(range(far, "all")[1]).toBeCloseTo(3 * 1.06, 6);
    expect(range(far, "exact")[1]).toBeCloseTo(1.06, 6);
    expect(range(drawn([2, 3, 1000, NaN], 2, 2), "all")[1]).toBeCloseTo(1060, 6);
  });
});
