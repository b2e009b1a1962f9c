import type { RecordsQuery } from "../../data/api.ts";
import type { DataRecord } from "../../data/binary.ts";
import { QueryController } from "../../state/query_controller.ts";
import type { Session } from "../../state/session.ts";

const CHUNK_BYTES = 8 << 20;

/** Loads a layer at many steps, some at a time, so that no answer is huge and progress can be told. */
export class HistoryController extends QueryController<RecordsQuery, readonly DataRecord[]> {
  /** Steps that are there of the newest wish. */
  done = 0;
  /** Called when `done` grew. */
  onProgress: () => void = () => {};
  /** About how much one step takes; sets how many are asked for at once. */
  bytesAStep = 1 << 16;

  protected async ask(session: Session, query: RecordsQuery, signal: AbortSignal): Promise<readonly DataRecord[]> {
    const records: DataRecord[] = [];
    const chunk = Math.max(1, Math.min(64, Math.floor(CHUNK_BYTES / Math.max(1, this.bytesAStep))));
    for (let at = 0; at < query.steps.length; at += chunk) {
      this.done = at;
      this.onProgress();
      records.push(...(await session.cache.load({ ...query, steps: query.steps.slice(at, at + chunk) }, signal)));
    }
    this.done = query.steps.length;
    return records;
  }

  protected override here(session: Session, query: RecordsQuery): readonly DataRecord[] | null {
    return session.cache.peek(query);
  }
}
