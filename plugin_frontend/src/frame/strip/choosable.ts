import type { LayerRecord } from "../../data/schema.ts";
import { showsLayer } from "../../state/selectors.ts";
import type { Session } from "../../state/session.ts";
import type { StripItem } from "./fold.ts";

/** The layer that choosing a tile chooses: its face, or another of its layers that the view has something to show of. */
export function choiceOf(session: Session, item: StripItem): string {
  if (isShown(session, item.face)) return item.face.path;
  return item.layers.find((layer) => isShown(session, layer))?.path ?? item.face.path;
}

/** Whether the current view has something to show of a tile. */
export function isChoosable(session: Session, item: StripItem): boolean {
  return item.layers.some((layer) => isShown(session, layer));
}

function isShown(session: Session, layer: LayerRecord): boolean {
  return session.view !== null && showsLayer(session.detailA, session.view, layer);
}
