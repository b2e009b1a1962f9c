import type { RecordsQuery } from "../data/api.ts";
import { firstAtLeast, isOfLayers, ticksOf } from "./selectors.ts";
import type { Session } from "./session.ts";

/** So long nothing may happen before neighbours are fetched. Milliseconds. */
const IDLE_MS = 120;
/** A layer whose record is larger is not fetched before somebody wants it. */
const MOST_BYTES = 8 << 20;

/** Fetches the logged steps beside the shown one while nothing else is under way, further in the direction of travel. */
export function prefetchNeighbours(session: Session): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let before = "";
  let last = 0;
  session.subscribe(() => {
    const key = JSON.stringify([session.view?.id, session.runA, session.layer?.path, session.step]);
    if (key === before) return;
    before = key;
    const forward = (session.step ?? 0) >= last;
    last = session.step ?? 0;
    clearTimeout(timer);
    timer = setTimeout(() => void fetchBeside(session, forward), IDLE_MS);
  });
}

async function fetchBeside(session: Session, forward: boolean): Promise<void> {
  const { runA, layer, step, view } = session;
  if (runA === null || !layer || step === null || !view || session.pending > 0) return;
  const kind = ticksOf(session.detailA, view);
  if (!isOfLayers(session.detailA, kind)) return;
  const shown: RecordsQuery = { run: runA, kind, layers: [layer.path], steps: [step] };
  const bytes = session.cache.peek(shown)?.[0]?.bytes;
  if (bytes === undefined || bytes > MOST_BYTES) return;
  const steps = neighbours(session.steps, step, forward);
  if (steps.length === 0 || session.cache.peek({ ...shown, steps })) return;
  try {
    await session.cache.load({ ...shown, steps });
  } catch {
    // Whoever really wants it will ask again and be told why not.
  }
}

/** Two steps in the direction of travel and one against it, of those there are. */
export function neighbours(steps: readonly number[], step: number, forward: boolean): number[] {
  const at = firstAtLeast(steps, step);
  const offsets = forward ? [1, 2, -1] : [-1, -2, 1];
  return offsets.map((by) => steps[at + by]).filter((each) => each !== undefined);
}
