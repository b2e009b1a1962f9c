import { ApiError } from "../data/errors.ts";
import type { RunList, RunSummary } from "../data/schema.ts";
import { isLive } from "./liveness.ts";
import { tellApart } from "./run_style.ts";
import type { Session } from "./session.ts";

const LIVE_MS = 5_000;
const QUIET_MS = 15_000;

/** Loads the list of runs and the details of the chosen ones, and keeps reading while somebody looks. */
export class Loader {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #polling = false;
  readonly #asked = new Map<string, string>();

  constructor(
    private readonly session: Session,
    private readonly visible: () => boolean = () => !document.hidden && innerWidth > 0,
  ) {
    session.subscribe(() => this.#wantDetails());
  }

  start(): void {
    void this.#tick();
  }

  /** Read now, as when TensorBoard reloaded, a person asks, or the page is shown again. */
  async poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    const session = this.session;
    try {
      const list = await session.api.runs();
      this.#forgetReplaced(session.runs, list);
      tellApart(list.runs.map((run) => run.name));
      session.runs = list;
      session.offline = null;
      session.readAt = Date.now();
    } catch (error) {
      session.offline = error instanceof ApiError ? error : new ApiError(0, "fault", String(error));
    } finally {
      this.#polling = false;
    }
    session.changed();
  }

  /** Ask for a run's details again, as after an error. */
  retryDetail(run: string): void {
    this.#asked.delete(run);
    this.#wantDetails();
  }

  async #tick(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.visible()) await this.poll();
    const live = this.session.runs?.runs.some((run) => isLive(run.last_wall_time, Date.now())) ?? true;
    this.#timer = setTimeout(() => void this.#tick(), live || this.session.offline ? LIVE_MS : QUIET_MS);
  }

  /** Details of A and B, once for each state of their records. */
  #wantDetails(): void {
    for (const name of [this.session.wishedA, this.session.runB]) {
      const summary = this.session.runs?.runs.find((run) => run.name === name);
      if (name === null || !this.session.runs) continue;
      const version = summary ? versionOf(summary) : "absent";
      if (this.#asked.get(name) === version) continue;
      this.#asked.set(name, version);
      void this.#loadDetail(name, version);
    }
  }

  async #loadDetail(name: string, version: string): Promise<void> {
    try {
      const detail = await this.session.api.run(name);
      if (this.#asked.get(name) === version) this.session.setDetail(detail);
    } catch (error) {
      const failure = error instanceof ApiError ? error : new ApiError(0, "fault", String(error));
      if (this.#asked.get(name) !== version) return;
      // A run that is there stays shown while TensorBoard is away; the list's poll says that it is.
      if (failure.code === "offline") this.#asked.delete(name);
      this.session.failDetail(name, failure);
    }
  }

  /** A run whose records went away and came back is another run. */
  #forgetReplaced(before: RunList | null, after: RunList): void {
    const now = new Map(after.runs.map((run) => [run.name, run]));
    for (const old of before?.runs ?? []) {
      const run = now.get(old.name);
      if (run && run.first_wall_time === old.first_wall_time && run.records >= old.records) continue;
      this.#asked.delete(old.name);
      this.session.forget(old.name);
    }
  }
}

function versionOf(summary: RunSummary): string {
  return [summary.first_wall_time, summary.last_wall_time, summary.records, summary.notices].join(" ");
}
