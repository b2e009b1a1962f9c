import type { RecordsQuery } from "../../data/api.ts";
import { layersWith, stepsOf } from "../../state/derived.ts";
import type { Session } from "../../state/session.ts";
import type { SweepWish } from "./step_sweep.ts";

/** One layer's maps of a run at the logged step nearest to the chosen one; null where there are none. */
export function mapsQuery(session: Session, run: string | null): RecordsQuery | null {
  const layer = session.layer?.path;
  const step = session.stepOf(run, "feature_maps");
  return run === null || layer === undefined || step === null
    ? null
    : { run, kind: "feature_maps", layers: [layer], steps: [step] };
}

/** The same of run A at its last logged step. */
export function lastMapsQuery(session: Session): RecordsQuery | null {
  const query = mapsQuery(session, session.runA);
  const last = session.stepsOf(session.runA, "feature_maps").at(-1);
  return query && last !== undefined ? { ...query, steps: [last] } : null;
}

/** All layers that have maps at the step of the chosen layer's maps, in one request. */
export function allLayersQuery(session: Session): RecordsQuery | null {
  const { runA: run, detailA } = session;
  const step = session.stepOf(run, "feature_maps");
  if (run === null || step === null) return null;
  const layers = layersWith(detailA, "feature_maps").filter((path) => stepsOf(detailA, "feature_maps", path).includes(step));
  return { run, kind: "feature_maps", layers, steps: [step] };
}

/** What the network said of the probe, at the step nearest to the shown one. */
export function predictionsQuery(session: Session, run: string | null): RecordsQuery | null {
  const step = session.stepOf(run, "predictions", null);
  return run === null || step === null ? null : { run, kind: "predictions", layers: [], steps: [step] };
}

export function sweepWish(session: Session, run: string | null, bytes: number): SweepWish | null {
  const layer = session.layer?.path;
  const steps = session.stepsOf(run, "feature_maps");
  return run === null || layer === undefined || steps.length === 0 ? null : { run, layer, steps, bytes };
}
