import { describe, expect, it } from "vitest";
import { alarmsByLayer, causesOf, depthsOf, kindWords, worstAlarm } from "../../src/state/verdict_order.ts";
import { detail, layer } from "../support.ts";
import { verdict } from "./cases.ts";

describe("verdicts in order", () => {
  const chain = [
    verdict(0, { kind: "unscaled_input", severity: "warning" }),
    verdict(1, { kind: "dead_units", causes: [0] }),
    verdict(2, { causes: [0, 1] }),
    verdict(3, { kind: "overfitting", severity: "note" }),
  ];

  it("stand below their causes", () => {
    expect([...depthsOf(chain).values()]).toEqual([0, 1, 2, 0]);
    expect(causesOf(chain).map(({ id }) => id)).toEqual([0, 3]);
  });

  it("stand below nothing where their cause is left out", () => {
    expect(depthsOf([verdict(5, { causes: [9] })]).get(5)).toBe(1);
  });

  it("have a worst alarm, and a note is none", () => {
    expect(worstAlarm(chain)).toBe("error");
    expect(worstAlarm(chain.slice(0, 1))).toBe("warning");
    expect(worstAlarm(chain.slice(3))).toBeNull();
    expect(worstAlarm([])).toBeNull();
  });

  it("mark their layer, their variable's and all others that they mean, but notes do not", () => {
    const run = detail("a", [layer("n/a", "dense", [], [1]), layer("n/b", "dense", ["n/a"], [1])], {});
    run.model!.variables.push({
      path: "n/b/kernel",
      layer: "n/b",
      role: "kernel",
      shape: [1],
      dtype: "float32",
      size: 1,
      optimizers: [],
    });
    const marks = alarmsByLayer(
      [
        verdict(0, { layer: "n/a" }),
        verdict(1, { variable: "n/b/kernel" }),
        verdict(2, { layers: ["n/a", "n/b"], layer: "n/a" }),
        verdict(3, { layer: "n/c", severity: "note" }),
        verdict(4),
      ],
      run,
    );
    expect([...marks].map(([path, found]) => [path, found.map(({ id }) => id)])).toEqual([
      ["n/a", [0, 2]],
      ["n/b", [1, 2]],
    ]);
  });

  it("are named as people say it, each kind once", () => {
    expect(kindWords([verdict(0, { kind: "dead_units" }), verdict(1), verdict(2)])).toBe("dead units, frozen");
  });
});
