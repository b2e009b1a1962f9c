import { html, nothing, type TemplateResult } from "lit";
import type { Kind } from "../data/schema.ts";
import { nearestStep, stepsOf } from "../state/selectors.ts";
import type { Problem, Session } from "../state/session.ts";

/** One line above the view: what could not be read, why, and the way on. The picture stays. */
export function problemBar(session: Session, problem: Problem): TemplateResult {
  const { query, error } = problem;
  const [layer = null] = query.layers;
  const step = query.steps[0];
  const name = session.layers.find((each) => each.path === layer)?.name ?? layer;
  const what = query.kind.replaceAll("_", " ");
  const heading = `${query.steps.length === 1 ? `Step ${step}` : `${query.steps.length} steps`}${name === null ? "" : ` of ${name}`}`;
  const good =
    error.status === 410 && step !== undefined ? otherStep(session, query.run, query.kind, layer, step) : null;
  return html`<div class="problem" role="alert">
    <b aria-hidden="true">!</b>
    <span class="grow" title=${error.reason}><b>${heading}: ${what} cannot be read.</b> ${error.reason}</span>
    ${
      good === null
        ? nothing
        : html`<button class="link" @click=${() => session.set({ step: good })}>Go to step ${good}</button>`
    }
    <button class="link" @click=${problem.retry}>Try again</button>
    ${error.status === 410 ? html`<button class="link" @click=${showNotices}>All notices of this run</button>` : nothing}
  </div>`;
}

/** One line while a request waits for a busy server. */
export function waitBar({ wait }: Session): TemplateResult | typeof nothing {
  if (!wait) return nothing;
  return html`<div class="problem" role="status">
    <b aria-hidden="true">…</b>
    <span class="grow"><b>TensorBoard is busy.</b> Asking again in ${Math.ceil(wait.seconds)} s, try ${wait.next} of ${wait.of}.</span>
  </div>`;
}

/** One line where the run chosen as B cannot be had. */
export function missingB(session: Session): TemplateResult | typeof nothing {
  const error = session.detailError(session.runB);
  if (!error || session.detailB) return nothing;
  return html`<div class="problem" role="alert">
    <b aria-hidden="true">!</b>
    <span class="grow" title=${session.runB ?? ""}><b>Run B cannot be shown.</b> ${error.reason}</span>
    <button class="link" @click=${() => session.set({ runB: null })}>Choose none</button>
  </div>`;
}

function showNotices(event: Event): void {
  event.target?.dispatchEvent(new CustomEvent("show-notices", { bubbles: true, composed: true }));
}

function otherStep(session: Session, run: string, kind: Kind, layer: string | null, step: number): number | null {
  const damaged = session.unreadable(run, kind, layer);
  const good = stepsOf(session.detail(run), kind, layer).filter((each) => each !== step && !damaged.has(each));
  return nearestStep(good, step);
}
