/** What the network gave for each probe image and what was right, read from `predictions` and `probe`. */
import type { DataArray, DataRecord } from "../../../data/binary.ts";
import type { LayerRecord, ModelRecord } from "../../../data/schema.ts";
import { lossNamed, type Example, type Head, type Loss } from "../../../math/losses.ts";
import { meaningOf } from "../../../math/predictions.ts";

export interface LossSource {
  readonly step: number;
  readonly layer: LayerRecord;
  readonly head: Head;
  /** What the logged numbers are: they stand before or behind the last activation, or there is none. */
  readonly given: "logits" | "shares" | "values";
  /** How that is known, in words. */
  readonly how: string;
  readonly examples: readonly Example[];
  readonly classes: number;
  /** Axes of the places of one prediction: none for a class, rows and columns for a mask. */
  readonly spatial: readonly number[];
  readonly own: Loss | undefined;
  readonly lossName: string | null;
  readonly config: LossConfig;
  /** Other arrays of the record: a network of several outputs. */
  readonly otherOutputs: number;
}

/** What the model record may say of its loss. */
export interface LossConfig {
  readonly fromLogits: boolean | null;
  readonly smoothing: number;
  readonly reduction: string | null;
}

/** Throws where records contradict each other: a log is never trusted. */
export function lossSource(
  predictions: DataRecord,
  probe: DataRecord,
  layer: LayerRecord,
  model: ModelRecord | null,
): LossSource {
  const given = arrayOf(predictions, "y_pred", "The record of predictions has no outputs.");
  const [images = 0, ...rest] = given.shape;
  const isFirst = layer.data_format === "channels_first" && rest.length > 1;
  const classes = rest.length === 0 ? 1 : (isFirst ? rest[0] : rest.at(-1))!;
  const spatial = rest.length === 0 ? [] : isFirst ? rest.slice(1) : rest.slice(0, -1);
  const places = spatial.reduce((product, length) => product * length, 1);
  if (images * places * classes === 0) throw new Error("The record of predictions holds no numbers.");
  const lossName = model?.loss ?? null;
  const config = configOf(model);
  const told = headOf(layer, given, classes, lossName, config);
  const labels = labelsOf(probe, images, places, classes, isFirst);
  const at = (image: number, i: number): number => {
    const place = Math.floor(i / classes);
    const within = isFirst ? (i % classes) * places + place : i;
    return given.values[image * places * classes + within]!;
  };
  const examples = labels.map((y, image) => ({
    z: inputsOf(
      Float64Array.from(y, (_, i) => at(image, i)),
      classes,
      told,
    ),
    y,
    classes,
  }));
  const otherOutputs = Object.keys(predictions.arrays).length - 1;
  return {
    step: predictions.step,
    layer,
    ...told,
    examples,
    classes,
    spatial,
    own: lossNamed(lossName),
    lossName,
    config,
    otherOutputs,
  };
}

function arrayOf(record: DataRecord, name: string, missing: string): DataArray {
  const found = record.arrays[name];
  if (!found) throw new Error(missing);
  return found;
}

function configOf(model: ModelRecord | null): LossConfig {
  const config: unknown = model?.loss_config;
  const { from_logits, label_smoothing, reduction } = (
    typeof config === "object" && config !== null ? config : {}
  ) as Record<string, unknown>;
  return {
    fromLogits: typeof from_logits === "boolean" ? from_logits : null,
    smoothing: typeof label_smoothing === "number" && label_smoothing > 0 && label_smoothing < 1 ? label_smoothing : 0,
    reduction: typeof reduction === "string" ? reduction : null,
  };
}

type Told = Pick<LossSource, "head" | "given" | "how">;

function headOf(
  layer: LayerRecord,
  { shape, values }: DataArray,
  classes: number,
  loss: string | null,
  { fromLogits }: LossConfig,
): Told {
  const activation = layer.activation ?? layer.type.toLowerCase();
  if (activation === "softmax" || activation === "sigmoid")
    return { head: activation, given: "shares", how: `the last layer’s activation is ${activation}` };
  const squashing = classes > 1 ? "softmax" : "sigmoid";
  const named = lossNamed(loss)?.name;
  const wanted = { categorical_crossentropy: "softmax", binary_crossentropy: "sigmoid" } as const;
  if (fromLogits) {
    const head = named === "binary_crossentropy" ? "sigmoid" : squashing;
    return { head, given: "logits", how: "the loss takes logits (from_logits)" };
  }
  const isTable = shape.length === 2;
  if (isTable && classes > 1 && meaningOf({ shape, data: values }, activation, loss) === "probability")
    return { head: "softmax", given: "shares", how: "inferred: each row of outputs adds up to 1" };
  if (named === "categorical_crossentropy" || named === "binary_crossentropy")
    return {
      head: wanted[named],
      given: "logits",
      how: "inferred: the last layer is linear, and the loss a cross-entropy",
    };
  const is = layer.activation === null || layer.activation === "linear" ? "linear" : layer.activation;
  return { head: "linear", given: "values", how: `the last layer is ${is}: its outputs are the numbers themselves` };
}

/** What entered the last activation. Behind a softmax it is known up to a number that all classes share: here their mean is 0. */
function inputsOf(given: Float64Array, classes: number, { head, given: what }: Told): Float64Array {
  if (what !== "shares") return given;
  if (head === "sigmoid") return given.map((p) => Math.log(p) - Math.log1p(-p));
  const logs = given.map(Math.log);
  for (let from = 0; from < logs.length; from += classes) {
    const row = logs.subarray(from, from + classes);
    const finite = row.filter(Number.isFinite);
    const mean = finite.reduce((sum, value) => sum + value, 0) / (finite.length || 1);
    row.forEach((value, k) => (row[k] = value - mean));
  }
  return logs;
}

export const NOT_LABELLED =
  "The probe has no labels, so there is nothing to compare its predictions with. Train again with a labelled probe.";

/** By image: what was right, in the layout of the outputs; class numbers become rows of 0 and 1. */
function labelsOf(
  probe: DataRecord,
  images: number,
  places: number,
  classes: number,
  isFirst: boolean,
): Float64Array<ArrayBuffer>[] {
  const { shape, values } = arrayOf(probe, "y", NOT_LABELLED);
  const [labelled = 0] = shape;
  const each = values.length / labelled;
  if (labelled === 0) throw new Error(NOT_LABELLED);
  const fits = each === places * classes || each === places;
  if (!fits)
    throw new Error(
      `Labels of shape [${shape.join(", ")}] do not fit predictions of ${places * classes} numbers an image.`,
    );
  const isWhole = each === places * classes;
  return Array.from({ length: Math.min(images, labelled) }, (_, image) => {
    const own = values.subarray(image * each, (image + 1) * each);
    return Float64Array.from({ length: places * classes }, (_unused, i) => {
      const [place, k] = [Math.floor(i / classes), i % classes];
      if (isWhole) return own[isFirst ? k * places + place : i]!;
      return numberOfClass(own[place]!, classes) === k ? 1 : 0;
    });
  });
}

function numberOfClass(label: number, classes: number): number {
  if (!Number.isInteger(label) || label < 0 || label >= classes)
    throw new Error(`A label of the probe is ${label}, which is none of the ${classes} classes.`);
  return label;
}
