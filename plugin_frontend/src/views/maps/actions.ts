import type { Focus } from "./focus.ts";

/** What the parts of the view ask of it. */
export interface Actions {
  /** The pointer or the keyboard is on a cell; null: nowhere. */
  point(focus: Focus | null): void;
  /** Choose a channel; the chosen one again opens it at every step. */
  choose(channel: number): void;
  goto(step: number): void;
  openLayer(path: string, channel: number | null): void;
  back(): void;
}
