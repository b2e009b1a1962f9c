import { nearestIndex } from "../../math/gradient_norms.ts";
import { isBetter, type Better } from "../../math/line_facts.ts";
import type { Chart, ChartLine } from "./chart.ts";

/** What the curves of a run say at a place of the axis: their nearest logged points. */
export interface ValueAt {
  readonly run: string;
  /** Where the nearest point of the line that counts stands. */
  readonly x: number;
  /** As logged. */
  readonly y: number;
  /** As drawn: smoothed, or as logged. */
  readonly shown: number;
  /** The line had ended before the place. */
  readonly ended: boolean;
  /** The training curve beside a validation curve, as drawn; null where none is. */
  readonly train: number | null;
}

/** The values of all runs at a place, the best first; NaN last. */
export function valuesAt({ lines }: Chart, at: number, better: Better): ValueAt[] {
  const byRun = new Map<string, ChartLine[]>();
  for (const line of lines) byRun.set(line.run, [...(byRun.get(line.run) ?? []), line]);
  const values = [...byRun].flatMap(([run, own]): ValueAt[] => {
    const main = own.at(-1)!;
    const index = nearestIndex(main.x, at);
    if (index < 0) return [];
    const beside = own.length > 1 ? own[0]! : null;
    const train = beside?.shown[nearestIndex(beside.x, at)] ?? null;
    const [x, y, shown] = [main.x[index]!, main.y[index]!, main.shown[index]!];
    return [{ run, x, y, shown, ended: index === main.x.length - 1 && x < at, train }];
  });
  return values.sort((a, b) => (isBetter(a.shown, b.shown, better) ? -1 : isBetter(b.shown, a.shown, better) ? 1 : 0));
}
