import { html, nothing } from "lit";
import { formatCount, formatSigned } from "../../../math/format.ts";
import type { OptimizerId } from "../../../math/optimizer_ids.ts";
import "../../../parts/badge.ts";
import { COLOURS } from "./optimizer_svg.ts";
import { exactUntil, nearestPlace, type OptimizerShown, type Origin, type Path } from "./optimizer_view_model.ts";

export function optimizerLegend(shown: OptimizerShown, here: number, choose: (id: OptimizerId) => void): unknown {
  const { paths, chosen, recorded, logged, exact, followed, notes, variable } = shown;
  const at = nearestPlace(recorded.steps, here);
  return html`<div slot="legend" class="legend">
    <div>
      <h2><b>The weight at step ${recorded.steps[at]}</b></h2>
      <p class="own-row"><i class="run-key"></i><span>the run</span><b>${formatSigned(logged[at]!)}</b></p>
      ${paths.map(
        (
          path,
        ) => html`<button aria-pressed=${path === chosen} data-id=${path.optimizer.id} title=${path.optimizer.what} @click=${() => choose(path.optimizer.id)}>
          <i style=${`background:${COLOURS[path.optimizer.id]}`}></i><span>${path.optimizer.name}${path.isOwn ? html` <small>own</small>` : nothing}</span><b>${formatSigned(path.course.values[at]!)}</b></button>`,
      )}
    </div>
    ${[rateWords(paths), ...notes].map((note) => html`<p class="note">${note}</p>`)}
    <div class="badges">
      <cnn-badge>training batch</cnn-badge>
      <cnn-badge title="The gradient below is as the optimizer received it; the lines take it as it was applied">before clipping</cnn-badge>
      <cnn-badge>${exact ? `exact up to step ${exactUntil(shown)}` : "not exact"}</cnn-badge>
      <cnn-badge title="The log follows the same weights at every step">${followed.indices.length} of ${formatCount(variable.size)} weights</cnn-badge>
    </div>
  </div>`;
}

function rateWords(paths: readonly Path[]): string {
  const of = (origin: Origin): string =>
    paths
      .filter(({ origins }) => origins["rate"] === origin)
      .map(({ optimizer }) => optimizer.name)
      .join(", ");
  const words = [
    ["run", "this run’s, step by step, for"],
    ["Keras", "Keras’ default for"],
    ["hand", "by hand for"],
  ] as const;
  const said = words.filter(([origin]) => of(origin)).map(([origin, text]) => `${text} ${of(origin)}`);
  return `Learning rates: ${said.join("; ")}.`;
}

export function exactWords({ recorded, exact }: OptimizerShown): string {
  const { steps } = recorded;
  const span = (steps.at(-1) ?? 0) + 1;
  if (exact === steps.length) return `All ${exact} steps were logged, so all lines are exact.`;
  const how = exact < 8 ? " CNNViz(…, every=1) logs every step." : "";
  return `${exact ? `Exact up to step ${exact}; then not exact` : "Not exact"}: ${steps.length} of ${span} steps were logged, and between them the last logged gradient is taken again (dashed, hatched).${how}`;
}
