import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError } from "../data/errors.ts";

/** One of many things to load. */
export interface Wish<A> {
  /** What it is, such as a run's name. */
  readonly key: string;
  /** As long as this is the same, the answer is too: it is asked for once. */
  readonly version: string;
  readonly ask: (signal: AbortSignal) => Promise<A>;
}

export interface Answer<A> {
  /** The newest that came, perhaps of an older version. */
  readonly value: A | null;
  /** Why the newest version could not be had. */
  readonly error: ApiError | null;
}

interface Kept<A> {
  version: string;
  value: A | null;
  error: ApiError | null;
  abort: AbortController | null;
  /** Whether any version was answered or failed. */
  answered: boolean;
}

/** While many answers come, the host hears of them at most so often. Milliseconds. */
const TELL_MS = 200;

const NOTHING: Answer<never> = { value: null, error: null };

/**
 * Keeps the answers to many wishes, such as a series of every run: a few requests at once, in the order of the wishes,
 * and again only for those whose version changed. One that fails costs its own answer alone.
 */
export class KeyedQueries<A> implements ReactiveController {
  /** Rises with every answer, for what is computed from all of them. */
  revision = 0;
  readonly #kept = new Map<string, Kept<A>>();
  #wishes: readonly Wish<A>[] = [];
  #running = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly want: () => readonly Wish<A>[],
    /** Requests at once. */
    private readonly atOnce = 6,
    /** So many answers that nobody wants any more are kept. */
    private readonly spare = 200,
  ) {
    host.addController(this);
  }

  get(key: string): Answer<A> {
    return this.#kept.get(key) ?? NOTHING;
  }

  /** How many of the wishes are answered (or failed) in their newest version, of how many. */
  get progress(): { readonly done: number; readonly of: number } {
    const done = this.#wishes.filter((wish) => this.#isSettled(wish)).length;
    return { done, of: this.#wishes.length };
  }

  /** Whether every wish was answered once, be it in an older version. */
  get isComplete(): boolean {
    return this.#wishes.every(({ key }) => this.#kept.get(key)?.answered);
  }

  /** Ask again for all that failed. */
  retry(): void {
    for (const kept of this.#kept.values()) if (kept.error) kept.version = "";
    this.host.requestUpdate();
  }

  hostUpdate(): void {
    this.#wishes = this.want();
    this.#forget();
    this.#next();
  }

  hostDisconnected(): void {
    for (const kept of this.#kept.values()) {
      if (!kept.abort) continue;
      kept.abort.abort();
      kept.abort = null;
      kept.version = "";
    }
    this.#wishes = [];
    this.#stopTelling();
  }

  #isSettled({ key, version }: Wish<A>): boolean {
    const kept = this.#kept.get(key);
    return kept?.version === version && !kept.abort;
  }

  #next(): void {
    for (const wish of this.#wishes) {
      if (this.#running >= this.atOnce) return;
      const kept = this.#kept.get(wish.key);
      if (kept?.abort || kept?.version === wish.version) continue;
      void this.#load(wish, kept ?? { version: "", value: null, error: null, abort: null, answered: false });
    }
  }

  async #load(wish: Wish<A>, kept: Kept<A>): Promise<void> {
    const abort = new AbortController();
    kept.version = wish.version;
    kept.abort = abort;
    this.#kept.set(wish.key, kept);
    this.#running++;
    try {
      const value = await wish.ask(abort.signal);
      if (kept.abort === abort) Object.assign(kept, { value, error: null });
    } catch (error) {
      if (kept.abort === abort)
        kept.error = error instanceof ApiError ? error : new ApiError(0, "fault", String(error));
    }
    this.#running--;
    if (kept.abort === abort) {
      kept.abort = null;
      kept.answered = true;
      this.revision++;
      this.#tell();
    }
    this.#next();
  }

  /** At once when all are here; drawing a hundred lines for each of a hundred answers would keep them all waiting. */
  #tell(): void {
    const { done, of } = this.progress;
    if (done === of) this.#stopTelling();
    this.#telling ??= setTimeout(
      () => {
        this.#telling = undefined;
        this.host.requestUpdate();
      },
      done === of ? 0 : TELL_MS,
    );
  }

  #stopTelling(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
  }

  /** Answers are given up, the oldest first, once nobody has wanted them and there are many. */
  #forget(): void {
    const wanted = new Set(this.#wishes.map((wish) => wish.key));
    const idle = [...this.#kept.keys()].filter((key) => !wanted.has(key) && !this.#kept.get(key)?.abort);
    for (const key of idle.slice(0, Math.max(0, idle.length - this.spare))) this.#kept.delete(key);
  }
}
