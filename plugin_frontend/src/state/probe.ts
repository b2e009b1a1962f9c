import type { RecordsQuery } from "../data/api.ts";
import type { Session } from "./session.ts";

/** The record that holds the probe images of run A, as they stood at the shown step. */
export function probeQuery(session: Session): RecordsQuery | null {
  const { runA } = session;
  const steps = session.stepsOf(runA, "probe", null);
  const shown = session.step ?? Infinity;
  const step = steps.findLast((each) => each <= shown) ?? steps[0];
  return runA === null || step === undefined ? null : { run: runA, kind: "probe", layers: [], steps: [step] };
}

/** How many probe images there are; null until that is known. */
export function imageCount(session: Session): number | null {
  const query = probeQuery(session);
  const record = query && session.cache.peek(query)?.[0];
  const array = record?.arrays["display"] ?? record?.arrays["x"];
  return array?.shape[0] ?? null;
}
