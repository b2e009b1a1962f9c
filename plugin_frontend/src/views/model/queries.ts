import type { RecordsQuery } from "../../data/api.ts";
import type { LayerRecord } from "../../data/schema.ts";
import { hasKind, stepsOf } from "../../state/selectors.ts";
import type { LiveSeriesQuery } from "../../state/series_controller.ts";
import type { Session } from "../../state/session.ts";
import { isActivated } from "./facts.ts";

/** More rows than a curve of so few pixels can show; where a run has more, the server keeps the extremes. */
const CURVE_POINTS = 600;
/** Maps of one step are not loaded beyond this, as far as their sizes can be told from the shapes. */
const MOST_BYTES = 48 << 20;
/** What a log keeps at most of a layer, unless it was told otherwise. */
const USUAL = { images: 8, channels: 64 } as const;

export function curvesQuery(session: Session): LiveSeriesQuery | null {
  const { runA, detailA } = session;
  if (runA === null || !detailA?.model || !hasKind(detailA, "gradients")) return null;
  return {
    run: runA,
    kind: "gradients",
    columns: ["norm", "weight_norm", "update_norm"],
    points: CURVE_POINTS,
    at: detailA.last_wall_time,
  };
}

/** The gradients at the shown step alone: curves may leave it out. */
export function gradientsQuery(session: Session): RecordsQuery | null {
  const step = session.stepOf(session.runA, "gradients", null);
  return session.runA === null || step === null
    ? null
    : { run: session.runA, kind: "gradients", layers: [], steps: [step] };
}

/** Maps of the activated layers at the step nearest to the shown one; `left` were too large to load. */
export interface ZerosWish {
  readonly query: RecordsQuery | null;
  readonly left: readonly string[];
}

export function zerosWish(session: Session): ZerosWish {
  const { runA, detailA } = session;
  const candidates = candidatesOf(session);
  const first = candidates[0];
  const step = first ? session.stepOf(runA, "feature_maps", first.path) : null;
  if (runA === null || step === null) return { query: null, left: [] };
  const wanted: string[] = [];
  const left: string[] = [];
  let bytes = 0;
  for (const layer of candidates) {
    if (!stepsOf(detailA, "feature_maps", layer.path).includes(step)) continue;
    const own = usualBytes(layer);
    if (bytes + own > MOST_BYTES) {
      left.push(layer.path);
      continue;
    }
    bytes += own;
    wanted.push(layer.path);
  }
  const query = wanted.length ? { run: runA, kind: "feature_maps" as const, layers: wanted, steps: [step] } : null;
  return { query, left };
}

/** Whether there are maps of any layer with an activation. */
export function hasZeros(session: Session): boolean {
  return candidatesOf(session).length > 0;
}

function candidatesOf({ layers, detailA }: Session): LayerRecord[] {
  return layers.filter((layer) => isActivated(layer) && stepsOf(detailA, "feature_maps", layer.path).length > 0);
}

/** A byte a cell of the maps that are usually kept. */
function usualBytes(layer: LayerRecord): number {
  const sizes = layer.output_shape.map((axis) => axis ?? 1);
  const channels = (layer.data_format === "channels_first" && sizes.length > 1 ? sizes[0] : sizes.at(-1)) ?? 1;
  const cells = sizes.reduce((all, axis) => all * axis, 1) / Math.max(1, channels);
  return USUAL.images * Math.min(USUAL.channels, channels) * cells;
}
