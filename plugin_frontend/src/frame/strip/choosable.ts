import type { Session } from "../../state/session.ts";
import type { StripItem } from "./fold.ts";

/** The layer that choosing a tile chooses: its face, or another of its layers that the view has something to show of. */
export function choiceOf(session: Session, item: StripItem): string {
  if (hasSteps(session, item.face.path)) return item.face.path;
  return item.layers.find((layer) => hasSteps(session, layer.path))?.path ?? item.face.path;
}

/** Whether the current view has something to show of a tile. */
export function isChoosable(session: Session, item: StripItem): boolean {
  return item.layers.some((layer) => hasSteps(session, layer.path));
}

function hasSteps(session: Session, path: string): boolean {
  const kind = session.view?.needs[0];
  return kind !== undefined && session.stepsOf(session.runA, kind, path).length > 0;
}
