import { describe, expect, it } from "vitest";
import { actionOf } from "../../src/frame/keys.ts";
import { ago, liveStatus } from "../../src/state/liveness.ts";
import { matchesPattern } from "../../src/state/run_filter.ts";
import { runStyle, tellApart } from "../../src/state/run_style.ts";
import { describeLayer, spatialSide } from "../../src/state/shapes.ts";
import { layer, pick, seeded } from "../support.ts";

describe("matchesPattern", () => {
  it("equals a regular expression that says the same, over generated names and patterns", () => {
    const random = seeded(31);
    const letters = ["a", "b", "C", "/", "_", "."];
    const text = (most: number, more: string[] = []): string =>
      Array.from({ length: Math.floor(random() * most) }, () => pick(random, [...letters, ...more])).join("");
    const quoted = (word: string): string =>
      word
        .split("*")
        .map((p) => p.replaceAll(/[/.]/g, "\\$&"))
        .join(".*");
    for (let round = 0; round < 2000; round++) {
      const name = text(8);
      const pattern = text(6, ["*", " ", "|", "-"]);
      const alternatives = pattern
        .split("|")
        .map((part) => part.split(" ").filter(Boolean))
        .filter((words) => words.length);
      const wanted =
        alternatives.length === 0 ||
        alternatives.some((words) =>
          words.every((word) => {
            const not = word.startsWith("-") && word.length > 1;
            return new RegExp(quoted(not ? word.slice(1) : word), "i").test(name) !== not;
          }),
        );
      expect(matchesPattern(name, pattern), `${pattern} on ${name}`).toBe(wanted);
    }
  });

  it("takes the signs of regular expressions as signs", () => {
    expect(matchesPattern("lr(0.1)+", "(0.1)+")).toBe(true);
    expect(matchesPattern("lr01", "0.1")).toBe(false);
    expect(matchesPattern("x".repeat(10_000), "*x".repeat(200))).toBe(true);
    expect(matchesPattern("x".repeat(10_000), `${"x*".repeat(200)}y`)).toBe(false);
  });
});

describe("runStyle", () => {
  it("is by the name alone and differs in colour between common optimizers", () => {
    const names = ["sgd", "momentum", "adagrad", "adadelta", "rmsprop", "adam", "keras baseline"];
    const before = names.map((name) => runStyle(name).colour);
    for (let i = 0; i < 100; i++) runStyle(`other ${i}`);
    expect(names.map((name) => runStyle(name).colour)).toEqual(before);
    expect(new Set(before).size).toBe(names.length);
    const more = [
      ...names,
      "nesterov",
      "adamw",
      "nadam",
      "adamax",
      "lion",
      "ftrl",
      "baseline",
      "train",
      "validation",
      "run_0",
      "run_1",
      "run_2",
    ];
    expect(new Set(more.map((name) => Object.values(runStyle(name)).join())).size).toBe(more.length);
    for (const name of ["", "é\u202e", "x".repeat(10_000)])
      expect(runStyle(name).colour).toMatch(/^var\(--run-[1-7]\)$/);
  });
});

describe("tellApart", () => {
  it("leaves no two of 35 runs alike, and a run as it was", () => {
    const names = Array.from({ length: 35 }, (_, i) => `sweep/lr=${i}`);
    tellApart(names.slice(0, 6));
    const six = names.slice(0, 6).map((name) => JSON.stringify(runStyle(name)));
    expect(new Set(six).size).toBe(6);
    tellApart(names);
    const all = names.map((name) => JSON.stringify(runStyle(name)));
    expect(new Set(all).size).toBe(35);
    expect(all.slice(0, 6)).toEqual(six);
    tellApart([...names, "one more"]);
    expect(runStyle("one more").colour).toMatch(/^var\(--run-[1-7]\)$/);
  });
});

describe("liveness", () => {
  it("says live or stopped, and since when", () => {
    expect(liveStatus(1000, 1_000_000, 1_004_000)).toBe("Live, read 4 s ago");
    expect(liveStatus(1000, 1_839_000, 1_840_000)).toBe("Last record 14 min ago");
    expect([0, 59, 61, 7200, 86400 * 3].map(ago)).toEqual([
      "0 s ago",
      "59 s ago",
      "1 min ago",
      "2 h ago",
      "3 days ago",
    ]);
    expect(ago(-5)).toBe("0 s ago");
  });
});

describe("keys", () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
    actionOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

  it("are those of docs/page.md", () => {
    expect(press("3")).toEqual({ do: "view", key: "3" });
    expect(press("ArrowLeft")).toEqual({ do: "step", by: -1 });
    expect(press("ArrowRight", { shiftKey: true })).toEqual({ do: "step", by: 10 });
    expect(press("R")).toEqual(press("r"));
    expect(press("?", { shiftKey: true })).toEqual({ do: "keys" });
    expect(press("7")).toBeNull();
    expect(press("constructor")).toBeNull();
  });

  it("leave the browser's own alone", () => {
    for (const mod of ["ctrlKey", "metaKey", "altKey"] as const) expect(press("c", { [mod]: true })).toBeNull();
  });
});

describe("describeLayer", () => {
  it("says the layer in a few characters", () => {
    const conv = { kernel_size: [7, 7], strides: [1, 1], filters: 24 };
    expect(describeLayer(layer("c", "convolution", ["i"], [8, 8, 24], conv))).toBe("7×7, 24");
    expect(describeLayer(layer("c", "convolution", ["i"], [8, 8, 24], { ...conv, strides: [2, 2] }))).toBe(
      "7×7 / 2, 24",
    );
    expect(describeLayer(layer("c", "convolution", ["i"], [8, 8, 24], { ...conv, strides: [2, 1] }))).toBe(
      "7×7 / 2×1, 24",
    );
    expect(describeLayer(layer("p", "pooling", ["c"], [4, 4, 8], { kernel_size: [2, 2], pool: "max" }))).toBe(
      "max 2×2",
    );
    expect(describeLayer(layer("g", "pooling", ["c"], [8], { pool: "average" }))).toBe("mean");
    expect(describeLayer(layer("d", "dense", ["g"], [10], { input_shapes: [[64]] }))).toBe("64 → 10");
    expect(describeLayer(layer("a", "merge", ["m/conv2", "m/conv3"], [8], { type: "Add" }))).toBe("conv2 + conv3");
    expect(describeLayer(layer("a", "merge", ["x".repeat(9000), "y"], [8], { type: "Add" }))).toBe("2 inputs");
    expect(describeLayer(layer("i", "input", [], [48, 48, 3]))).toBe("48×48×3");
  });

  it("finds spatial axes in either layout", () => {
    expect(spatialSide(layer("a", "convolution", [], [5, 9, 64]))).toBe(9);
    expect(spatialSide(layer("a", "convolution", [], [64, 5, 9], { data_format: "channels_first" }))).toBe(9);
    expect(spatialSide(layer("a", "dense", [], [64]))).toBeNull();
  });
});
