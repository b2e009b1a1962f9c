import { LitElement, type PropertyValues } from "lit";
import type { Session } from "./session.ts";

/** An element that is updated at every change of its session. */
export abstract class SessionElement extends LitElement {
  static override properties = { session: { attribute: false } };

  declare session: Session;
  #leave: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#follow();
    // What changed while it was away was not heard.
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave?.();
    this.#leave = null;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has("session")) this.#follow();
  }

  #follow(): void {
    this.#leave?.();
    this.#leave = this.session ? this.session.subscribe(() => this.requestUpdate()) : null;
  }
}
