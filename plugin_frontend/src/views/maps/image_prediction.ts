import type { DataRecord } from "../../data/binary.ts";
import type { ModelRecord } from "../../data/schema.ts";
import { formatNumber } from "../../math/format.ts";
import { labelOf, meaningOf, predictionOf, type Prediction } from "../../math/predictions.ts";
import { formatPercent } from "../../math/percent.ts";

/** The image's true class, and what the network takes it for, in words. */
export interface ImagePrediction {
  readonly heading: string;
  readonly text: string;
  /** Both classes are known and they differ. */
  readonly wrong: boolean;
}

function arrayOf(record: DataRecord | null, name: string) {
  const found = record?.arrays[name];
  return found ? { shape: found.shape, data: found.values } : null;
}

function predictionWords({ meaning, top, share, raw }: Prediction, name: string): string {
  if (share === null) return `largest output ${name}, raw ${formatNumber(raw, { digits: 3 })}`;
  // The network gave logits: say that the share was computed from them.
  const how = meaning === "probability" ? "" : `${meaning} `;
  return `predicted ${name || top}, ${how}${formatPercent(share)}`;
}

export function imagePredictionOf(
  probe: DataRecord | null,
  predictions: DataRecord | null,
  model: ModelRecord | null,
  image: number,
): ImagePrediction {
  const names = model?.class_names ?? [];
  const nameOf = (index: number): string => names[index] ?? `class ${index}`;
  const labels = arrayOf(probe, "y");
  const label = labels && labelOf(labels, image);
  const heading = label === null ? `Image ${image}` : nameOf(label);
  const outputs = arrayOf(predictions, "y_pred");
  if (!outputs) return { heading, text: "", wrong: false };
  const meaning = meaningOf(outputs, model?.layers.at(-1)?.activation ?? null, model?.loss ?? null);
  const prediction = predictionOf(outputs, image, meaning);
  if (!prediction) return { heading, text: "", wrong: false };
  if (Number.isNaN(prediction.raw)) return { heading, text: "the outputs are NaN", wrong: label !== null };
  const single = (outputs.shape[1] ?? 1) === 1;
  const text =
    single && prediction.share === null
      ? `output ${formatNumber(prediction.raw, { digits: 3 })}`
      : predictionWords(prediction, nameOf(prediction.top));
  const decided = !(single && prediction.share === null) && label !== null;
  return { heading, text, wrong: decided && prediction.top !== label };
}
