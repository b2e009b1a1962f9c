import { describe, expect, it } from "vitest";
import { counterpartOf, rootOf, withoutRoot } from "../../src/state/layer_paths.ts";

describe("layers of two models", () => {
  it("are the same but for the model's own name", () => {
    const b = ["sequential_1/conv1", "sequential_1/block/conv1", "sequential_1/dense"];
    expect(counterpartOf("sequential/conv1", b)).toBe("sequential_1/conv1");
    expect(counterpartOf("sequential/block/conv1", b)).toBe("sequential_1/block/conv1");
    expect(counterpartOf("sequential_1/dense", b)).toBe("sequential_1/dense");
    expect(counterpartOf("sequential/conv2", b)).toBeNull();
    expect(counterpartOf("conv1", b)).toBeNull();
  });

  it("are told apart where the paths have no name in common", () => {
    const b = ["left/conv", "right/conv"];
    expect(rootOf(b)).toBe("");
    expect(counterpartOf("middle/conv", b)).toBeNull();
    expect(rootOf([])).toBe("");
    expect(rootOf(["conv1", "conv2"])).toBe("");
  });

  it("have a path without that name", () => {
    expect(withoutRoot("sequential/a/b", rootOf(["sequential/a/b", "sequential/c"]))).toBe("a/b");
  });
});
