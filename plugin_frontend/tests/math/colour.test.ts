import { describe, expect, it } from "vitest";
import { colourIndex, colourPixel, foldedPixel, paletteOf, pixelCss, inkOn } from "../../src/math/colour.ts";
import { brbg, cividis, grey, rdbu, viridis } from "../../src/math/colour_maps.ts";
import { RandomValues } from "./random_values.ts";

const MAPS = [viridis, cividis, rdbu, brbg, grey];

describe("colourIndex", () => {
  it("is the number of inner bin edges at or below the value", () => {
    const random = new RandomValues(1);
    for (let round = 0; round < 2000; round++) {
      const lo = random.wild();
      const hi = lo + Math.abs(random.wild()) + 1e-9;
      const value = lo + (random.uniform() * 1.4 - 0.2) * (hi - lo);
      // An edge within rounding of the value may fall on either side.
      const position = ((value - lo) / (hi - lo)) * 256;
      if (Math.abs(position - Math.round(position)) < 1e-6) continue;
      let expected = 0;
      for (let edge = 1; edge < 256; edge++) if (value >= lo + ((hi - lo) * edge) / 256) expected++;
      expect(colourIndex(value, lo, hi, true)).toBe(expected);
    }
  });

  it("puts zero at the middle of a symmetric range, and both ends at the ends", () => {
    for (const bound of [1e-30, 0.068, 1, 3e38]) {
      expect(colourIndex(0, -bound, bound, true)).toBe(128);
      expect(colourIndex(-bound, -bound, bound, true)).toBe(0);
      expect(colourIndex(bound, -bound, bound, true)).toBe(255);
      expect(colourIndex(-bound * 0.001, -bound, bound, true)).toBe(127);
    }
  });

  it("keeps an empty range readable", () => {
    expect(colourIndex(0, 0, 0, true)).toBe(128);
    expect(colourIndex(0, 0, 0, false)).toBe(0);
    expect(colourIndex(-1, 0, 0, true)).toBe(0);
    expect(colourIndex(1, 0, 0, false)).toBe(255);
  });
});

describe("pixels", () => {
  it("hold the map's own bytes", () => {
    for (const map of MAPS) {
      const palette = paletteOf(map);
      for (let i = 0; i < 256; i++) {
        const [r, g, b] = [0, 2, 4].map((at) => parseInt(map.rgb.slice(6 * i + at, 6 * i + at + 2), 16));
        expect(pixelCss(palette.pixels[i]!)).toBe(`rgb(${r}, ${g}, ${b})`);
        expect(palette.pixels[i]! >>> 24).toBe(255);
      }
    }
  });

  it("are magenta for NaN and violet for either infinity, in every map", () => {
    for (const map of MAPS) {
      expect(pixelCss(colourPixel(NaN, 0, 1, paletteOf(map)))).toBe("rgb(255, 0, 200)");
      expect(pixelCss(colourPixel(Infinity, 0, 1, paletteOf(map)))).toBe("rgb(122, 0, 255)");
      expect(pixelCss(colourPixel(-Infinity, 0, 1, paletteOf(map)))).toBe("rgb(122, 0, 255)");
    }
  });

  it("fold three channels around mid grey", () => {
    expect(pixelCss(foldedPixel(0, 0, 0, 1))).toBe("rgb(128, 128, 128)");
    expect(pixelCss(foldedPixel(1, -1, 0.5, 1))).toBe("rgb(255, 0, 192)");
    expect(pixelCss(foldedPixel(0, 0, 0, 0))).toBe("rgb(128, 128, 128)");
    expect(pixelCss(foldedPixel(0, NaN, Infinity, 1))).toBe("rgb(255, 0, 200)");
    expect(pixelCss(foldedPixel(0, -Infinity, 0, 1))).toBe("rgb(122, 0, 255)");
    expect(pixelCss(foldedPixel(Infinity, -Infinity, 0, 1))).toBe("rgb(122, 0, 255)");
  });

  it("say which ink is read more easily", () => {
    expect([inkOn(0xffffffff), inkOn(0xff000000)]).toEqual(["#000000", "#ffffff"]);
    const light = (pixel: number): number =>
      [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => {
        const c = ((pixel >>> (8 * i)) & 255) / 255;
        return sum + part * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      }, 0.05);
    for (const map of MAPS) {
      for (const pixel of paletteOf(map).pixels) {
        const ink = inkOn(pixel) === "#000000" ? light(pixel) / 0.05 : 1.05 / light(pixel);
        expect(ink).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});
