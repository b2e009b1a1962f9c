import { csvOf } from "../../../parts/csv.ts";
import type { Lab } from "../lab_mode.ts";
import { vitalsOf } from "./layer_kernel.ts";
import type { Shown } from "./view_model.ts";

type Row = readonly (string | number)[];

/**
 * A row a number: `window`, `kernel`, `product` by input channel and place in the window; `sum` by channel, `bias` and
 * `total` of the shown output cell; `output` (before the activation), `activated` and `logged` by output cell.
 */
export function convolutionCsv(lab: Lab, { it, cell }: Shown): string {
  const { filter, grid } = it;
  const size = filter.rows * filter.columns;
  const cells = (part: string, values: ArrayLike<number>): Row[] =>
    Array.from(values, (value, i) => {
      const inner = i % size;
      return [
        part,
        filter.from + Math.floor(i / size),
        Math.floor(inner / filter.columns),
        inner % filter.columns,
        value,
      ];
    });
  const map = (part: string, values: ArrayLike<number>, columns: number): Row[] =>
    Array.from(values, (value, i) => [part, it.index, Math.floor(i / columns), i % columns, value]);
  const { activation } = it;
  const rows: Row[] = [
    ...cells("window", cell.window),
    ...cells("kernel", filter.weights),
    ...cells("product", cell.products),
    ...Array.from(cell.sums, (sum, i): Row => ["sum", filter.from + i, "", "", sum]),
    ["practically_dead", it.index, "", "", vitalsOf(it.kernel).dead[it.index] ?? 0],
    ["bias", it.index, "", "", filter.bias],
    ["total", it.index, "", "", cell.total],
    ...map("output", it.map, grid.columns.output),
    ...(activation ? map("activated", it.map.map(activation), grid.columns.output) : []),
    ...(it.logged ? map("logged", it.logged, lab.operation.output.spatial[2]) : []),
  ];
  const { run, operation } = lab;
  return csvOf([
    ["run", "layer", "step", "part", "channel", "row", "column", "value"],
    ...rows.map((row): Row => [run, operation.layer, operation.step, ...row]),
  ]);
}
