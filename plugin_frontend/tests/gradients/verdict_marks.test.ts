import { describe, expect, it } from "vitest";
import type { VerdictEntry } from "../../src/data/schema.ts";
import type { NormPanel } from "../../src/views/gradients/norm_panels.ts";
import { verdictMarks } from "../../src/views/gradients/verdict_marks.ts";

const verdict = (own: Partial<VerdictEntry>): VerdictEntry => ({
  id: 0,
  kind: "dead_units",
  severity: "warning",
  layer: null,
  variable: null,
  layers: [],
  layers_total: 0,
  step: 4,
  measured: null,
  limit: null,
  finding: "It is dead.",
  rule: "",
  source: "",
  otherwise: "",
  suggestion: "",
  evidence: null,
  causes: [],
  consequences: [],
  ...own,
});

function panel(...layers: (string | null)[]): NormPanel {
  const groups = layers.map((layer, i) => ({ name: `${i}`, short: `${i}`, layer, path: `${layer}/${i}`, places: [i] }));
  const rows = groups.map(({ name, short }) => ({ name, short, steps: [2, 4], values: [0, 0] }));
  return { id: "A", run: "r", groups, rows, values: layers.map(() => [1, 1]) };
}

const marks = (verdicts: VerdictEntry[], of: NormPanel): unknown[] =>
  verdictMarks(verdicts, null, of).map(({ row, step, severity, words }) => [row, step, severity, words]);

describe("marks of verdicts", () => {
  it("stand at the layer's row, at the step since which they hold", () => {
    const found = marks([verdict({ layer: "b" }), verdict({ layers: ["a", "c"], step: 9 })], panel("a", "b"));
    expect(found).toEqual([
      [0, 9, "warning", "warning, dead units since step 9: It is dead."],
      [1, 4, "warning", "warning, dead units since step 4: It is dead."],
    ]);
  });

  it("are one where several hold since one step: the worst", () => {
    const found = marks(
      [verdict({ layer: "a" }), verdict({ layer: "a", severity: "error", kind: "non_finite", finding: "NaN." })],
      panel("a"),
    );
    expect(found).toEqual([
      [0, 4, "error", "warning, dead units since step 4: It is dead. error, non finite since step 4: NaN."],
    ]);
  });

  it("stand at the first step where the verdict names none, and once for a layer of several rows", () => {
    expect(marks([verdict({ layer: "a", step: null })], panel("a", "a"))).toEqual([
      [0, 2, "warning", "warning, dead units: It is dead."],
    ]);
  });

  it("are none for notes, variables of no layer, and verdicts on the whole network", () => {
    expect(marks([verdict({ layer: "a", severity: "note" }), verdict({})], panel("a", null))).toEqual([]);
  });
});
