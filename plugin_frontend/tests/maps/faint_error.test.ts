import { describe, expect, it } from "vitest";
import type { MapStatistics } from "../../src/math/map_values.ts";
import { faintError } from "../../src/views/maps/faint_error.ts";

/** Of two channels an image; the second one was not kept. */
function statistics(...sizes: readonly (readonly [min: number, max: number])[]): MapStatistics {
  const column = (pick: (size: readonly [number, number]) => number): Float64Array =>
    Float64Array.from(sizes.flatMap((size) => [pick(size), NaN]));
  const mean = column(([, max]) => max);
  return { images: sizes.length, of: 2, mean, min: column(([min]) => min), max: column(([, max]) => max), zeros: mean };
}

describe("an image from which hardly any error comes back", () => {
  it("is one below a twentieth of the largest of all", () => {
    const found = statistics([-0.04, 0.01], [-1, 0.2], [0.06, 0.3]);
    expect(faintError(found, 0)).toEqual({ size: 0.04, image: 1, largest: 1 });
    expect(faintError(found, 1)).toBeNull();
    expect(faintError(found, 2)).toBeNull();
  });

  it("is none where all are alike, nothing comes back at all, or there is no such image", () => {
    expect(faintError(statistics([-1, 0], [0, 0.9]), 1)).toBeNull();
    expect(faintError(statistics([0, 0], [0, 0]), 0)).toBeNull();
    expect(faintError(statistics(), 0)).toBeNull();
  });

  it("is judged by the numbers that are finite", () => {
    expect(faintError(statistics([0, 0.001], [-Infinity, NaN], [-2, 1]), 0)).toEqual({
      size: 0.001,
      image: 2,
      largest: 2,
    });
  });
});
