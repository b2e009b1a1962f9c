import { html, nothing } from "lit";
import type { RunVerdicts, VerdictEntry } from "../../data/schema.ts";
import { formatCount, formatNumber } from "../../math/format.ts";
import { isolated, quoted } from "../../parts/isolated.ts";
import { severityLabel, severityStyles } from "../../parts/severity.ts";
import { base, controls } from "../../parts/styles.ts";
import { evidencePlace, goTo, placeWords, type EvidencePlace } from "../../state/evidence_place.ts";
import { SessionElement } from "../../state/session_element.ts";
import { depthsOf, kindWord, kindWords } from "../../state/verdict_order.ts";
import { dialogStyles } from "../dialog_styles.ts";
import { Modal } from "../modal.ts";
import { verdictsDialogStyles } from "./verdicts_dialog_styles.ts";

/** What stands further below its cause is not indented any more. */
const DEEPEST = 3;

/** All verdicts on run A: a cause, and indented below it what follows from it. */
export class VerdictsDialog extends SessionElement {
  static override styles = [base, controls, dialogStyles, severityStyles, verdictsDialogStyles];

  readonly #modal = new Modal(this);

  get shown(): boolean {
    return this.#modal.shown;
  }

  show(): void {
    this.#modal.show();
  }

  override render(): unknown {
    const { runA } = this.session;
    const found = this.session.verdicts.of(runA).value;
    return html`<dialog aria-label="Verdicts" @click=${this.#modal.closeOutside}>
      <header>
        <h2 class="name">Verdicts on ${runA}</h2>
        <button @click=${this.#modal.close}>Close</button>
      </header>
      ${found ? this.#list(found) : nothing}
    </dialog>`;
  }

  #list(found: RunVerdicts): unknown {
    const depths = depthsOf(found.verdicts);
    const { rules, steps, total, verdicts } = found;
    return html`<p class="quiet">
        ${formatCount(rules)} rules on ${formatCount(steps)} steps. A cause stands first; what follows from it stands below it.
        ${verdicts.length < total ? `The first ${formatCount(verdicts.length)} of ${formatCount(total)} verdicts.` : nothing}
      </p>
      <ul>
        ${verdicts.map((verdict) => this.#verdict(verdict, verdicts, depths.get(verdict.id) ?? 0))}
      </ul>`;
  }

  #verdict(verdict: VerdictEntry, all: readonly VerdictEntry[], depth: number): unknown {
    const { session } = this;
    const place = evidencePlace(verdict, session.views, session.detailA);
    const causes = all.filter(({ id }) => verdict.causes.includes(id));
    return html`<li .style=${`--depth:${Math.min(depth, DEEPEST)}`}>
      <h3>${severityLabel(verdict.severity)} <b>${kindWord(verdict.kind)}</b>${since(verdict)}</h3>
      <p>${quoted(verdict.finding)}</p>
      ${causes.length ? html`<p class="quiet">Because of: ${kindWords(causes)}.</p>` : nothing}
      <p>
        <b>What to do</b> ${verdict.suggestion}
        ${place ? html`<button class="link" @click=${() => this.#go(place)}>${placeWords(place, isolated)}</button>` : nothing}
      </p>
      <dl>
        ${row("measured", numberOf(verdict.measured))} ${row("limit", numberOf(verdict.limit))}
        ${row("rule", verdict.rule)} ${row("or else", verdict.otherwise)} ${row("source", verdict.source)}
      </dl>
    </li>`;
  }

  #go(place: EvidencePlace): void {
    this.#modal.close();
    goTo(this.session, place);
  }
}

function since({ layer, variable, step }: VerdictEntry): unknown {
  const place = variable ?? layer;
  return html` ${place === null ? "the whole network" : isolated(place)}${step === null ? nothing : `, since step ${formatCount(step)}`}`;
}

function row(name: string, words: string | null): unknown {
  return words === null
    ? nothing
    : html`<dt>${name}</dt>
        <dd>${words}</dd>`;
}

function numberOf(value: VerdictEntry["measured"]): string | null {
  return value === null ? null : formatNumber(Number(value), { digits: 3 });
}

customElements.define("cnn-verdicts-dialog", VerdictsDialog);
