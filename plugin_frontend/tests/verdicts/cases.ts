import type { RunVerdicts, VerdictEntry } from "../../src/data/schema.ts";

export function verdict(id: number, more: Partial<VerdictEntry> = {}): VerdictEntry {
  return {
    id,
    kind: "frozen",
    severity: "error",
    layer: null,
    variable: null,
    layers: [],
    layers_total: 0,
    step: null,
    measured: null,
    limit: null,
    finding: `finding ${id}`,
    rule: "rule",
    source: "source",
    otherwise: "otherwise",
    suggestion: "suggestion",
    evidence: null,
    causes: [],
    consequences: [],
    ...more,
  };
}

export function verdicts(run: string, found: readonly VerdictEntry[], more: Partial<RunVerdicts> = {}): RunVerdicts {
  return {
    run,
    steps: 96,
    least_steps: 40,
    rules: 21,
    worst: found[0]?.severity ?? null,
    verdicts: [...found],
    total: found.length,
    not_judged: null,
    ...more,
  };
}
