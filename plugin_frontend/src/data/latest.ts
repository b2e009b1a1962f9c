/**
 * One request in flight, and only the latest wish waiting. A slider that is dragged over a hundred steps asks for the
 * first, and, when that is answered, for where it stands by then. A wish that can no longer matter is aborted by
 * `cancel`; the answer to any but the newest wish is dropped unless `keepStale` wants to see it.
 */
export class Latest<Q, A> {
  #running: { readonly query: Q; readonly abort: AbortController } | null = null;
  #waiting: { readonly query: Q } | null = null;

  constructor(
    private readonly ask: (query: Q, signal: AbortSignal) => Promise<A>,
    private readonly answer: (query: Q, answer: A) => void,
    private readonly fail: (query: Q, error: unknown) => void,
    private readonly same: (a: Q, b: Q) => boolean = Object.is,
  ) {}

  get busy(): boolean {
    return this.#running !== null;
  }

  wish(query: Q): void {
    if (this.#running && this.same(this.#running.query, query)) this.#waiting = null;
    else if (this.#running) this.#waiting = { query };
    else void this.#run(query);
  }

  /** Drop everything, in flight or waiting. */
  cancel(): void {
    this.#waiting = null;
    this.#running?.abort.abort();
    this.#running = null;
  }

  async #run(query: Q): Promise<void> {
    const running = { query, abort: new AbortController() };
    this.#running = running;
    let settle: () => void;
    try {
      const answer = await this.ask(query, running.abort.signal);
      settle = () => this.answer(query, answer);
    } catch (error) {
      settle = () => this.fail(query, error);
    }
    if (this.#running !== running) return;
    this.#running = null;
    const next = this.#waiting;
    this.#waiting = null;
    if (next) void this.#run(next.query);
    else settle();
  }
}
