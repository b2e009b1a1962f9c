/**
 * Runs the Lab's optimizers over cases that tests/integration/test_optimizer_arithmetic.py wrote:
 * `node run_optimizers.mjs <folder>` reads cases.json (NaN and Inf as text) and writes answers.json.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { courseOf } from "../../src/math/optimizer_course.ts";
import { clipped, OPTIMIZERS } from "../../src/math/optimizers.ts";

const folder = process.argv[2];
const { cases } = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));

/** Each weight's values before every update and behind the last one. */
function answer({ optimizer, settings, clipping, gradients, norms, globalNorms, start, rates }) {
  const row = OPTIMIZERS[optimizer];
  const chosen = Object.fromEntries(row.settings.map(({ key, value }) => [key, settings[key] ?? value]));
  return start.map((value, weight) => {
    const applied = gradients.map((each, step) =>
      clipped(Number(each[weight]), clipping, Number(norms[step]), Number(globalNorms[step])),
    );
    const recorded = { steps: gradients.map((_, step) => step), gradients: applied, values: [value], updates: [] };
    return Array.from(courseOf(row, chosen, recorded, (step) => rates[step]).values, String);
  });
}

writeFileSync(join(folder, "answers.json"), JSON.stringify(cases.map(answer)));
