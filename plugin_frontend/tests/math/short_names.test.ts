import { describe, expect, it } from "vitest";
import { piecesOf, shortNames, textOf } from "../../src/math/short_names.ts";
import { RandomValues } from "./random_values.ts";

const SWEEP = ["adam", "adamw", "sgd", "rmsprop", "lion", "nadam"].flatMap((optimizer) =>
  ["0.1", "0.01", "0.001", "1e-4", "3e-2"].flatMap((rate) =>
    Array.from({ length: 10 }, (_, seed) => `sweep/${optimizer}_lr${rate}_wd0.0001_bs64_seed${seed}`),
  ),
);

function texts(names: readonly string[], most: number): string[] {
  const short = shortNames(names, most);
  return names.map((name) => textOf(name, short.get(name)!));
}

/** A sign for a cut is as wide as two characters. */
const widthOf = (text: string): number => text.replaceAll("…", "..").length;

describe("shortNames", () => {
  it("keeps the names of a sweep apart in the room of a list, of a legend and of a chart", () => {
    for (const [most, share] of [
      [26, 1],
      [24, 1],
      [22, 1],
    ] as const) {
      const found = texts(SWEEP, most);
      expect(Math.max(...found.map(widthOf))).toBeLessThanOrEqual(most);
      expect(new Set(found).size).toBeGreaterThanOrEqual(share * SWEEP.length);
    }
    for (let start = 0; start < SWEEP.length; start += 8) {
      const found = texts(SWEEP.slice(start, start + 8), 14);
      expect(new Set(found).size).toBe(found.length);
    }
    expect(texts(SWEEP, 26).slice(0, 2)).toEqual(["…adam_lr0.1_…seed0", "…adam_lr0.1_…seed1"]);
  });

  it("keeps them apart beside a name that shares nothing", () => {
    const names = ["baseline", "another/run_whose_name_is_very_long_indeed", ...SWEEP];
    const found = texts(names, 26);
    expect(new Set(found).size).toBe(names.length);
    expect(found[0]).toBe("baseline");
  });

  it("leaves names that fit as they are, and a single long one with both of its ends", () => {
    expect(texts(["sweep/a", "sweep/b"], 7)).toEqual(["sweep/a", "sweep/b"]);
    const [only] = texts(["a_single_run_with_a_long_name_01"], 14);
    expect(only).toMatch(/^a_.*….*name_01$/);
    expect(shortNames([], 10).size).toBe(0);
  });

  it("keeps what differs in the middle of what does not", () => {
    const names = Array.from({ length: 300 }, (_, i) => `x${"y".repeat(200)}${i}${"z".repeat(200)}`);
    expect(new Set(texts(names, 13)).size).toBe(300);
    const dated = ["2026-01-05_12-30-11_resnet", "2026-01-05_12-45-40_resnet", "2026-02-06_08-00-00_resnet"];
    expect(new Set(texts(dated, 16)).size).toBe(3);
  });

  it("never loses a character of a name, cuts none in two, and is within the room, for names of any kind", () => {
    const random = new RandomValues(31);
    const letters = ["a", "b", "/", "_", "0", "9", ".", "-", "\u{1f600}", "\u202e", "א", "<b>", "\0", " "];
    for (let round = 0; round < 200; round++) {
      const start = "s".repeat(random.integer(0, 5));
      const names = Array.from(
        { length: random.integer(1, 30) },
        () =>
          start +
          Array.from({ length: random.integer(0, 40) }, () => letters[random.integer(0, letters.length - 1)]!).join(""),
      );
      const most = random.integer(6, 26);
      const short = shortNames(names, most);
      for (const name of names) {
        const parts = short.get(name)!;
        expect(
          piecesOf(name, parts)
            .map(({ text }) => text)
            .join(""),
        ).toBe(name);
        expect(widthOf(textOf(name, parts))).toBeLessThanOrEqual(most);
        for (const { text, isCut } of piecesOf(name, parts)) {
          if (!isCut) expect(/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(text)).toBe(false);
        }
      }
    }
  });

  it("takes names of 10 kB, and a thousand of them that are alike to the last letter", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `${"y".repeat(10_000)}${i}`);
    expect(new Set(texts(names, 24)).size).toBe(1000);
  }, 20_000);
});
