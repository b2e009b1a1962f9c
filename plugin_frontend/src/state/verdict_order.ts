import type { RunDetail, VerdictEntry } from "../data/schema.ts";

type Severity = VerdictEntry["severity"];

/** The worst severity that is an alarm; null where there is none. A note is none. */
export function worstAlarm(verdicts: readonly VerdictEntry[]): Exclude<Severity, "note"> | null {
  if (verdicts.some(({ severity }) => severity === "error")) return "error";
  return verdicts.some(({ severity }) => severity === "warning") ? "warning" : null;
}

/** Verdicts that follow from no other, in their order: the worst first. */
export function causesOf(verdicts: readonly VerdictEntry[]): readonly VerdictEntry[] {
  return verdicts.filter(({ causes }) => causes.length === 0);
}

/** How far each verdict stands below its first cause, by its id: a cause stands before what follows from it. */
export function depthsOf(verdicts: readonly VerdictEntry[]): ReadonlyMap<number, number> {
  const depths = new Map<number, number>();
  for (const { id, causes } of verdicts) {
    depths.set(id, Math.max(0, ...causes.map((cause) => (depths.get(cause) ?? 0) + 1)));
  }
  return depths;
}

/** Alarms by the path of each layer that they mean. */
export function alarmsByLayer(
  verdicts: readonly VerdictEntry[],
  detail: RunDetail | null,
): ReadonlyMap<string, readonly VerdictEntry[]> {
  const found = new Map<string, VerdictEntry[]>();
  for (const verdict of verdicts) {
    if (verdict.severity === "note") continue;
    for (const path of new Set([layerOf(verdict, detail), ...verdict.layers])) {
      if (path === null) continue;
      const kept = found.get(path);
      if (kept) kept.push(verdict);
      else found.set(path, [verdict]);
    }
  }
  return found;
}

/** The layer that a verdict is of: its own, its variable's, or the first of several; null for the whole network. */
export function layerOf({ layer, variable, layers }: VerdictEntry, detail: RunDetail | null): string | null {
  const owner = detail?.model?.variables.find(({ path }) => path === variable)?.layer;
  return layer ?? owner ?? layers[0] ?? null;
}

/** "dead units, frozen": kinds as people say them, each once. */
export function kindWords(verdicts: readonly VerdictEntry[]): string {
  return [...new Set(verdicts.map(({ kind }) => kindWord(kind)))].join(", ");
}

export function kindWord(kind: string): string {
  return kind.replaceAll("_", " ");
}
