import { csvOf } from "../../../parts/csv.ts";
import type { Lab } from "../lab_mode.ts";
import type { Shown } from "./view_model.ts";

/** Every output cell: where it is from, row, column, each operation's value, and what the layer gave, where that can be compared. */
export function poolingCsv(
  { run, operation }: Pick<Lab, "run" | "operation">,
  { pooled, agreement, channel }: Shown,
): string {
  const { grid, columns } = pooled;
  const logged = agreement.is === "compared" ? agreement.logged : null;
  const rows = Array.from({ length: grid.rows.output * grid.columns.output }, (_, i) => [
    run,
    operation.layer,
    operation.step,
    channel,
    Math.floor(i / grid.columns.output),
    i % grid.columns.output,
    ...columns.map(({ output }) => output[i]!),
    logged ? logged[i]! : "",
  ]);
  return csvOf([
    ["run", "layer", "step", "channel", "row", "column", ...columns.map(({ pooling }) => pooling), "logged"],
    ...rows,
  ]);
}
