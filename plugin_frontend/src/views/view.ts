import { LitElement, type PropertyValues } from "lit";
import type { Kind } from "../data/schema.ts";
import type { Fields, ValuesOf } from "../state/fields.ts";
import type { Session } from "../state/session.ts";

export type ViewId = "model" | "filters" | "maps" | "lab" | "gradients" | "compare";

/** What the frame has to know of a view: its tab, its element, its part of the URL, and what it needs of a log. */
export interface ViewDefinition<F extends Fields = Fields> {
  readonly id: ViewId;
  readonly title: string;
  /** Its key on the keyboard, "1" to "6". */
  readonly key: string;
  /** The custom element, defined by the module that holds this definition. */
  readonly tag: string;
  /**
   * Kinds of record without which it has nothing to show. The first is the view's own: its steps are the scrubber's
   * ticks and its layers those that can be chosen. The frame shows `empty` in the view's place where one is missing.
   */
  readonly needs: readonly [Kind, ...Kind[]];
  /** Its own entries of the URL, written as `<id>.<key>`. */
  readonly fields: F;
  /** Two sentences for a student. */
  readonly howToRead: string;
  readonly empty: { readonly title: string; readonly text: string; readonly code: string };
  /** Keys that only this view has, for the overlay of all keys. */
  readonly keys?: readonly (readonly [keys: string, meaning: string])[];
}

/**
 * A view. The frame sets `session` and creates it only while there is a run, a layer and a step to show:
 * `session.runA`, `session.layer` and `session.step` are then not null. It is updated at every change of the session.
 */
export abstract class ViewElement<F extends Fields = Fields> extends LitElement {
  static override properties = { session: { attribute: false } };

  declare session: Session;
  abstract readonly definition: ViewDefinition<F>;
  #leave: (() => void) | null = null;

  /** This view's own part of the URL state. */
  get options(): ValuesOf<F> {
    return this.session.options(this.definition);
  }

  setOptions(patch: Partial<ValuesOf<F>>): void {
    this.session.setOptions(this.definition, patch);
  }

  /** The view's picture for the PNG button; a view without one leaves this away. The frame names the file. */
  savePng?(): Promise<Blob>;

  /** The view's numbers for the CSV button. */
  saveCsv?(): string | Promise<string>;

  /** A key that the frame does not use itself; true when the view did something with it. */
  handleKey?(event: KeyboardEvent): boolean;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#follow();
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
