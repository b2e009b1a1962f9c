import { expect, test } from "vitest";
import { KEYS } from "../../src/frame/keys.ts";
import { COMPARE_VIEW } from "../../src/views/compare/compare_definition.ts";
import { FILTERS_VIEW } from "../../src/views/filters/filters_definition.ts";
import { GRADIENTS_VIEW } from "../../src/views/gradients/gradients_definition.ts";
import { LAB_VIEW } from "../../src/views/lab/lab_definition.ts";
import { MAPS_VIEW } from "../../src/views/maps/maps_definition.ts";
import { MODEL_VIEW } from "../../src/views/model/model_definition.ts";

const VIEWS = [MODEL_VIEW, FILTERS_VIEW, MAPS_VIEW, LAB_VIEW, GRADIENTS_VIEW, COMPARE_VIEW];
const NAMED = new Set(["Shift", "Home", "End", "Space", "Enter", "Esc", "PgUp", "PgDn"]);

test("what the overlay draws as keys are keys, and a view lists none twice", () => {
  for (const keys of [KEYS, ...VIEWS.map((view) => view.keys ?? [])]) {
    const rows = keys.map(([names]) => names);
    expect(new Set(rows).size).toBe(rows.length);
    for (const name of rows.flatMap((row) => row.split(" ")))
      expect(name.length === 1 || NAMED.has(name), name).toBe(true);
  }
});

test("a view's keys that the frame has too are said to need focus in a part of the view", () => {
  const frame = new Set(KEYS.flatMap(([names]) => names.split(" ")));
  for (const [names, meaning] of VIEWS.flatMap((view) => view.keys ?? [])) {
    if (names.split(" ").some((name) => frame.has(name))) expect(meaning).toMatch(/^(in|on) /);
  }
});
