/** The error that the log holds at the pre-activation of the prediction, for one probe image. */
import type { DataRecord } from "../../../data/binary.ts";
import type { RecordsQuery } from "../../../data/api.ts";
import type { LayerRecord } from "../../../data/schema.ts";
import { formatCount, formatNumber } from "../../../math/format.ts";
import type { Session } from "../../../state/session.ts";
import { hasPlaces } from "./loss_rows.ts";
import type { LossShown } from "./loss_view_model.ts";

export interface ErrorComparison {
  /** Of the logged error times its factor from what is computed here; null where it is not compared. */
  readonly deviation: number | null;
  readonly words: string;
}

/** The layers of which it may be: the prediction's own, or the one whose output an activation of its own reads. */
function candidates({ path, role, inbound }: LayerRecord): readonly string[] {
  return role === "activation" ? [path, ...inbound] : [path];
}

export function errorMapsQuery(session: Session, run: string, layer: LayerRecord, step: number): RecordsQuery | null {
  const found = candidates(layer).find((path) => session.stepsOf(run, "error_maps", path).includes(step));
  return found === undefined ? null : { run, kind: "error_maps", layers: [found], steps: [step] };
}

/** By class; NaN for those that were not kept. Null where the record has none of this image, or maps of several places. */
export function loggedErrors(record: DataRecord, image: number, classes: number): Float64Array | null {
  const { maps, scale, channels } = record.arrays;
  const [images = 0, kept = 0, ...spatial] = maps?.shape ?? [];
  if (!maps || image >= images || spatial.some((length) => length !== 1)) return null;
  const errors = new Float64Array(classes).fill(NaN);
  for (let slot = 0; slot < kept; slot++) {
    const channel = channels?.values[slot] ?? slot;
    const at = image * kept + slot;
    if (channel >= 0 && channel < classes) errors[channel] = maps.values[at]! * (scale ? scale.values[at]! : 1);
  }
  return errors;
}

/** What rounding of float32 leaves, relative to the largest error. */
const ROUNDING = 1e-5;

/** How far the logged error is from the one drawn; only as the network gave it, and of the run's own loss. */
export function errorComparison(shown: LossShown, layer: string | null): ErrorComparison {
  const { all, source, isMoved } = shown;
  if (layer === null || hasPlaces(source)) return { deviation: null, words: "" };
  const images = source.examples.length;
  const factor = source.config.reduction === "sum" ? 1 : images;
  const said =
    factor > 1
      ? `The loss is the mean over ${formatCount(images)} images, so the log holds 1/${formatCount(images)} of each image’s error; it is drawn times ${formatCount(images)}.`
      : "The log holds the error of each image as it is.";
  if (isMoved) return { deviation: null, words: `${said} What was moved by hand is not compared with it.` };
  if (!source.own)
    return { deviation: null, words: `${said} The run’s own loss is not computed here, so they may differ.` };
  const known = all.filter(({ logged }) => Number.isFinite(logged));
  if (known.length === 0) return { deviation: null, words: "" };
  const deviation = Math.max(...known.map(({ logged, error }) => Math.abs(logged - error)));
  const largest = Math.max(...known.map(({ error }) => Math.abs(error)), 1e-3);
  const words = deviation <= ROUNDING * largest ? "agrees with the bars" : "differs from the bars";
  return {
    deviation,
    words: `The logged error ${words}: deviation ${formatNumber(deviation, { digits: 2 })}. ${said}`,
  };
}
