import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { RecordsQuery } from "../data/api.ts";
import type { DataRecord } from "../data/binary.ts";
import { Latest } from "../data/latest.ts";
import type { Session } from "./session.ts";

/** Before this, nothing is said about loading; after it the old picture is dimmed. Milliseconds. */
export const PATIENCE_MS = 150;

/**
 * Keeps the records that an element wants. The element says what it wants (null: nothing) whenever it updates; while
 * newer records are on their way `records` stays what it was, with `query` telling what it is.
 *
 *   readonly #filters = new RecordsController(this, () => this.session, () => ({ run, kind: "filters", layers, steps }));
 */
export class RecordsController implements ReactiveController {
  /** The newest records that came, in the order of `query`, and what they are. */
  records: readonly DataRecord[] | null = null;
  query: RecordsQuery | null = null;
  /** Why the newest wish failed. */
  error: unknown = null;
  /** Whether a wish has been under way for longer than `PATIENCE_MS`. */
  slow = false;
  #wished: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #latest: Latest<RecordsQuery, DataRecord[]>;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly session: () => Session,
    private readonly want: () => RecordsQuery | null,
  ) {
    host.addController(this);
    this.#latest = new Latest(
      (query, signal) => this.session().cache.load(query, signal),
      (query, records) => this.#settle(query, records, null),
      (query, error) => this.#settle(query, null, error),
      (a, b) => JSON.stringify(a) === JSON.stringify(b),
    );
  }

  /** Whether `records` are not yet those wished. */
  get loading(): boolean {
    return this.#latest.busy;
  }

  hostUpdate(): void {
    const query = this.want();
    const key = query && JSON.stringify(query);
    if (key === this.#wished) return;
    this.#wished = key;
    this.error = null;
    if (!query) {
      this.#latest.cancel();
      this.#calm();
      this.records = this.query = null;
      return;
    }
    const here = this.session().cache.peek(query);
    if (here) {
      this.#latest.cancel();
      this.#calm();
      this.records = here;
      this.query = query;
      return;
    }
    this.#latest.wish(query);
    this.#timer ??= setTimeout(() => {
      this.slow = true;
      this.host.requestUpdate();
    }, PATIENCE_MS);
  }

  /** Ask again after an error. */
  retry(): void {
    this.#wished = null;
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#latest.cancel();
    this.#calm();
    this.#wished = null;
  }

  #settle(query: RecordsQuery, records: DataRecord[] | null, error: unknown): void {
    this.#calm();
    this.error = error;
    if (records) {
      this.records = records;
      this.query = query;
    }
    this.host.requestUpdate();
  }

  #calm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.slow = false;
  }
}
