/** Whether the loss that is computed here from the log is the one that the log holds. */
import type { DataRecord } from "../../../data/binary.ts";
import { formatCount, formatNumber } from "../../../math/format.ts";
import { evaluate, type Example, type Loss } from "../../../math/losses.ts";
import type { LossSource } from "./loss_source.ts";

export interface Comparison {
  readonly is: "agrees" | "differs" | "not compared";
  readonly words: string;
  /** Over all probe images, as logged; null where one of them is not known. */
  readonly computed: number | null;
  readonly logged: number | null;
}

/** What rounding of float32 leaves between two ways of one sum, relative to the larger of 1 and the sum. */
const ROUNDING = 4e-6;

export function compareLoss(source: LossSource, errors: DataRecord | null): Comparison {
  const why = whyNot(source, errors);
  const { own } = source;
  const computed = own && source.otherOutputs === 0 ? meanLoss(own, source) : null;
  const logged = errors ? loggedLoss(errors) : null;
  if (why !== null || computed === null || logged === null)
    return { is: "not compared", words: `not compared with the log: ${why ?? "it has no number"}`, computed, logged };
  const deviation = Object.is(computed, logged) ? 0 : Math.abs(computed - logged);
  const agrees = deviation <= ROUNDING * Math.max(1, Math.abs(logged));
  const words = agrees
    ? `agrees with the log: deviation ${formatNumber(deviation, { digits: 2 })}`
    : `differs from the log by ${formatNumber(deviation, { digits: 2 })}${reasons(source, errors)}`;
  return { is: agrees ? "agrees" : "differs", words, computed, logged };
}

function reasons({ given, own }: LossSource, errors: DataRecord | null): string {
  if (errors?.attributes["loss_scale"] !== undefined) return ": the network computes in float16";
  const clipped =
    given === "shares" && own?.name.endsWith("crossentropy") ? "; shares below 10⁻⁷ are clipped there" : "";
  return `: the logged value also has penalties on weights and what add_loss adds, and may be smoothed or weighted${clipped}`;
}

function whyNot(
  { own, lossName, otherOutputs, examples, config, given }: LossSource,
  errors: DataRecord | null,
): string | null {
  if (!errors) return "no loss of the probe was logged at this step";
  if (otherOutputs > 0)
    return `the network has ${formatCount(otherOutputs + 1)} outputs, and its loss is of all of them`;
  if (!own)
    return lossName === null ? "the log does not name the run’s loss" : "the run’s own loss is not computed here";
  if (config.fromLogits === true && given === "shares") return "the loss takes the shares for logits (from_logits)";
  if (config.reduction !== null && !["sum_over_batch_size", "mean"].includes(config.reduction))
    return `its reduction is ${config.reduction}, not the mean`;
  const images = errors.attributes["images"];
  if (typeof images === "number" && images !== examples.length)
    return `the logged loss is of ${formatCount(images)} images, of which ${formatCount(examples.length)} have predictions`;
  return null;
}

/** A number, or text where JSON has none. */
function loggedLoss({ attributes }: DataRecord): number | null {
  const value = attributes["loss_value"];
  if (typeof value === "number") return value;
  const known: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  return typeof value === "string" && Object.hasOwn(known, value) ? known[value]! : null;
}

/** Over the probe as training takes it: the mean of the images, but Dice of all of them together. */
export function meanLoss(loss: Loss, source: LossSource): number {
  const examples = source.examples.map((each) => smoothed(each, loss, source));
  if (loss.name === "dice") return evaluate(loss, joined(examples), source.head).value;
  const values = examples.map((each) => evaluate(loss, each, source.head).value);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** With the run's own label smoothing, which its other losses do not have. */
export function smoothed(example: Example, loss: Loss, { own, config }: LossSource): Example {
  const { smoothing } = config;
  if (loss !== own || smoothing === 0 || !loss.name.endsWith("crossentropy")) return example;
  const share = loss.name === "binary_crossentropy" ? 1 / 2 : 1 / example.classes;
  return { ...example, y: example.y.map((y) => y * (1 - smoothing) + smoothing * share) };
}

function joined(examples: readonly Example[]): Example {
  const all = (of: "z" | "y"): Float64Array => {
    const numbers = new Float64Array(examples.reduce((sum, each) => sum + each[of].length, 0));
    let at = 0;
    for (const each of examples) {
      numbers.set(each[of], at);
      at += each[of].length;
    }
    return numbers;
  };
  return { z: all("z"), y: all("y"), classes: examples[0]?.classes ?? 1 };
}
