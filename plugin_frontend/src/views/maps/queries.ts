import type { RecordsQuery } from "../../data/api.ts";
import { layersWith, stepsOf } from "../../state/selectors.ts";
import type { Session } from "../../state/session.ts";
import type { MapsKind } from "./maps_definition.ts";
import type { SweepWish } from "./step_sweep.ts";

/** One layer's maps of a run at the logged step nearest to the chosen one; null where there are none. */
export function mapsQuery(session: Session, run: string | null, kind: MapsKind): RecordsQuery | null {
  const layer = session.pathIn(run);
  const step = session.stepOf(run, kind);
  return run === null || layer === null || step === null ? null : { run, kind, layers: [layer], steps: [step] };
}

/** The same of run A at its last logged step. */
export function lastMapsQuery(session: Session, kind: MapsKind): RecordsQuery | null {
  const query = mapsQuery(session, session.runA, kind);
  const last = session.stepsOf(session.runA, kind).at(-1);
  return query && last !== undefined ? { ...query, steps: [last] } : null;
}

/** All layers that have maps at the step of the chosen layer's maps, in one request. */
export function allLayersQuery(session: Session, kind: MapsKind): RecordsQuery | null {
  const { runA: run, detailA } = session;
  const step = session.stepOf(run, kind);
  if (run === null || step === null) return null;
  const layers = layersWith(detailA, kind).filter((path) => stepsOf(detailA, kind, path).includes(step));
  return { run, kind, layers, steps: [step] };
}

/** What the network said of the probe, at the step nearest to the shown one. */
export function predictionsQuery(session: Session, run: string | null): RecordsQuery | null {
  const step = session.stepOf(run, "predictions", null);
  return run === null || step === null ? null : { run, kind: "predictions", layers: [], steps: [step] };
}

export function sweepWish(session: Session, run: string | null, kind: MapsKind, bytes: number): SweepWish | null {
  const layer = session.pathIn(run);
  const steps = session.stepsOf(run, kind);
  return run === null || layer === null || steps.length === 0 ? null : { run, kind, layer, steps, bytes };
}
