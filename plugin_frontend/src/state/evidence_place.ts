import type { Kind, LayerRecord, RunDetail, VerdictEntry } from "../data/schema.ts";
import { formatFields, parseFields } from "./fields.ts";
import { hasKind, layerNamed, layersOf, showsLayer } from "./selectors.ts";
import type { Session } from "./session.ts";
import { SHARED_FIELDS } from "./url_state.ts";
import { layerOf } from "./verdict_order.ts";
import type { ViewDefinition } from "./view_definition.ts";

/** Where a verdict's evidence is seen. */
export interface EvidencePlace {
  readonly view: ViewDefinition;
  readonly options: Readonly<Record<string, string>>;
  /** Null where the whole network is meant. */
  readonly layer: LayerRecord | null;
  /** Null where it is not known since when. */
  readonly step: number | null;
}

interface Candidate {
  readonly view: string;
  readonly options?: Readonly<Record<string, string>>;
  /** What must be logged beside what the view itself needs. */
  readonly kind?: Kind;
  /** Shows something of a layer alone. */
  readonly ofLayer?: true;
}

const gradients = (quantity: string, kind?: Kind): Candidate => ({
  view: "gradients",
  options: { quantity },
  ...(kind ? { kind } : {}),
});
const MAPS: Candidate = { view: "maps", options: { of: "maps", mode: "channels" }, ofLayer: true };
const FILTERS: Candidate = { view: "filters", ofLayer: true };
const ACTIVATION: Candidate = { view: "lab", options: { mode: "activation" }, kind: "activations", ofLayer: true };
const CURVES: Candidate = { view: "compare", options: { metric: "loss", part: "both" } };

/** By kind of verdict, the places that show it, the best first. Any other is seen in the curves. */
const PLACES: Readonly<Record<string, readonly Candidate[]>> = {
  vanishing: [gradients("error", "errors"), gradients("gradient")],
  exploding: [gradients("gradient")],
  non_finite: [gradients("gradient")],
  frozen: [gradients("update")],
  rate_too_high: [gradients("ratio")],
  rate_too_low: [gradients("ratio")],
  update_too_large: [gradients("ratio")],
  update_too_small: [gradients("ratio")],
  dead_units: [MAPS, gradients("zeros", "activations")],
  saturated: [ACTIVATION, gradients("saturated", "activations")],
  unscaled_input: [ACTIVATION, MAPS],
  bad_init: [FILTERS, gradients("gradient")],
  constant_output: [MAPS],
};

/** Where to look at a verdict's evidence in a run: the first of its places that the run has logged enough for. */
export function evidencePlace(
  verdict: VerdictEntry,
  views: readonly ViewDefinition[],
  detail: RunDetail | null,
): EvidencePlace | null {
  const path = layerOf(verdict, detail);
  const layer = path === null ? null : layerNamed(layersOf(detail), path);
  const candidates = Object.hasOwn(PLACES, verdict.kind) ? (PLACES[verdict.kind] ?? []) : [];
  for (const { view: id, options = {}, kind, ofLayer } of [...candidates, CURVES]) {
    const view = views.find((each) => each.id === id);
    if (!view || (kind && !hasKind(detail, kind)) || (ofLayer && !layer)) continue;
    const values = { ...parseFields(view.fields, new Map()), ...options };
    const as = view.as?.(values, layer, detail) ?? view;
    if (!as.needs.every((needed) => hasKind(detail, needed))) continue;
    if (as.scope !== "network" && layer && !showsLayer(detail, as, layer)) continue;
    return { view, options, layer, step: verdict.step };
  }
  return null;
}

/** "Gradients, conv1, step 16". */
export function placeWords({ view, layer, step }: EvidencePlace, name: (layer: string) => string): string {
  return [view.title, layer ? name(layer.name) : "", step === null ? "" : `step ${step}`].filter(Boolean).join(", ");
}

/** Show it. */
export function goTo(session: Session, { view, options, layer, step }: EvidencePlace): void {
  const shared = {
    view: view.id,
    ...(layer ? { layer: layer.path } : {}),
    ...(step === null ? {} : { step: Math.max(0, step) }),
  };
  const raw = formatFields(SHARED_FIELDS, shared, session.raw);
  session.replaceRaw(formatFields(view.fields, options, raw, `${view.id}.`));
}
