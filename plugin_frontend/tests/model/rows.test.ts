import { describe, expect, it } from "vitest";
import type { LayerRecord } from "../../src/data/schema.ts";
import { edgesOf } from "../../src/math/edges.ts";
import { foldsOf, MOST_ROWS, nameOf, rowOf, rowsOf } from "../../src/views/model/rows.ts";
import { layer, pick, seeded } from "../support.ts";

/** Blocks of five layers of one size, the last one padding for the next block. */
function network(blocks: number): LayerRecord[] {
  const layers = [layer("input", "input", [], [512, 512, 3])];
  for (let block = 1; block <= blocks; block++) {
    const size = 512 >> block;
    for (const name of ["conv", "bn", "relu", "conv2", "pad"]) {
      const role = { bn: "normalization", relu: "activation", pad: "reshape" }[name] ?? "convolution";
      const own = name === "pad" ? size + 2 : size;
      layers.push(layer(`b${block}_${name}`, role, [layers.at(-1)?.path ?? ""], [own, own, 8]));
    }
  }
  return layers;
}

describe("rows", () => {
  it("stand for every layer once, in order, whatever is unfolded", () => {
    const random = seeded(61);
    for (let round = 0; round < 60; round++) {
      const layers = network(2 + Math.floor(random() * 7));
      const folds = foldsOf(layers);
      const open = new Set([...folds.values()].filter(() => random() < 0.3));
      const rows = rowsOf(layers, folds, open);
      expect(rows.flatMap((row) => row.layers)).toEqual(layers);
      for (const row of rows) {
        expect(row.folded).toBe(row.layers.length > 1);
        if (row.folded) expect(open.has(row.key)).toBe(false);
      }
      const one = pick(random, layers);
      expect(rows[rowOf(rows, one.path)]?.layers).toContain(one);
      for (const { from, to } of edgesOf(rows)) expect(to - from).toBe(1);
    }
  });

  it("of a short network do not fold", () => {
    expect(foldsOf(network(4)).size).toBe(0);
    expect(network(4).length).toBeLessThanOrEqual(MOST_ROWS);
  });

  it("fold a block with what rides along, and hand on the block's own size", () => {
    const rows = rowsOf(network(6), foldsOf(network(6)), new Set(["b2_conv"]));
    expect(rows.map((row) => (row.folded ? `(${row.layers.length})` : row.key))).toEqual([
      "input",
      "(5)",
      "b2_conv",
      "b2_bn",
      "b2_relu",
      "b2_conv2",
      "b2_pad",
      "(5)",
      "(5)",
      "(5)",
      "(5)",
    ]);
    expect(rows[1]?.face.output_shape).toEqual([256, 256, 8]);
    expect(nameOf(rows[1] as (typeof rows)[number])).toBe("b1");
    expect(rows.map((row) => row.unfolded)).toEqual([0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
