import type { Kind, LayerRecord, RunDetail } from "../data/schema.ts";
import type { Fields, ValuesOf } from "./fields.ts";

/** What the frame has to know of a view: its tab, its element, its part of the URL, and what it needs of a log. */
export interface ViewDefinition<F extends Fields = Fields> {
  /** Its name in the URL. */
  readonly id: string;
  readonly title: string;
  /** What its thing is, in one sentence for somebody who never heard of it. */
  readonly what: string;
  /** Its key on the keyboard, "1" to "6". */
  readonly key: string;
  /** The custom element, defined by the module that `load` loads when the view is opened for the first time. */
  readonly tag: string;
  load(): Promise<unknown>;
  /** Kinds of record without which it has nothing to show. The frame shows `empty` in its place where one is missing. */
  readonly needs: readonly Kind[];
  /** The first of these kinds that the run has: its steps are the scrubber's ticks, and its layers can be chosen. */
  readonly ticks: readonly [Kind, ...Kind[]];
  /** Which layers can be chosen where that is a kind of the whole model, or the scope the network. Default: all. */
  readonly layers?: (layer: LayerRecord, detail: RunDetail | null) => boolean;
  /** What it is about: one layer at one step, without which it is not shown (default), or the whole network or run. */
  readonly scope?: "layer" | "network";
  /**
   * The definition to use in its place, for a view whose needs, ticks or layers depend on its own options or on the
   * chosen layer (null: none is chosen). Default: itself.
   */
  as?(options: ValuesOf<F>, layer: LayerRecord | null, detail: RunDetail | null): ViewDefinition<F>;
  /** Its own entries of the URL, written as `<id>.<key>`. */
  readonly fields: F;
  /** What the eye should look for, in one sentence: shown until it was read once. */
  readonly hint: string;
  /** Two sentences for a student. */
  readonly howToRead: string;
  readonly empty: { readonly title: string; readonly text: string; readonly code: string };
  /** Keys that only this view has, for the overlay of all keys. */
  readonly keys?: readonly (readonly [keys: string, meaning: string])[];
}
