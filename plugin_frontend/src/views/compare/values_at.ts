import { isBetter, type Better } from "../../math/line_facts.ts";
import { nearestIndex } from "../../math/gradient_norms.ts";
import type { Chart } from "./chart.ts";
import type { Line } from "./lines.ts";

/** What a line says at a place of the axis: its nearest logged point. */
export interface ValueAt {
  readonly run: string;
  readonly part: Line["part"];
  readonly x: number;
  /** As logged. */
  readonly y: number;
  /** As smoothed; the same where nothing is. */
  readonly mean: number;
  /** The line had ended before the place. */
  readonly ended: boolean;
}

/** The values of all lines at a place, the best first; NaN last. */
export function valuesAt({ lines }: Chart, at: number, better: Better): ValueAt[] {
  const values = lines.flatMap(({ run, part, x, y, shown }): ValueAt[] => {
    const index = nearestIndex(x, at);
    return index < 0 ? [] : [{ run, part, x: x[index]!, y: y[index]!, mean: shown[index]!, ended: index === x.length - 1 && x[index]! < at }];
  });
  return values.sort((a, b) => (isBetter(a.mean, b.mean, better) ? -1 : isBetter(b.mean, a.mean, better) ? 1 : 0));
}
