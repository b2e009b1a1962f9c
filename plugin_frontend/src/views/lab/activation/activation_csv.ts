import { csvOf } from "../../../parts/csv.ts";
import type { ActivationShown } from "./activation_view_model.ts";

/** Two tables with an empty line between them: a row a function, and a row a bin of the measured inputs. */
export function activationCsv({ site, measured, panels }: ActivationShown, run: string): string {
  const here = [run, site.source, site.place, measured.step] as const;
  const functions = panels.map(({ name, isOwn, facts }) => [
    ...here,
    name,
    isOwn ? "own" : "beside",
    facts.flat,
    facts.rms,
    facts.rms ** 3,
  ]);
  const bins = measured.inputs.bins.map(({ lo, hi, count }) => [...here, lo, hi, count]);
  return [
    csvOf([
      ["run", "layer", "place", "step", "function", "is", "share_slope_below_0.05", "rms_slope", "after_three_layers"],
      ...functions,
    ]),
    csvOf([["run", "layer", "place", "step", "from", "to", "count"], ...bins]),
  ].join("\r\n");
}
