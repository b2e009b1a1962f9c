import type { Api } from "../../data/api.ts";
import type { RunDetail } from "../../data/schema.ts";
import { updateRatio } from "../../math/gradient_norms.ts";
import { csvOf } from "../../parts/csv.ts";
import { variablesOf } from "./run_norms.ts";

const COLUMNS = ["norm", "update_norm", "weight_norm", "zeros", "nan", "inf"] as const;

/** A row for each run, variable and logged step: all of them, whatever the picture shows. */
export async function gradientsCsv(api: Api, runs: readonly RunDetail[]): Promise<string> {
  const rows: (string | number)[][] = [["run", "variable", "step", "norm", "update_norm", "weight_norm", "ratio", "zeros", "nan", "inf"]];
  for (const detail of runs) {
    const { arrays } = await api.series({ run: detail.name, kind: "gradients", columns: COLUMNS });
    const steps = arrays["step"]?.values ?? [];
    const count = arrays["norm"]?.shape[1] ?? 0;
    variablesOf(detail, count).forEach(({ path }, place) => {
      for (let row = 0; row < steps.length; row++) {
        const of = (name: string): number => arrays[name]?.values[row * count + place] ?? NaN;
        const [norm, update, weight, ...counts] = COLUMNS.map(of) as [number, number, number, ...number[]];
        rows.push([detail.name, path, steps[row]!, norm, update, weight, updateRatio(update, weight), ...counts]);
      }
    });
  }
  return csvOf(rows);
}
