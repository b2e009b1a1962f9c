import type { SeriesQuery } from "../data/api.ts";
import type { DataRecord } from "../data/binary.ts";
import { QueryController } from "./query_controller.ts";
import type { Session } from "./session.ts";

/** `at` is the wall time up to which the run is known: the series is asked for again when it grew. */
export interface LiveSeriesQuery extends SeriesQuery {
  readonly at: number;
}

/** Keeps a series that an element wants, growing with the run. */
export class SeriesController extends QueryController<LiveSeriesQuery, DataRecord> {
  protected ask(session: Session, query: LiveSeriesQuery, signal: AbortSignal): Promise<DataRecord> {
    const { at: _, ...rest } = query;
    return session.api.series(rest, signal);
  }
}
