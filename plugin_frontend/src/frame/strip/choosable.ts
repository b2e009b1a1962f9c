import type { Session } from "../../state/session.ts";

/** Whether the current view has something to show of a layer. */
export function hasStepsOf(session: Session, path: string): boolean {
  const kind = session.view?.needs[0];
  return kind !== undefined && session.stepsOf(session.runA, kind, path).length > 0;
}
