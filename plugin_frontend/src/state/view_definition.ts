import type { Kind } from "../data/schema.ts";
import type { Fields } from "./fields.ts";

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
