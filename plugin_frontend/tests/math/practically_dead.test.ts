import { describe, expect, it } from "vitest";
import { byLargest } from "../../src/math/order.ts";
import { practicallyDead } from "../../src/math/practically_dead.ts";
import { nearestBlock } from "../../src/math/vectors.ts";
import { RandomValues } from "./random_values.ts";

/** The definition of docs/page.md, written out. */
function deadByDefinition(norms: readonly number[]): number[] {
  const finite = norms.filter((norm) => Number.isFinite(norm)).sort((a, b) => a - b);
  const median = (of: readonly number[]): number =>
    (of[Math.ceil(of.length / 2) - 1]! + of[Math.floor(of.length / 2)]!) / 2;
  const largest = Math.max(0, ...finite);
  let usual = finite.length ? median(finite) : 0;
  if (usual < 1e-6 && usual < 1e-6 * largest) usual = median(finite.filter((norm) => norm >= 1e-6 * largest));
  return norms.map((norm) => (norm === 0 || norm < 1e-6 * usual ? 1 : 0));
}

const dead = (norms: readonly number[]): number[] => [...practicallyDead(norms)];

describe("practicallyDead", () => {
  it("is found by the definition, among norms of all sizes", () => {
    const random = new RandomValues(11);
    const special = [0, NaN, Infinity, 4e-34, 1e-12, 1e7];
    let found = 0;
    for (let round = 0; round < 500; round++) {
      const norms = Array.from({ length: random.integer(1, 40) }, () =>
        random.uniform() < 0.4 ? special[random.integer(0, 5)]! : random.uniform() * 10 ** random.integer(-2, 2),
      );
      expect(dead(norms)).toEqual(deadByDefinition(norms));
      found += dead(norms).reduce((a, b) => a + b, 0);
    }
    expect(found).toBeGreaterThan(500);
  });

  it("names what weight decay leaves behind", () => {
    expect(dead([0.5, 4e-34, 0.4, 1e-12, 0.6])).toEqual([0, 1, 0, 1, 0]);
    expect(dead([0.5, 0.5, 0.5, 4.9e-7, 5.1e-7])).toEqual([0, 0, 0, 1, 0]);
  });

  it("names them where they are most of the layer", () => {
    expect(dead([1e-12, 1e-12, 1e-13, 0.5, 4e-34, 0.4])).toEqual([1, 1, 1, 0, 1, 0]);
    expect(dead([...Array.from({ length: 63 }, () => 4e-34), 0.5])).toEqual([
      ...Array.from({ length: 63 }, () => 1),
      0,
    ]);
    expect(dead([0.5, 0.5, 1e-12, 1e-12])).toEqual([0, 0, 1, 1]);
  });

  it("takes no live filter for dead because another one explodes", () => {
    expect(dead([0.5, 0.4, 0.6, 1e9])).toEqual([0, 0, 0, 0]);
    expect(dead([0.5, 0.4, 0.6, Infinity, NaN])).toEqual([0, 0, 0, 0, 0]);
  });

  it("takes zeros alone for dead in a layer of zeros, and nothing in a layer of one or of no finite norm", () => {
    expect(dead([0, 0, 0])).toEqual([1, 1, 1]);
    expect(dead([1e-20])).toEqual([0]);
    expect(dead([0])).toEqual([1]);
    expect(dead([NaN, Infinity])).toEqual([0, 0]);
    expect(dead([NaN, 0])).toEqual([0, 1]);
    expect(dead([])).toEqual([]);
  });
});

it("dead ones are sorted behind all others, whatever their key", () => {
  expect([...byLargest([1, 9, 3, NaN], [0, 1, 0, 0])]).toEqual([3, 2, 0, 1]);
});

it("the nearest block is none of those that are left out", () => {
  const values = [1, 0, 1, 0.1, 0, 1];
  expect(nearestBlock(values, 2, 0)?.block).toBe(1);
  expect(nearestBlock(values, 2, 0, [0, 1, 0])?.block).toBe(2);
});
