import type { RecordsQuery } from "../../data/api.ts";
import { stepsOf } from "../../state/selectors.ts";
import type { Session } from "../../state/session.ts";

/** The feature maps of these layers at the step nearest to the shown one, in one request. */
export function mapsQuery(session: Session, paths: readonly string[]): RecordsQuery | null {
  const { runA } = session;
  const first = paths.find((path) => session.stepsOf(runA, "feature_maps", path).length > 0);
  const step = first === undefined ? null : session.stepOf(runA, "feature_maps", first);
  if (runA === null || step === null) return null;
  const layers = paths.filter((path) => stepsOf(session.detailA, "feature_maps", path).includes(step));
  return { run: runA, kind: "feature_maps", layers, steps: [step] };
}

export function predictionsQuery(session: Session): RecordsQuery | null {
  const step = session.stepOf(session.runA, "predictions", null);
  return session.runA === null || step === null
    ? null
    : { run: session.runA, kind: "predictions", layers: [], steps: [step] };
}
