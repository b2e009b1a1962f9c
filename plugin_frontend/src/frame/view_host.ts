import { css, html, nothing } from "lit";
import { LazyElements } from "../parts/lazy_elements.ts";
import { base, controls } from "../parts/styles.ts";
import type { Loader } from "../state/loader.ts";
import { SessionElement } from "../state/session_element.ts";
import type { ViewDefinition } from "../state/view_definition.ts";
import { viewStatusOf } from "../state/view_status.ts";
import type { ViewElement } from "../views/view.ts";
import { failedModule, loadingModule, placeholder } from "./placeholder.ts";
import "./first_hint.ts";
import { missingB, problemBar, waitBar } from "./problem_bar.ts";

/** Holds the current view's element, or what stands in its place. Views keep their state while others are shown. */
export class ViewHost extends SessionElement {
  static override properties = { ...SessionElement.properties, loader: { attribute: false } };
  declare loader: Loader;
  readonly #elements = new Map<string, ViewElement>();
  readonly #modules = new LazyElements(this);

  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-width: 0;
        min-height: 0;
        position: relative;
      }
      .view {
        flex: 1;
        min-height: 0;
        display: grid;
      }
      .view > * {
        min-width: 0;
        min-height: 0;
      }
      .problem {
        flex: none;
        display: flex;
        align-items: baseline;
        gap: var(--s2);
        padding: var(--s1) var(--s4);
        background: var(--warn-wash);
        color: var(--ink-2);
      }
      .problem b {
        color: var(--warn);
      }
      .problem .grow {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .wait {
        padding: var(--s5) var(--s4);
        opacity: 0;
        animation: appear 0s 150ms forwards;
      }
      @keyframes appear {
        to {
          opacity: 1;
        }
      }
    `,
  ];

  /** The view that is shown; null while something stands in its place. */
  get view(): ViewElement | null {
    const situation = viewStatusOf(this.session);
    return situation.is === "ready" ? (this.#elements.get(situation.view.id) ?? null) : null;
  }

  override render(): unknown {
    const situation = viewStatusOf(this.session);
    if (situation.is !== "ready") {
      return html`${waitBar(this.session)}
        <div class="view">${placeholder(situation, this.session, this.loader)}</div>`;
    }
    const { view } = situation;
    const element = this.#elementOf(view);
    if (!element) {
      return html`<div class="view">
        ${this.#modules.failed(view.tag) ? failedModule(view.title, () => this.#modules.load(view.tag, view.load)) : loadingModule()}
      </div>`;
    }
    const { problem } = this.session;
    return html`${waitBar(this.session)}
      ${problem ? problemBar(this.session, problem) : nothing}
      ${missingB(this.session)}
      <cnn-first-hint .view=${view.id} .what=${view.what} .text=${view.hint}></cnn-first-hint>
      <div class="view" role="tabpanel" aria-label=${view.title}>${element}</div>`;
  }

  /** Starts with the first view while the log is still being asked for. */
  protected override firstUpdated(): void {
    const { view } = this.session;
    if (view) this.#modules.has(view.tag, view.load);
  }

  #elementOf(view: ViewDefinition): ViewElement | null {
    const known = this.#elements.get(view.id);
    if (known) return known;
    if (!this.#modules.has(view.tag, view.load)) return null;
    const element = document.createElement(view.tag) as ViewElement;
    element.session = this.session;
    this.#elements.set(view.id, element);
    return element;
  }

  protected override updated(): void {
    this.dispatchEvent(new CustomEvent("view-shown"));
  }
}

customElements.define("cnn-view-host", ViewHost);
