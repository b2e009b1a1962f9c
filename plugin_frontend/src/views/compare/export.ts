import { csvOf } from "../../parts/csv.ts";
import type { Line } from "./lines.ts";
import type { Facts } from "./facts.ts";

type Cell = string | number;

/** Two tables with an empty line between them: a row a run, and a row a point of the lines that are drawn. */
export function compareCsv(
  rows: readonly Facts[],
  lines: readonly Line[],
  names: { metric: string; align: string; target: number | null },
): string {
  const { metric, align, target } = names;
  const number = (value: number | null | undefined): Cell => value ?? "";
  const table: Cell[][] = [
    [
      "run",
      "hyper_parameters",
      "metric",
      `best`,
      `best_${align}`,
      "final",
      "target",
      `target_${align}`,
      "val_accuracy",
      "train",
      "gap",
      "logging_share",
      "problem",
    ],
    ...rows.map((row) => [
      row.run,
      row.settings,
      metric,
      number(row.best?.y),
      number(row.best?.x),
      number(row.final?.y),
      number(target),
      number(row.reach?.x),
      number(row.accuracy),
      number(row.train),
      number(row.gap),
      number(row.cost),
      row.problem,
    ]),
  ];
  const points: Cell[][] = [["run", "part", align, metric]];
  for (const { run, part, x, y } of lines) for (let i = 0; i < x.length; i++) points.push([run, part, x[i]!, y[i]!]);
  return `${csvOf(table)}\r\n${csvOf(points)}`;
}
