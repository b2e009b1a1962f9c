/** One request that several may wait for. It is aborted once all who did have given up. */
export class SharedRequest<A> {
  readonly #abort = new AbortController();
  readonly #answer: Promise<A>;
  #waiting = 0;
  #settled = false;

  constructor(ask: (signal: AbortSignal) => Promise<A>) {
    this.#answer = ask(this.#abort.signal);
    const settle = (): void => {
      this.#settled = true;
    };
    this.#answer.then(settle, settle);
  }

  /** Whether all have given up, so that nobody may join any more. */
  get abandoned(): boolean {
    return this.#abort.signal.aborted;
  }

  async wait(signal?: AbortSignal): Promise<A> {
    this.#waiting++;
    try {
      return await (signal ? unlessAborted(this.#answer, signal) : this.#answer);
    } finally {
      this.#waiting--;
      if (this.#waiting === 0 && !this.#settled) this.#abort.abort();
    }
  }
}

function unlessAborted<A>(answer: Promise<A>, signal: AbortSignal): Promise<A> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
