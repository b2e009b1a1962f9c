import { describe, expect, it } from "vitest";
import type { LayerRecord } from "../../src/data/schema.ts";
import { arcLevels, edgesOf } from "../../src/math/edges.ts";
import { foldStrip, MOST_TILES, type StripItem } from "../../src/frame/strip/fold.ts";
import { foldName, headAndTail } from "../../src/frame/strip/labels.ts";
import { layer, pick, seeded } from "../support.ts";

function vgg(): LayerRecord[] {
  const layers = [layer("input", "input", [], [224, 224, 3])];
  let size = 224;
  for (const [block, count] of [2, 2, 3, 3, 3].entries()) {
    for (let i = 1; i <= count; i++) {
      layers.push(layer(`block${block + 1}_conv${i}`, "convolution", [layers.at(-1)?.path ?? ""], [size, size, 64]));
    }
    size /= 2;
    layers.push(layer(`block${block + 1}_pool`, "pooling", [layers.at(-1)?.path ?? ""], [size, size, 64]));
  }
  layers.push(layer("flatten", "reshape", ["block5_pool"], [25088]), layer("fc1", "dense", ["flatten"], [4096]));
  return layers;
}

/** Any network of up to `most` layers: sizes halve now and then, layers look back a few places. */
function generated(random: () => number, most: number): LayerRecord[] {
  const layers = [layer("input", "input", [], [256, 256, 3])];
  let size = 256;
  const count = 1 + Math.floor(random() * most);
  for (let i = 1; i < count; i++) {
    const role = pick(random, ["convolution", "normalization", "activation", "pooling", "merge", "dropout", "other"]);
    if (role === "pooling" && size > 1) size /= 2;
    const back = (): string => layers[Math.max(0, i - 1 - Math.floor(random() ** 3 * 5))]?.path ?? "input";
    const inbound = role === "merge" ? [layers[i - 1]?.path ?? "input", back()] : [back()];
    layers.push(layer(`l${i}`, role, inbound, [size, size, 8]));
  }
  return layers;
}

const paths = (items: readonly StripItem[]): string[] => items.flatMap((item) => item.layers.map((each) => each.path));

describe("foldStrip", () => {
  it("holds every layer once and in order, not too many tiles, and the current layer unfolded", () => {
    const random = seeded(41);
    for (let round = 0; round < 400; round++) {
      const layers = generated(random, round % 2 ? 30 : 400);
      const current = random() < 0.2 ? null : pick(random, layers).path;
      const items = foldStrip(layers, current);
      expect(paths(items)).toEqual(layers.map((each) => each.path));
      expect(items.length).toBeLessThanOrEqual(MOST_TILES);
      for (const item of items) expect(item.layers).toContain(item.face);
      const own = items.find((item) => item.layers.some((each) => each.path === current));
      if (current !== null) {
        expect(own?.folded).toBe(false);
        expect(own?.face.path).toBe(current);
      }
    }
  });

  it("does not fold a network that fits", () => {
    const layers = generated(seeded(42), 12);
    expect(foldStrip(layers, null).some((item) => item.folded)).toBe(false);
  });

  it("folds VGG by blocks but that of the current layer", () => {
    const items = foldStrip(vgg(), "block3_conv2");
    expect(items.map((item) => (item.folded ? `(${item.layers.length})` : item.face.path))).toEqual([
      "input",
      "(2)",
      "(3)",
      "block2_pool",
      "block3_conv1",
      "block3_conv2",
      "block3_conv3",
      "(4)",
      "(4)",
      "block5_pool",
      "fc1",
    ]);
  });

  it("lets small layers ride with the one they follow, unless they are looked at or joined from elsewhere", () => {
    const layers = [
      layer("input", "input", [], [8, 8, 3]),
      layer("conv", "convolution", ["input"], [8, 8, 4]),
      layer("bn", "normalization", ["conv"], [8, 8, 4]),
      layer("relu", "activation", ["bn"], [8, 8, 4]),
      layer("other_bn", "normalization", ["conv"], [8, 8, 4]),
    ];
    const shape = (current: string | null): string[] =>
      foldStrip(layers, current).map((i) => i.layers.map((l) => l.path).join("+"));
    expect(shape(null)).toEqual(["input", "conv+bn+relu", "other_bn"]);
    expect(shape("bn")).toEqual(["input", "conv", "bn+relu", "other_bn"]);
  });
});

describe("edges", () => {
  it("join the tiles whose layers are joined, each pair once", () => {
    const random = seeded(43);
    for (let round = 0; round < 100; round++) {
      const layers = generated(random, 120);
      const items = foldStrip(layers, pick(random, layers).path);
      const tile = (path: string): number => items.findIndex((item) => item.layers.some((each) => each.path === path));
      const wanted = new Set<string>();
      for (const each of layers) {
        for (const from of each.inbound)
          if (tile(from) !== tile(each.path)) wanted.add(`${tile(from)} ${tile(each.path)}`);
      }
      const edges = edgesOf(items).map(({ from, to }) => `${from} ${to}`);
      expect(edges).toHaveLength(wanted.size);
      expect(new Set(edges)).toEqual(wanted);
    }
  });

  it("puts arcs that overlap on different levels while there are any", () => {
    const arcs = [
      { from: 0, to: 4 },
      { from: 1, to: 3 },
      { from: 4, to: 6 },
    ];
    const [wide, narrow, apart] = arcLevels(arcs);
    expect(wide).not.toBe(narrow);
    expect(apart).toBe(0);
    expect(narrow).toBe(0);
  });
});

describe("labels", () => {
  it("keep the end of a long name", () => {
    expect(headAndTail("conv1")).toEqual(["conv1", ""]);
    const [head, tail] = headAndTail("conv3_block2_2_conv");
    expect(head + tail).toBe("conv3_block2_2_conv");
    expect(tail).toBe("2_conv");
    expect(headAndTail("a".repeat(20) + "👩‍🚀".repeat(2))[1]).not.toMatch(/^[\udc00-\udfff]/);
  });

  it("name a fold by the word that most of its layers begin with", () => {
    const fold = (...names: string[]): string => {
      const layers = names.map((name) => layer(name, "convolution", [], [1]));
      return foldName({ layers, face: layers[0] as LayerRecord, folded: true });
    };
    expect(fold("conv4_block1_1_conv", "conv4_block1_bn", "conv4_block6_out")).toBe("conv4");
    expect(fold("pool1_pool", "conv2_block1", "conv2_block2", "conv2_block3")).toBe("conv2");
    expect(fold("a", "b")).toBe("a … b");
  });
});
