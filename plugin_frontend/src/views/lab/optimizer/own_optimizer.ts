/** What the model record says of the optimizer that really trained the run. */
import type { ModelRecord } from "../../../data/schema.ts";
import type { OptimizerId } from "../../../math/optimizer_ids.ts";
import { OPTIMIZERS, type Clipping, type Values } from "../../../math/optimizers.ts";

export interface OwnOptimizer {
  /** Null where it is none of those computed here, or there are several. */
  readonly id: OptimizerId | null;
  /** Its class, as it is logged. */
  readonly name: string;
  /** Its settings as far as they are logged. */
  readonly settings: Values;
  /** The learning rate in the record; null: a schedule, or not logged. */
  readonly rate: number | null;
  readonly clipping: Clipping;
  /** Clipping in words; empty where nothing is clipped. */
  readonly clips: string;
  /** Why it may not be computed exactly, in sentences. */
  readonly notes: readonly string[];
}

const CLASSES: Readonly<Record<string, OptimizerId>> = {
  SGD: "sgd",
  Adagrad: "adagrad",
  Adadelta: "adadelta",
  RMSprop: "rmsprop",
  Adam: "adam",
  AdamW: "adamw",
  Lion: "lion",
};

export function ownOptimizer(model: ModelRecord | null): OwnOptimizer {
  const name = model?.optimizer ?? "";
  const logged = (key: string): number | null => numberOf(model?.hparams ?? {}, key);
  const id = idOf(name, logged);
  const clipping = {
    clipnorm: logged("clipnorm") ?? 0,
    globalClipnorm: logged("global_clipnorm") ?? 0,
    clipvalue: logged("clipvalue") ?? 0,
  };
  const known = id === null ? [] : OPTIMIZERS[id].settings;
  const found = known.map(({ key }) => [key, logged(key)] as const).filter(([, value]) => value !== null);
  const missing = known.filter(({ key, isOption }) => key !== "weight_decay" && !isOption && logged(key) === null);
  const notes = [];
  if (id === null) notes.push(unknownWords(name));
  if (missing.length)
    notes.push(
      `The log does not say ${missing.map(({ symbol }) => symbol).join(", ")} of ${name}: Keras’ defaults are taken.`,
    );
  const normClips = clipping.clipnorm > 0 || clipping.globalClipnorm > 0;
  if (normClips && (logged("gradient_accumulation_steps") ?? 0) > 1)
    notes.push(
      "Clipping by a norm under gradient accumulation cannot be computed: the norm of the mean was not logged.",
    );
  return {
    id,
    name,
    settings: Object.fromEntries(found) as Values,
    rate: logged("learning_rate"),
    clipping,
    clips: clipWords(clipping),
    notes,
  };
}

function idOf(name: string, logged: (key: string) => number | null): OptimizerId | null {
  const id = Object.hasOwn(CLASSES, name) ? CLASSES[name]! : null;
  if (id !== "sgd" || !((logged("momentum") ?? 0) > 0)) return id;
  return logged("nesterov") ? "nesterov" : "momentum";
}

/** A log is never trusted, and people give hyper-parameters of their own under the same names. */
function numberOf(hparams: ModelRecord["hparams"], key: string): number | null {
  const value = Object.hasOwn(hparams, key) ? hparams[key] : undefined;
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function unknownWords(name: string): string {
  if (name === "") return "The log does not say which optimizer trained the run.";
  if (name.includes(",")) return `Several optimizers trained the run (${name}), so none of the lines is its own.`;
  return `The run’s optimizer, ${name}, is not computed here; its path is drawn as logged.`;
}

/** Of several Keras takes the first. */
function clipWords({ clipnorm, globalClipnorm, clipvalue }: Clipping): string {
  if (clipnorm > 0) return `clipnorm ${clipnorm}`;
  if (globalClipnorm > 0) return `global_clipnorm ${globalClipnorm}`;
  return clipvalue > 0 ? `clipvalue ${clipvalue}` : "";
}
