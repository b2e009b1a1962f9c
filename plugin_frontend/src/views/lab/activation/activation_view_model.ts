/** What the mode draws: the layer's own function first, others beside it, all over the same measured inputs. */
import { activationFunction, ofLayerClass, type ActivationFunction } from "../../../math/activation_slopes.ts";
import { barsOf, drawnRange, flatSpans, slopeFacts, type SlopeFacts } from "../../../math/measured_inputs.ts";
import type { LabOptions } from "../lab_base.ts";
import { FUNCTIONS } from "./activation_fields.ts";
import type { Measured } from "./measured.ts";
import type { ActivationSource } from "./activation_source.ts";

export interface Panel {
  readonly name: string;
  readonly isOwn: boolean;
  /** Said after the name. */
  readonly note: string;
  readonly fn: ActivationFunction;
  readonly facts: SlopeFacts;
  /** Whether its flat share is a count of values, or of whole bins, and no estimate. */
  readonly isCounted: boolean;
  readonly flat: readonly (readonly [lo: number, hi: number])[];
}

export interface ActivationShown {
  readonly site: ActivationSource;
  readonly measured: Measured;
  /** ±range is drawn. */
  readonly range: number;
  readonly bars: ReturnType<typeof barsOf>;
  readonly panels: readonly Panel[];
  /** The layer's own function where it is none of single values, such as softmax. */
  readonly notDrawn: string | null;
}

/** Flat exactly where a record counts them as saturated; not so relu6 or gelu, which are flat elsewhere too. */
const COUNTED = new Set(["sigmoid", "tanh", "hard_sigmoid", "softsign", "elu", "selu", "softplus", "exponential"]);

/** They bend at zero alone, where bins meet. */
const STRAIGHT = new Set(["relu", "leaky_relu", "linear"]);

/** The flat share of the layer's own function as it was counted, where it was. */
function factsOf(
  measured: Measured,
  fn: ActivationFunction,
  name: string,
  isOwn: boolean,
): Pick<Panel, "facts" | "isCounted"> {
  const facts = slopeFacts(measured.inputs, fn);
  const { saturated, count } = measured.numbers;
  if (!(isOwn && COUNTED.has(name) && measured.saturation !== null && count > 0))
    return { facts, isCounted: STRAIGHT.has(name) };
  return { facts: { ...facts, flat: saturated / count }, isCounted: true };
}

/** `range`: the one to keep while steps play. */
export function activationShown(
  site: ActivationSource,
  measured: Measured,
  { beside, leak }: Pick<LabOptions, "beside" | "leak">,
  range = drawnRange(measured.inputs),
): ActivationShown {
  const own = ofLayerClass(site.name);
  const panel = (name: string, isOwn: boolean): Panel | null => {
    const fn = activationFunction(name, Number(leak));
    if (!fn) return null;
    const words = [isOwn ? "the layer’s own" : "", name === "leaky_relu" ? `slope ${leak}` : ""]
      .filter(Boolean)
      .join(", ");
    return { name, isOwn, note: words, fn, ...factsOf(measured, fn, name, isOwn), flat: flatSpans(fn, range) };
  };
  const first = own === null ? null : panel(own, true);
  const others = FUNCTIONS.filter((name) => name !== own && (beside === "all" || beside === name));
  const most = first ? 5 : 6;
  const panels = [first, ...others.slice(0, most).map((name) => panel(name, false))].filter((each) => each !== null);
  return {
    site,
    measured,
    range,
    bars: barsOf(measured.inputs, range),
    panels,
    notDrawn: own !== null && !first ? own : null,
  };
}

/** A name as it stands over a picture: "leaky relu". */
export function functionWords(name: string): string {
  return name.replaceAll("_", " ");
}
