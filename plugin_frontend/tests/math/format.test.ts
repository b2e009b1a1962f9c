import { describe, expect, it } from "vitest";
import { formatCount, formatNumber, formatSigned, formatTiny, speakNumber } from "../../src/math/format.ts";
import { RandomValues } from "./random_values.ts";

/** What a formatted number says, read back. */
function read(text: string): number {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const [mantissa, power = ""] = text.replaceAll(",", "").replace(/^−/, "-").split("·10");
  const exponent = [...power].map((c) => (c === "⁻" ? "-" : digits.indexOf(c))).join("");
  return Number(mantissa) * 10 ** Number(exponent || 0);
}

describe("formatNumber", () => {
  it("keeps four significant digits, whatever the size", () => {
    const random = new RandomValues(6);
    for (let round = 0; round < 3000; round++) {
      const value = random.wild() * 10 ** random.integer(-20, 12);
      if (value === 0) continue;
      const text = formatNumber(value);
      expect(Math.abs(read(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 0.5001e-3);
      expect(
        text
          .replace(/·.*/, "")
          .replace(/[^0-9]/g, "")
          .replace(/^0+/, "").length,
      ).toBeGreaterThanOrEqual(4);
    }
  });

  it("looks like this", () => {
    expect(formatNumber(0.0123)).toBe("0.01230");
    expect(formatNumber(9.7e-4, { digits: 2 })).toBe("9.7·10⁻⁴");
    expect(formatNumber(-0.5)).toBe("−0.5000");
    expect(formatNumber(0.99999)).toBe("1.000");
    expect(formatNumber(1234567)).toBe("1.235·10⁶");
    expect(formatNumber(123456)).toBe("123,456");
    expect(formatSigned(0.0123, 3)).toBe("+0.0123");
    expect(formatSigned(0)).toBe("0");
    expect(formatNumber(-0)).toBe("0");
    expect([NaN, Infinity, -Infinity].map((v) => formatNumber(v))).toEqual(["NaN", "Inf", "−Inf"]);
    expect(formatSigned(Infinity)).toBe("+Inf");
    expect(formatCount(10368)).toBe("10,368");
  });
});

describe("formatTiny", () => {
  it("fits a cell", () => {
    expect([0.08, -0.02, 0.001, 0, 1.24, -12.3, 0.9999].map(formatTiny)).toEqual([
      "+.08",
      "−.02",
      "+.00",
      ".00",
      "+1.2",
      "−12",
      "+1.0",
    ]);
    const random = new RandomValues(7);
    for (let i = 0; i < 500; i++) expect(formatTiny(random.wild()).length).toBeLessThanOrEqual(5);
  });
});

describe("speakNumber", () => {
  it("says signs and powers in words", () => {
    expect(speakNumber(0.0123, 3)).toBe("plus 0.0123");
    expect(speakNumber(-4.5e-6, 2)).toBe("minus 4.5 times 10 to the minus 6");
    expect([NaN, -Infinity, 0].map((v) => speakNumber(v))).toEqual(["not a number", "minus infinity", "0"]);
  });
});
