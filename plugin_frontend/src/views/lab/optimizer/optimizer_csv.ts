import { csvOf } from "../../../parts/csv.ts";
import type { OptimizerShown } from "./optimizer_view_model.ts";

/** Two tables with an empty line between them: a row a recorded step, and a row a setting of an optimizer. */
export function optimizerCsv(shown: OptimizerShown, run: string): string {
  const { variable, weight, recorded, received, logged, paths, chosen, exact } = shown;
  const here = [run, variable.path, weight.index] as const;
  const kept = chosen.optimizer.state.map(({ key }) => key);
  const steps = Array.from(recorded.steps, (step, i) => [
    ...here,
    step,
    i < exact ? "exact" : "estimated",
    received[i]!,
    recorded.gradients[i]!,
    logged[i]!,
    ...paths.map(({ course }) => course.values[i]!),
    ...kept.map((key) => chosen.course.after[i]?.[key] ?? NaN),
  ]);
  const settings = paths.flatMap((path) => [
    [...here, path.optimizer.id, "learning_rate", path.rateAt(recorded.steps[0]!), path.origins["rate"]!],
    ...Object.entries(path.settings).map(([key, value]) => [
      ...here,
      path.optimizer.id,
      key,
      value,
      path.origins[key]!,
    ]),
  ]);
  const names = paths.map(({ optimizer }) => optimizer.id);
  return [
    csvOf([
      [
        "run",
        "variable",
        "weight",
        "step",
        "is",
        "gradient_received",
        "gradient_applied",
        "run_value",
        ...names,
        ...kept.map((key) => `${chosen.optimizer.id}_${key}`),
      ],
      ...steps,
    ]),
    csvOf([["run", "variable", "weight", "optimizer", "setting", "value_at_first_step", "from"], ...settings]),
  ].join("\r\n");
}
