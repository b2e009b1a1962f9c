import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError } from "../data/errors.ts";
import { Latest } from "../data/latest.ts";
import type { Session } from "./session.ts";

/** Before this, nothing is said about loading; after it the old picture is dimmed. Milliseconds. */
export const PATIENCE_MS = 150;

/**
 * Keeps what an element wants of the log. The element says what it wants (null: nothing) whenever it updates; while an
 * answer is on its way `value` stays what it was, with `query` telling what it is.
 */
export abstract class QueryController<Q, A> implements ReactiveController {
  /** The newest answer that came, and to what. */
  value: A | null = null;
  query: Q | null = null;
  /** Why the newest wish failed. */
  error: unknown = null;
  /** Whether a wish has been under way for longer than `PATIENCE_MS`. */
  slow = false;
  #wished: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counted: Session | null = null;
  /** Ends what was told of a failure: nobody wants that answer any longer, or it came. */
  #takeBack: () => void = nothingToTakeBack;
  readonly #latest: Latest<Q, A>;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly session: () => Session,
    private readonly want: () => Q | null,
  ) {
    host.addController(this);
    this.#latest = new Latest<Q, A>(
      (query, signal) => this.ask(this.session(), query, signal),
      (query, answer) => this.#settle(query, answer, null),
      (query, error) => this.#settle(query, null, error),
      (a, b) => JSON.stringify(a) === JSON.stringify(b),
    );
  }

  protected abstract ask(session: Session, query: Q, signal: AbortSignal): Promise<A>;

  /** The answer where no request is needed. */
  protected here(_session: Session, _query: Q): A | null {
    return null;
  }

  /** Tell the frame of a failure (or, with null, of its end), so that every view shows it alike. */
  protected report(_session: Session, _query: Q, _error: ApiError | null): void {}

  /** Whether `value` is not yet the answer wished. */
  get loading(): boolean {
    return this.#latest.busy;
  }

  hostUpdate(): void {
    const query = this.want();
    const key = query && JSON.stringify(query);
    if (key === this.#wished) return;
    this.#wished = key;
    this.error = null;
    this.#takeBack();
    if (!query) {
      this.#stop();
      this.value = this.query = null;
      return;
    }
    const here = this.here(this.session(), query);
    if (here) {
      this.#stop();
      this.value = here;
      this.query = query;
      return;
    }
    this.#count(true);
    this.#latest.wish(query);
    this.#timer ??= setTimeout(() => {
      this.slow = true;
      this.host.requestUpdate();
    }, PATIENCE_MS);
  }

  /** Ask again, as after an error. */
  retry(): void {
    this.#wished = null;
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#stop();
    this.#takeBack();
    this.#wished = null;
  }

  #settle(query: Q, answer: A | null, error: unknown): void {
    this.#calm();
    this.error = error;
    if (answer !== null) {
      this.value = answer;
      this.query = query;
    }
    const failure = error === null ? null : error instanceof ApiError ? error : new ApiError(0, "fault", String(error));
    this.#takeBack();
    if (failure) {
      const session = this.session();
      this.report(session, query, failure);
      this.#takeBack = () => {
        this.report(session, query, null);
        this.#takeBack = nothingToTakeBack;
      };
    }
    this.host.requestUpdate();
  }

  #stop(): void {
    this.#latest.cancel();
    this.#calm();
  }

  #calm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.slow = false;
    this.#count(false);
  }

  /** The player waits while anything is under way. */
  #count(busy: boolean): void {
    if (busy === (this.#counted !== null)) return;
    const session = this.#counted ?? this.session();
    session.pending += busy ? 1 : -1;
    this.#counted = busy ? session : null;
  }
}

function nothingToTakeBack(): void {}
