import type { WeightsQuery } from "../data/api.ts";
import type { DataRecord } from "../data/binary.ts";
import { QueryController } from "./query_controller.ts";
import type { Session } from "./session.ts";

/** `logged`: how many steps the run has, so that they are asked for again when it grew. */
export interface LiveWeightsQuery extends WeightsQuery {
  readonly logged: number;
}

/** Keeps the followed weights of a variable that an element wants, growing with the run. */
export class WeightsController extends QueryController<LiveWeightsQuery, DataRecord> {
  protected ask(session: Session, query: LiveWeightsQuery, signal: AbortSignal): Promise<DataRecord> {
    const { logged: _, ...rest } = query;
    return session.api.weights(rest, signal);
  }
}
