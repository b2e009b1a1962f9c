/** A whole map slides by in about this many milliseconds. */
const WHOLE_MS = 12_000;
const SHORTEST_TICK_MS = 33;
const LONGEST_TICK_MS = 250;

/** Lets the window slide by itself, over a map of `cells` cells in steps of one cell or, over large maps, of several. */
export class Slide {
  #timer: ReturnType<typeof setTimeout> | undefined;

  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** Calls `advance` with the number of cells to go on by, until it says that the end is reached. */
  start(cells: number, advance: (by: number) => boolean): void {
    this.stop();
    const tick = Math.min(LONGEST_TICK_MS, Math.max(SHORTEST_TICK_MS, WHOLE_MS / cells));
    const by = Math.max(1, Math.round((SHORTEST_TICK_MS * cells) / WHOLE_MS));
    const step = (): void => {
      this.#timer = advance(by) ? setTimeout(step, tick) : undefined;
    };
    this.#timer = setTimeout(step, tick);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
