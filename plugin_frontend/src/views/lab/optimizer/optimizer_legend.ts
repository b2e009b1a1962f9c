import { html, nothing } from "lit";
import { formatSigned } from "../../../math/format.ts";
import type { OptimizerId } from "../../../math/optimizer_ids.ts";
import { formatPlain } from "../../../math/plain_number.ts";
import "../../../parts/badge.ts";
import "../../../parts/notice.ts";
import { agreementWords } from "./formula.ts";
import { COLOURS } from "./optimizer_svg.ts";
import { exactUntil, nearestPlace, type OptimizerShown, type Path } from "./optimizer_view_model.ts";

export function optimizerLegend(shown: OptimizerShown, here: number, choose: (id: OptimizerId) => void): unknown {
  const { paths, chosen, recorded, logged, exact, followed, notes, agreement } = shown;
  const at = nearestPlace(recorded.steps, here);
  const words = agreementWords(shown);
  return html`<div slot="legend" class="legend">
    <div>
      <h2><b>The weight at step ${recorded.steps[at]}</b></h2>
      <ul class="values">
        <li><span class="own-row"><i class="run-key"></i><span>the run</span><b>${formatSigned(logged[at]!)}</b></span></li>
        ${paths.map(
          (
            path,
          ) => html`<li><button aria-pressed=${path === chosen} data-id=${path.optimizer.id} title=${path.optimizer.what} @click=${() => choose(path.optimizer.id)}>
            <i style=${`background:${COLOURS[path.optimizer.id]}`}></i><span>${path.optimizer.name}${path.isOwn ? html` <small>own</small>` : nothing}</span><b>${formatSigned(path.course.values[at]!)}</b>
            <small class="rate">η ${formatPlain(path.rateAt(recorded.steps[at]!))}, ${rateWords(path)}</small></button></li>`,
        )}
      </ul>
    </div>
    ${words ? html`<p class=${agreement?.differsFrom === null ? "agrees" : "row-note"}>${words}</p>` : nothing}
    <p class="row-note">${exactWords(shown)}</p>
    ${notes.map((note) => html`<p class="row-note">${note}</p>`)}
    <p class="row-note">All lines take the gradients that this run recorded. On another path other gradients would have come, after the first steps already.</p>
    <div class="badges">
      <cnn-badge title="Gradients of the training batch of each step">training batch</cnn-badge>
      <cnn-badge title="As the optimizer received it; the lines take it as it was applied">received: before clipping</cnn-badge>
      <cnn-badge title="${exact} logged steps follow one another from step 0">${exact ? `exact up to step ${exactUntil(shown)}` : "not exact"}</cnn-badge>
      <cnn-badge title="The log follows the same weights at every step">${followed.indices.length} of ${shown.variable.size} weights</cnn-badge>
    </div>
  </div>`;
}

function rateWords({ origins }: Path): string {
  return { hand: "by hand", run: "this run’s", usual: "", Keras: "Keras’ default" }[origins["rate"]!];
}

export function exactWords({ recorded, exact }: OptimizerShown): string {
  const { steps } = recorded;
  const span = (steps.at(-1) ?? 0) + 1;
  if (exact === steps.length) return `Every one of the ${steps.length} steps was logged, so all lines are exact.`;
  const between = "between logged steps the last logged gradient is taken again";
  return exact
    ? `Exact up to step ${exact}. Then not exact: ${steps.length} of ${span} steps were logged, and ${between} (dashed, hatched).`
    : `Not exact: ${steps.length} of ${span} steps were logged, and ${between} (dashed, hatched).`;
}
