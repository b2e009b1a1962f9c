/** Where a heatmap's row carries a verdict: the step since which it holds. */
import type { HeatMark } from "../../canvas/heat_marks.ts";
import type { RunDetail, VerdictEntry } from "../../data/schema.ts";
import { severityMark } from "../../parts/severity.ts";
import { alarmsByLayer, kindWord } from "../../state/verdict_order.ts";
import type { NormPanel } from "./norm_panels.ts";

/** Alarms of the panel's layers, one a row and step: the worst. A verdict that names no step stands at the first. */
export function verdictMarks(
  verdicts: readonly VerdictEntry[],
  detail: RunDetail | null,
  { rows, groups }: NormPanel,
): HeatMark[] {
  const alarms = alarmsByLayer(verdicts, detail);
  const marked = new Set<string | null>();
  return groups.flatMap(({ layer }, row) => {
    // Of a layer with a row for each variable the first one is marked.
    if (layer === null || marked.has(layer)) return [];
    marked.add(layer);
    const bySteps = new Map<number, HeatMark>();
    for (const verdict of alarms.get(layer) ?? []) {
      const step = verdict.step ?? rows[row]?.steps[0];
      if (verdict.severity === "note" || step === undefined) continue;
      const words = `${verdict.severity}, ${kindWord(verdict.kind)}${verdict.step === null ? "" : ` since step ${verdict.step}`}: ${verdict.finding}`;
      const before = bySteps.get(step);
      const severity = before?.severity === "error" ? "error" : verdict.severity;
      const all = before ? `${before.words} ${words}` : words;
      bySteps.set(step, { row, step, severity, sign: severityMark(severity), words: all });
    }
    return [...bySteps.values()];
  });
}
