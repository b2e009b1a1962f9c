import type { ReactiveControllerHost } from "lit";
import type { RunSummary, RunVerdicts } from "../data/schema.ts";
import { KeyedQueries, type Answer, type Wish } from "./keyed_queries.ts";
import { isLive } from "./liveness.ts";
import type { Session } from "./session.ts";

/** A run that is being trained is judged anew at most so often. Seconds. */
const LIVE_S = 30;

/** What the doctor says of runs: of A and B, then of those that are seen in the list, one after the other. */
export class VerdictBook implements ReactiveControllerHost {
  readonly updateComplete = Promise.resolve(true);
  readonly #queries: KeyedQueries<RunVerdicts>;
  #seen: readonly string[] = [];

  constructor(private readonly session: Session) {
    this.#queries = new KeyedQueries(this, () => this.#wishes(), 1);
    session.subscribe(() => this.#queries.hostUpdate());
  }

  /** Rises with every answer. */
  get revision(): number {
    return this.#queries.revision;
  }

  of(run: string | null): Answer<RunVerdicts> {
    return this.#queries.get(run ?? "");
  }

  /** These runs are seen in the list. */
  see(runs: readonly string[]): void {
    if (runs.length === this.#seen.length && runs.every((run, i) => run === this.#seen[i])) return;
    this.#seen = runs;
    this.#queries.hostUpdate();
  }

  /** Send failed requests again. */
  retry(): void {
    this.#queries.retry();
  }

  #wishes(): Wish<RunVerdicts>[] {
    const { session } = this;
    const runs = new Map(session.runs?.runs.map((run) => [run.name, run]));
    const chosen = [session.wishedA, session.runB];
    return [...new Set([...chosen, ...this.#seen])].flatMap((name) => {
      const run = name === null ? undefined : runs.get(name);
      if (run?.source !== "records") return [];
      return [
        {
          key: run.name,
          version: versionOf(run, chosen.includes(run.name)),
          ask: (signal: AbortSignal) => session.api.verdicts(run.name, signal),
        },
      ];
    });
  }

  // The host of its queries: what they bring is told to all who follow the session. ------------------------------

  addController(): void {}

  removeController(): void {}

  requestUpdate(): void {
    this.session.changed();
  }
}

/** A live run that is not chosen is judged once, and again when it rests. */
function versionOf(run: RunSummary, isChosen: boolean): string {
  const { first_wall_time: first, last_wall_time: last, records } = run;
  if (!isLive(last, Date.now())) return `${first} ${last} ${records}`;
  return `${first} live ${isChosen ? Math.floor(last / LIVE_S) : ""}`;
}
