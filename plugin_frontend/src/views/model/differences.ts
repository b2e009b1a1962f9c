import { rootOf, withoutRoot } from "../../state/layer_paths.ts";
import type { LayerRecord, ModelRecord } from "../../data/schema.ts";
import { times } from "../../state/shapes.ts";

/** What B's network or its training is set to otherwise than A's; `text` reads "conv2: kernel 3×3, B 5×5". */
export interface Differences {
  readonly settings: readonly string[];
  readonly layers: readonly string[];
}

const ASPECTS: readonly (readonly [name: string, of: (layer: LayerRecord) => unknown])[] = [
  ["type", (layer) => layer.type],
  ["activation", (layer) => layer.activation],
  ["output", (layer) => times(layer.output_shape)],
  ["kernel", (layer) => layer.kernel_size && times(layer.kernel_size)],
  ["stride", (layer) => layer.strides && times(layer.strides)],
  ["padding", (layer) => layer.padding],
  ["dilation", (layer) => layer.dilation && times(layer.dilation)],
  ["groups", (layer) => layer.groups],
  ["inputs", (layer) => layer.inbound.join(", ")],
  ["parameters", (layer) => layer.parameters],
  ["trained", (layer) => (layer.trainable ? "yes" : "no")],
];

export function differences(a: ModelRecord, b: ModelRecord): Differences {
  return { settings: settingsOf(a, b), layers: layersOf(a.layers, b.layers) };
}

function settingsOf(a: ModelRecord, b: ModelRecord): string[] {
  const lines: string[] = [];
  const add = (name: string, own: unknown, other: unknown): void => {
    if (own !== other) lines.push(`${name}: ${shown(own)}, B ${shown(other)}`);
  };
  add("optimizer", a.optimizer, b.optimizer);
  add("loss", a.loss, b.loss);
  const [own, other] = [a.hparams ?? {}, b.hparams ?? {}];
  for (const name of new Set([...Object.keys(own), ...Object.keys(other)])) {
    if (name !== "optimizer" || !(isNamed(own[name], a.optimizer) && isNamed(other[name], b.optimizer))) {
      add(name, valueOf(own, name), valueOf(other, name));
    }
  }
  return lines;
}

function layersOf(a: readonly LayerRecord[], b: readonly LayerRecord[]): string[] {
  const [rootA, rootB] = [a, b].map((layers) => rootOf(layers.map(({ path }) => path))) as [string, string];
  const others = new Map(b.map((layer) => [withoutRoot(layer.path, rootB), layer]));
  const lines: string[] = [];
  for (const layer of a) {
    const path = withoutRoot(layer.path, rootA);
    const other = others.get(path);
    others.delete(path);
    if (!other) {
      lines.push(`${layer.name}: not in B`);
      continue;
    }
    const unlike = ASPECTS.filter(([, of]) => of(layer) !== of(other));
    if (unlike.length)
      lines.push(
        `${layer.name}: ${unlike.map(([name, of]) => `${name} ${shown(of(layer))}, B ${shown(of(other))}`).join("; ")}`,
      );
  }
  return [...lines, ...Array.from(others.values(), (layer) => `${layer.name}: only in B`)];
}

/** Whether a setting says again what the record says itself, as "adam" does of Adam. */
function isNamed(value: unknown, name: string | null): boolean {
  return name !== null && String(value).toLowerCase() === name.toLowerCase();
}

function valueOf(values: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : null;
}

function shown(value: unknown): string {
  // A rate that was kept as float32 has digits that nobody chose.
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return value === null || value === undefined || value === "" ? "none" : String(value);
}
