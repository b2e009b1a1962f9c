/** So often is a request sent that a busy server puts off, the first time among them. */
export const MOST_TRIES = 5;
const MOST_SECONDS = 10;

/** A request that was put off: which try comes next, of how many, in how many seconds. */
export interface Wait {
  readonly next: number;
  readonly of: number;
  readonly seconds: number;
}

/**
 * Sends a request again that the server puts off: 503 with Retry-After. A 503 without it says that asking again is of no
 * use. After `MOST_TRIES` the answer stands as it is.
 */
export class Patience {
  /** Told whenever a request begins or ends to wait. */
  onChange: () => void = () => {};
  readonly #waits = new Set<Wait>();

  constructor(private readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void> = pause) {}

  /** The one that waits for longest; null where none does. */
  get wait(): Wait | null {
    return this.#waits.values().next().value ?? null;
  }

  async ask(send: () => Promise<Response>, signal?: AbortSignal): Promise<Response> {
    for (let next = 2; ; next++) {
      const response = await send();
      const seconds = response.status === 503 ? secondsOf(response.headers.get("Retry-After")) : null;
      if (seconds === null || next > MOST_TRIES) return response;
      await response.body?.cancel();
      await this.#waitFor({ next, of: MOST_TRIES, seconds }, signal);
    }
  }

  async #waitFor(wait: Wait, signal?: AbortSignal): Promise<void> {
    this.#waits.add(wait);
    this.onChange();
    try {
      await this.sleep(wait.seconds, signal);
    } finally {
      this.#waits.delete(wait);
      this.onChange();
    }
  }
}

/** Of a Retry-After in seconds or as a date, at least one and at most ten; null where there is none. */
export function secondsOf(header: string | null, now = Date.now()): number | null {
  if (header === null) return null;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Math.min(MOST_SECONDS, Math.max(1, Number.isNaN(seconds) ? 1 : seconds));
}

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, 1000 * seconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    }
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}
