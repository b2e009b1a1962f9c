import type { ReactiveControllerHost } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { RunDetail, RunSummary } from "../../data/schema.ts";
import { KeyedQueries, type Wish } from "../../state/keyed_queries.ts";
import { matchesPattern } from "../../state/run_filter.ts";
import type { Session } from "../../state/session.ts";
import type { Course } from "./places.ts";
import { rowsOf, type Rows } from "./rows.ts";
import type { Settings } from "./settings.ts";

/** At most so many runs are drawn, and asked for more than their epochs. */
export const DRAWN = 100;

/** Rows of the batches' losses that a run is thinned to. */
export const BATCH_POINTS = 2000;
const GRADIENT_POINTS = 600;

/** Which runs need what. */
export interface Needs {
  readonly losses: readonly RunSummary[];
  /** Their gradients, and the model whose layers these belong to. */
  readonly gradients: readonly RunSummary[];
}

/** The runs that the list's filter lets through, in its order: hidden ones too, so that hiding one moves no target. */
export function filteredRuns(session: Session): readonly RunSummary[] {
  const { filter } = session.state;
  return (session.runs?.runs ?? []).filter((run) => !filter || matchesPattern(run.name, filter));
}

/** Those of them that are not hidden. */
export function listedRuns(session: Session): readonly RunSummary[] {
  const hidden = new Set(session.state.hidden);
  return filteredRuns(session).filter((run) => !hidden.has(run.name));
}

/** Loads what many runs logged: epochs of all of them, the rest of those that need it. */
export class CompareData {
  readonly #epochs: KeyedQueries<Rows | null>;
  readonly #losses: KeyedQueries<Rows | null>;
  readonly #details: KeyedQueries<RunDetail>;
  readonly #gradients: KeyedQueries<DataRecord>;

  constructor(
    host: ReactiveControllerHost,
    private readonly session: () => Session,
    needs: () => Needs,
  ) {
    this.#epochs = new KeyedQueries(
      host,
      () => this.#holding(filteredRuns(session()), "epochs").map((run) => this.#series(run, "epochs")),
      2,
      2000,
    );
    this.#losses = new KeyedQueries(
      host,
      () => this.#holding(needs().losses, "losses").map((run) => this.#series(run, "losses")),
      2,
    );
    const withGradients = (): readonly RunSummary[] => this.#holding(needs().gradients, "gradients");
    this.#gradients = new KeyedQueries(host, () => withGradients().map((run) => this.#norms(run)), 1);
    this.#details = new KeyedQueries(host, () => withGradients().map((run) => this.#detail(run)), 1);
  }

  /** Rises with every answer that lines and table are made of. */
  get revision(): number {
    return this.#epochs.revision + this.#losses.revision;
  }

  get gradientRevision(): number {
    return this.#gradients.revision + this.#details.revision;
  }

  /** Whether what order and target go by is here of all runs. */
  get isComplete(): boolean {
    return this.#epochs.isComplete;
  }

  /** How many answers of how many are here. */
  get progress(): { readonly done: number; readonly of: number } {
    const [epochs, losses] = [this.#epochs.progress, this.#losses.progress];
    return { done: epochs.done + losses.done, of: epochs.of + losses.of };
  }

  course(run: RunSummary): Course {
    return {
      epochs: this.#epochs.get(run.name).value,
      losses: this.#losses.get(run.name).value,
      start: run.first_wall_time,
    };
  }

  detail(run: string): RunDetail | null {
    return this.#details.get(run).value;
  }

  gradients(run: string): DataRecord | null {
    return this.#gradients.get(run).value;
  }

  /** What of a run could not be read; empty where all could. */
  problem(run: string): string {
    const failed = [this.#epochs, this.#losses, this.#gradients, this.#details]
      .map((each) => each.get(run).error)
      .filter((error) => error !== null);
    return failed.map((error) => error.reason).join(" ");
  }

  retry(): void {
    for (const each of [this.#epochs, this.#losses, this.#gradients, this.#details]) each.retry();
  }

  #holding(runs: readonly RunSummary[], kind: string): readonly RunSummary[] {
    return runs.filter((run) => run.kinds.includes(kind));
  }

  #wish<A>(run: RunSummary, ask: Wish<A>["ask"]): Wish<A> {
    return { key: run.name, version: `${run.first_wall_time} ${run.last_wall_time} ${run.records}`, ask };
  }

  #series(run: RunSummary, kind: "epochs" | "losses"): Wish<Rows | null> {
    const points = kind === "losses" ? { points: BATCH_POINTS } : {};
    return this.#wish(run, async (signal) =>
      rowsOf(await this.session().api.series({ run: run.name, kind, ...points }, signal)),
    );
  }

  #norms(run: RunSummary): Wish<DataRecord> {
    const query = { run: run.name, kind: "gradients" as const, columns: ["norm"], points: GRADIENT_POINTS };
    return this.#wish(run, (signal) => this.session().api.series(query, signal));
  }

  #detail(run: RunSummary): Wish<RunDetail> {
    return this.#wish(run, (signal) => this.session().api.run(run.name, signal));
  }
}

/** A run's hyper-parameters; the optimizer alone where nothing else is known. */
export function settingsOf({ hparams, optimizer }: RunSummary): Settings | null {
  if (Object.keys(hparams).length) return hparams;
  return optimizer === null ? null : { optimizer };
}
