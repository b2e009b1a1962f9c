import { csvOf } from "../../../parts/csv.ts";
import type { Shown } from "./shown.ts";

/** Every output cell: row, column, each operation's value, and what the layer gave, where that can be compared. */
export function poolingCsv({ pooled, agreement }: Shown): string {
  const { grid, columns } = pooled;
  const logged = agreement.is === "compared" ? agreement.logged : null;
  const rows = Array.from({ length: grid.rows.output * grid.columns.output }, (_, i) => [
    Math.floor(i / grid.columns.output),
    i % grid.columns.output,
    ...columns.map(({ output }) => output[i]!),
    logged ? logged[i]! : "",
  ]);
  return csvOf([["row", "column", ...columns.map(({ pooling }) => pooling), "logged"], ...rows]);
}
