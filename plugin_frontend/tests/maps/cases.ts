/** Seeded cases for the tests of the Maps view. */

export type Random = () => number;

/** Numerical Recipes' linear congruential generator: enough for cases, the same everywhere. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const below = (random: Random, limit: number): number => Math.floor(random() * limit);

export interface Case {
  images: number;
  of: number;
  spatial: number[];
  channels: number[];
  /** The float32 truth, [images][channel of all][cell]. */
  truth: Float32Array[][];
}

export function mapsCase(random: Random, kind: "rectified" | "signed", axes = below(random, 4)): Case {
  const images = 1 + below(random, 4);
  const of = 1 + below(random, 7);
  const spatial = Array.from({ length: axes }, () => 1 + below(random, 5));
  const cells = spatial.reduce((a, b) => a * b, 1);
  const dead = Array.from({ length: of }, () => random() < 0.2);
  const truth = Array.from({ length: images }, () =>
    Array.from({ length: of }, (_, channel) => {
      const quiet = dead[channel] === true || random() < 0.3;
      const level = kind === "signed" ? random() - 0.5 : 0;
      return Float32Array.from({ length: cells }, () => {
        if (quiet) return level;
        const value = (random() - 0.5) * 10 ** (random() * 4 - 2);
        return kind === "signed" ? value : Math.max(0, value);
      });
    }),
  );
  const channels = Array.from({ length: of }, (_, i) => i).filter(() => random() < 0.8);
  return { images, of, spatial, channels: channels.length > 0 ? channels : [0], truth };
}

/** The arrays of a feature_maps record as docs/log_format.md describes them. */
export function recordOf(one: Case, form: "uint8" | "float32") {
  const { images, channels, of } = one;
  const cells = one.spatial.reduce((a, b) => a * b, 1);
  const shape = [images, channels.length, ...one.spatial];
  const data =
    form === "uint8"
      ? new Uint8Array(images * channels.length * cells)
      : new Float32Array(images * channels.length * cells);
  const lo = new Float32Array(images * channels.length);
  const hi = new Float32Array(images * channels.length);
  one.truth.forEach((maps, image) =>
    channels.forEach((channel, slot) => {
      const values = maps[channel]!;
      const place = image * channels.length + slot;
      lo[place] = Math.min(...values);
      hi[place] = Math.max(...values);
      const step = hi[place]! - lo[place]!;
      values.forEach((value, i) => {
        data[place * cells + i] =
          form === "float32" ? value : step > 0 ? Math.round(((value - lo[place]!) * 255) / step) : 0;
      });
    }),
  );
  const column = (of1: (values: Float32Array) => number) => ({
    shape: [images, of],
    data: Float32Array.from(one.truth.flatMap((maps) => maps.map(of1))),
  });
  const arrays: Record<string, { shape: number[]; data: ArrayLike<number> }> = {
    maps: { shape, data },
    channels: { shape: [channels.length], data: Int32Array.from(channels) },
    mean: column((values) => values.reduce((a, b) => a + b, 0) / values.length),
    min: column((values) => Math.min(...values)),
    max: column((values) => Math.max(...values)),
    zeros: column((values) => values.filter((v) => v === 0).length / values.length),
  };
  if (form === "uint8") {
    arrays.lo = { shape: [images, channels.length], data: lo };
    arrays.hi = { shape: [images, channels.length], data: hi };
  }
  return (name: string) => arrays[name];
}
