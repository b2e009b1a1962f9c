import { expect, test } from "vitest";
import { clip, extent, reachesOver, window } from "../../src/math/receptive_field.ts";
import { below, seeded } from "./cases.ts";

interface Step {
  kernel: number;
  stride: number;
  before: number;
}

/** By brute force: which inputs reach a cell through a chain of sliding windows. */
function reached(chain: Step[], index: number): Set<number> {
  let cells = new Set([index]);
  for (const { kernel, stride, before } of [...chain].reverse()) {
    const next = new Set<number>();
    for (const cell of cells) for (let k = 0; k < kernel; k++) next.add(cell * stride - before + k);
    cells = next;
  }
  return cells;
}

/** The recurrence of Araujo, Norris, Sim. */
function fieldOf(chain: Step[]) {
  let [size, stride, offset] = [1, 1, 0];
  for (const step of chain) {
    offset -= step.before * stride;
    size += (step.kernel - 1) * stride;
    stride *= step.stride;
  }
  return { size, stride, offset };
}

test("a cell's window is the set of inputs that reach it through a chain of layers, clipped to the image", () => {
  const random = seeded(3);
  for (let round = 0; round < 300; round++) {
    const axes = 1 + below(random, 3);
    const chains = Array.from({ length: axes }, () =>
      Array.from({ length: 1 + below(random, 4) }, () => {
        const stride = 1 + below(random, 3);
        const kernel = stride + below(random, 4);
        return { kernel, stride, before: below(random, kernel) };
      }),
    );
    const fields = chains.map(fieldOf);
    const field = {
      size: fields.map((f) => f.size),
      stride: fields.map((f) => f.stride),
      offset: fields.map((f) => f.offset),
    };
    const image = chains.map(() => 1 + below(random, 40));
    const cell = chains.map(() => below(random, 6));
    const seen = chains.map((chain, axis) => [...reached(chain, cell[axis]!)]);
    const inside = seen.map((positions, axis) => positions.filter((p) => p >= 0 && p < image[axis]!));
    const spans = window(field, cell, image)!;
    spans.forEach(({ start, end }, axis) => {
      const wanted = inside[axis]!;
      expect(end - start).toBe(wanted.length);
      if (wanted.length > 0) expect([start, end - 1]).toEqual([Math.min(...wanted), Math.max(...wanted)]);
    });
    const over = seen.some((positions, axis) => positions.length !== inside[axis]!.length);
    expect(reachesOver(field, cell, image)).toBe(over);
  }
});

test("a map without spatial axes sees the whole image, and an unknown field or another number of axes is not guessed", () => {
  const field = { size: [3, 3], stride: [1, 1], offset: [-1, -1] };
  expect(window(null, [], [28, 30])).toEqual([
    { start: 0, end: 28 },
    { start: 0, end: 30 },
  ]);
  expect(window(null, [2, 3], [28, 30])).toBeNull();
  expect(window(field, [2], [28, 30])).toBeNull();
  expect(window(field, [2, 3], [28])).toBeNull();
});

test("what lies outside the image altogether is empty", () => {
  expect(clip({ start: -9, end: -2 }, 5)).toEqual({ start: 0, end: 0 });
  expect(clip({ start: 7, end: 9 }, 5)).toEqual({ start: 5, end: 5 });
});

test("extent names the axes in the order of the image", () => {
  expect(
    extent([
      { start: 2, end: 18 },
      { start: 0, end: 16 },
    ]),
  ).toBe("16×16");
});
