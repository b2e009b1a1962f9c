import { expect, test } from "vitest";
import { isolated } from "../../src/parts/isolated.ts";

test("a plain name stays as it is", () => {
  expect(isolated("block_1/conv 2d")).toBe("block_1/conv 2d");
  expect(isolated("")).toBe("");
});

test("a long name is cut, and shows its end", () => {
  const cut = isolated(`${"y".repeat(10_000)}/kernel`);
  expect(cut).toHaveLength(120);
  expect(cut).toMatch(/^y+…y+\/kernel$/);
});

test("a name with letters of another direction keeps it to itself", () => {
  expect(isolated("שכבה")).toBe("\u2068שכבה\u2069");
});

test("direction marks of a name end with it", () => {
  expect(isolated("\u202Ea\u2067b\u2069\u202C")).toBe("\u2068ab\u2069");
});
