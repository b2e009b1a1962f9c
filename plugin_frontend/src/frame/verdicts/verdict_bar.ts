import { css, html, nothing } from "lit";
import type { RunVerdicts, VerdictEntry } from "../../data/schema.ts";
import { counted, formatCount } from "../../math/format.ts";
import { isolated, quoted } from "../../parts/isolated.ts";
import { severityLabel, severityStyles } from "../../parts/severity.ts";
import { base, controls } from "../../parts/styles.ts";
import { evidencePlace, goTo, placeWords } from "../../state/evidence_place.ts";
import { SessionElement } from "../../state/session_element.ts";
import { causesOf, kindWord } from "../../state/verdict_order.ts";

/** The most causes that the bar shows. The dialog shows all verdicts. */
const LINES = 2;

/** What the doctor says of run A, in every view: the worst causes, each a way to its evidence, or one quiet line. */
export class VerdictBar extends SessionElement {
  static override styles = [
    base,
    controls,
    severityStyles,
    css`
      :host {
        display: block;
        color: var(--ink-2);
      }
      .line {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-height: 24px;
        padding: 0 var(--s4);
        border-bottom: 1px solid var(--line);
      }
      .quiet {
        min-height: 20px;
        font-size: var(--t-xs);
      }
      .quiet .name {
        min-width: 0;
      }
      .error {
        background: var(--bad-wash);
      }
      .warning {
        background: var(--warn-wash);
      }
      .severity {
        background: none;
      }
      button.evidence {
        all: unset;
        box-sizing: border-box;
        display: flex;
        flex: 1;
        gap: var(--s3);
        min-width: 0;
        cursor: pointer;
      }
      button.evidence:hover:not(:disabled) {
        background: none;
      }
      button.evidence:focus-visible {
        outline: 2px solid var(--focus);
      }
      .finding {
        min-width: 0;
        flex: 0 1 auto;
      }
      .finding b {
        color: var(--ink);
      }
      .place {
        flex: none;
        max-width: 45%;
        color: var(--ink);
        text-decoration: underline;
        text-underline-offset: 2px;
        text-decoration-color: var(--ink-3);
      }
      button.evidence:hover .place {
        text-decoration-color: currentColor;
      }
      button.link {
        flex: none;
      }
      /* 200 % zoom: the view needs half of the window. */
      @media (max-height: 480px) {
        .line {
          min-height: 16px;
          line-height: 15px;
          font-size: var(--t-xs);
        }
        .second {
          display: none;
        }
      }
    `,
  ];

  override render(): unknown {
    const { session } = this;
    const run = session.runs?.runs.find(({ name }) => name === session.runA);
    if (run?.source !== "records" || !session.detailA) return nothing;
    const { value, error } = session.verdicts.of(run.name);
    if (value?.verdicts.length) return this.#lines(value);
    if (!value && error) {
      return html`<div class="line quiet">
        <span class="name" title=${error.reason}>The doctor cannot be asked. ${error.reason}</span>
        <button class="link" @click=${() => session.verdicts.retry()}>Try again</button>
      </div>`;
    }
    return html`<div class="line quiet"><span class="name">${value ? quietWords(value) : "The doctor looks at this run."}</span></div>`;
  }

  #lines(found: RunVerdicts): unknown {
    const causes = causesOf(found.verdicts).slice(0, LINES);
    const rest = restWords(found, causes);
    return html`<section aria-label="Verdicts">
      ${causes.map(
        (verdict, i) =>
          html`<div class="line ${verdict.severity} ${i === 0 ? "" : "second"}">
            ${severityLabel(verdict.severity)} ${this.#evidence(verdict)}
            ${i === 0 ? html`<button class="link" @click=${this.#showAll}>${rest}</button>` : nothing}
          </div>`,
      )}
    </section>`;
  }

  #evidence(verdict: VerdictEntry): unknown {
    const { session } = this;
    const place = evidencePlace(verdict, session.views, session.detailA);
    const words = html`<span class="finding name"><b>${kindWord(verdict.kind)}</b> ${quoted(verdict.finding)}</span>`;
    const title = `${verdict.finding}\n${verdict.suggestion}`;
    if (!place) return html`<span class="finding name" title=${title}>${words}</span>`;
    return html`<button class="evidence" title=${title} @click=${() => goTo(session, place)}>
      ${words}<span class="place name">${placeWords(place, isolated)}</span>
    </button>`;
  }

  #showAll(event: Event): void {
    event.target?.dispatchEvent(new CustomEvent("show-verdicts", { bubbles: true, composed: true }));
  }
}

/** How many verdicts do not stand here, and how many of them are errors. */
export function restWords({ verdicts, total }: RunVerdicts, shown: readonly VerdictEntry[]): string {
  const more = total - shown.length;
  if (more <= 0) return "Details";
  const errors = verdicts.filter((verdict) => verdict.severity === "error" && !shown.includes(verdict)).length;
  return `and ${formatCount(more)} more${errors ? `, ${counted(errors, "error")}` : ""}`;
}

/** Of a run without verdicts: how much was looked at, or why nothing can be said. */
export function quietWords({ not_judged: why, rules, steps, least_steps: least }: RunVerdicts): string {
  if (why !== null) return `Not judged: ${why}.`;
  if (steps < least) {
    return `Too short to judge whether it learns: ${counted(steps, "step")} of at least ${formatCount(least)}. No verdict of ${formatCount(rules)} rules.`;
  }
  return `No verdict: ${counted(rules, "rule")} on ${counted(steps, "step")}`;
}

customElements.define("cnn-verdict-bar", VerdictBar);
