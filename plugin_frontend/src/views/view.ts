import type { Kind } from "../data/schema.ts";
import type { Fields, ValuesOf } from "../state/fields.ts";
import { SessionElement } from "../state/session_element.ts";
import { situationOf } from "../state/situation.ts";

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
 * A view. The frame shows it only while there is something to show: `session.runA`, `session.detailA`,
 * `session.layer` and `session.step` are then not null, and the layer has records of the kind that the view needs first.
 * It is updated at every change of the session. Failures of its RecordsControllers are told by the frame.
 */
export abstract class ViewElement<F extends Fields = Fields> extends SessionElement {
  abstract readonly definition: ViewDefinition<F>;

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

  /** Never while there is nothing to show, so that a view need not ask. */
  protected override shouldUpdate(): boolean {
    const situation = situationOf(this.session);
    return situation.is === "ready" && situation.view.id === this.definition.id;
  }
}
