import { expect, test } from "vitest";
import { poolWindow } from "../../src/math/pool_window.ts";
import { below, seeded } from "./cases.ts";

/** TensorFlow's rule for one axis: pad the input as a list of indices (null is padding), then cut windows from it. */
function windows(length: number, size: number, stride: number, padding: "valid" | "same"): number[][] {
  let padded: (number | null)[] = Array.from({ length }, (_, i) => i);
  const count = padding === "same" ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1;
  if (padding === "same") {
    let missing = (count - 1) * stride + size - length;
    // Odd padding has its extra cell at the end.
    for (let end = true; missing > 0; missing--, end = !end) padded = end ? [...padded, null] : [null, ...padded];
  }
  return Array.from({ length: Math.max(0, count) }, (_, i) =>
    padded.slice(i * stride, i * stride + size).filter((cell) => cell !== null),
  );
}

test("a pooling cell is made of the cells that TensorFlow's padding rule gives", () => {
  const random = seeded(71);
  let checked = 0;
  for (let round = 0; round < 400; round++) {
    const axes = Array.from({ length: 1 + below(random, 3) }, () => {
      const size = 1 + below(random, 4);
      return { size, stride: 1 + below(random, 4), length: size + below(random, 12) };
    });
    const padding = random() < 0.5 ? "same" : "valid";
    const all = axes.map((axis) => windows(axis.length, axis.size, axis.stride, padding));
    const cell = all.map((list) => below(random, list.length));
    const layer = { kernel_size: axes.map((a) => a.size), strides: axes.map((a) => a.stride), padding };
    const spans = poolWindow(
      layer,
      cell,
      axes.map((a) => a.length),
      all.map((list) => list.length),
    )!;
    spans.forEach(({ start, end }, axis) => {
      expect(Array.from({ length: end - start }, (_, i) => start + i)).toEqual(all[axis]![cell[axis]!]);
      checked++;
    });
  }
  expect(checked).toBeGreaterThan(500);
});

test("a global pooling cell is made of everything, and a window of other axes is not guessed", () => {
  expect(poolWindow({ kernel_size: null, strides: null, padding: null }, [], [4, 5], [])).toEqual([
    { start: 0, end: 4 },
    { start: 0, end: 5 },
  ]);
  expect(poolWindow({ kernel_size: [2], strides: [2], padding: "valid" }, [1, 1], [4, 4], [2, 2])).toBeNull();
  expect(poolWindow({ kernel_size: null, strides: null, padding: null }, [1, 1], [4, 4], [2, 2])).toBeNull();
});
