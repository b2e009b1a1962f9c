import type { RecordsQuery } from "../data/api.ts";
import type { DataRecord } from "../data/binary.ts";
import type { ApiError } from "../data/errors.ts";
import { QueryController } from "./query_controller.ts";
import type { Session } from "./session.ts";

export { PATIENCE_MS } from "./query_controller.ts";

/**
 * Keeps the records that a view wants, through the session's cache.
 *
 *   readonly #filters = new RecordsController(this, () => this.session, () => ({ run, kind: "filters", layers, steps }));
 */
export class RecordsController extends QueryController<RecordsQuery, readonly DataRecord[]> {
  /** In the order of `query`. */
  get records(): readonly DataRecord[] | null {
    return this.value;
  }

  protected ask(session: Session, query: RecordsQuery, signal: AbortSignal): Promise<readonly DataRecord[]> {
    return session.cache.load(query, signal);
  }

  protected override here(session: Session, query: RecordsQuery): readonly DataRecord[] | null {
    return session.cache.peek(query);
  }

  protected override report(session: Session, query: RecordsQuery, error: ApiError | null): void {
    session.setProblem(this, error && { query, error, retry: () => this.retry() });
  }
}
