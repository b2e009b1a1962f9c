import type { ApiError } from "../data/errors.ts";
import type { Kind, LayerRecord } from "../data/schema.ts";
import type { ViewDefinition } from "./view_definition.ts";
import { endingWith, hasKind, layersOfView, showsLayer, ticksOf } from "./selectors.ts";
import type { Session } from "./session.ts";

/** Whether the view can be shown, or what stands in its place. */
export type ViewStatus =
  | { readonly is: "loading" }
  | { readonly is: "offline"; readonly error: ApiError }
  | { readonly is: "no-runs" }
  | { readonly is: "no-run"; readonly run: string }
  | { readonly is: "unreadable-run"; readonly run: string; readonly error: ApiError }
  | { readonly is: "no-kind"; readonly run: string; readonly view: ViewDefinition; readonly other: ViewDefinition[] }
  | { readonly is: "no-layer"; readonly run: string; readonly path: string; readonly layers: readonly string[] }
  | { readonly is: "several-layers"; readonly path: string; readonly candidates: readonly string[] }
  | { readonly is: "bare-layer"; readonly layer: LayerRecord; readonly kind: Kind; readonly next: string | null }
  | { readonly is: "ready"; readonly view: ViewDefinition };

export function viewStatusOf(session: Session): ViewStatus {
  const { runs, offline, view } = session;
  if (!runs) return offline ? { is: "offline", error: offline } : { is: "loading" };
  const run = session.runA;
  if (run === null) return { is: "no-runs" };
  const detail = session.detailA;
  if (!detail) {
    if (!runs.runs.some((summary) => summary.name === run)) return { is: "no-run", run };
    const error = session.detailError(run);
    return error ? { is: "unreadable-run", run, error } : { is: "loading" };
  }
  if (!view) return { is: "loading" };
  if (!view.needs.every((kind) => hasKind(detail, kind))) {
    const other = session.views.filter((each) => each.needs.every((kind) => hasKind(detail, kind)));
    return { is: "no-kind", run, view, other };
  }
  const { layer } = session;
  const path = session.state.layer ?? "";
  const candidates = layer ? [] : endingWith(session.layers, path).map((each) => each.path);
  if (candidates.length) return { is: "several-layers", path, candidates };
  if (view.scope === "network") return { is: "ready", view };
  const layers = layersOfView(detail, view);
  if (!layer) return { is: "no-layer", run, path, layers };
  if (session.step === null || !showsLayer(detail, view, layer)) {
    return { is: "bare-layer", layer, kind: ticksOf(detail, view), next: nearestLayer(session, layers) };
  }
  return { is: "ready", view };
}

/** The first of `layers` behind the current one, else the last before it. */
function nearestLayer(session: Session, layers: readonly string[]): string | null {
  const order = session.layers.map((layer) => layer.path);
  const at = order.indexOf(session.layer?.path ?? "");
  return layers.find((path) => order.indexOf(path) > at) ?? layers.at(-1) ?? null;
}
