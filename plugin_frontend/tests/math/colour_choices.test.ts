import { describe, expect, it } from "vitest";
import { colourNamed, colourNames, colourOptions, type ColourUse } from "../../src/math/colour_choices.ts";
import * as fields from "../../src/state/fields.ts";

describe("colour maps to choose from", () => {
  for (const use of ["weights", "signed", "magnitude"] as const satisfies readonly ColourUse[]) {
    it(`of ${use} are what their URL field takes, and draw zero in their middle where values have signs`, () => {
      const names = colourNames(use);
      const field = fields.choice(...names);
      expect(colourOptions(use).map(({ value }) => value)).toEqual(names);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) {
        expect(field.parse(name)).toBe(name);
        expect(field.parse(name.toUpperCase())).toBe(name);
        expect(colourNamed(name, use)).toMatchObject({ name, diverging: use !== "magnitude" });
      }
      expect(colourNamed("jet", use).name).toBe(names[0]);
    });
  }
});
