import type { Api } from "../../data/api.ts";
import type { RunDetail } from "../../data/schema.ts";
import { updateRatio } from "../../math/gradient_norms.ts";
import { csvOf } from "../../parts/csv.ts";
import { hasKind } from "../../state/selectors.ts";
import type { PlaceQuantity } from "./fields.ts";
import { PLACE_SERIES, runPlaces } from "./run_places.ts";
import { variablesOf } from "./run_norms.ts";

const COLUMNS = ["norm", "update_norm", "weight_norm", "zeros", "nan", "inf"] as const;

/** A row for each run, layer and logged step of what goes through the layers. */
export async function placesCsv(api: Api, runs: readonly RunDetail[], quantity: PlaceQuantity): Promise<string> {
  const { kind, columns } = PLACE_SERIES[quantity];
  const rows: (string | number)[][] = [
    ["run", "layer", "place", "step", columns.length > 1 ? `${columns[0]} / ${columns[1]}` : `${kind} ${columns[0]}`],
  ];
  for (const { name } of runs.filter((detail) => hasKind(detail, kind))) {
    const read = runPlaces(await api.series({ run: name, kind, columns }), name, quantity);
    for (const { row, values } of read?.places ?? []) {
      values.forEach((value, i) => rows.push([name, row.layer, row.place, read!.steps[i]!, value]));
    }
  }
  return csvOf(rows);
}

/** A row for each run, variable and logged step: all of them, whatever the picture shows. */
export async function gradientsCsv(api: Api, runs: readonly RunDetail[]): Promise<string> {
  const rows: (string | number)[][] = [
    ["run", "variable", "step", "norm", "update_norm", "weight_norm", "ratio", "zeros", "nan", "inf"],
  ];
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
