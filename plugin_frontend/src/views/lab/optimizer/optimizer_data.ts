/** What the mode wants of the log: the weights of one variable, the learning rates, and norms where the run clips by them. */
import type { ReactiveControllerHost } from "lit";
import type { DataRecord } from "../../../data/binary.ts";
import type { VariableRecord } from "../../../data/schema.ts";
import { hasKind } from "../../../state/selectors.ts";
import { SeriesController, type LiveSeriesQuery } from "../../../state/series_controller.ts";
import { WeightsController } from "../../../state/weights_controller.ts";
import type { LabBase } from "../lab_base.ts";
import { ownOptimizer } from "./own_optimizer.ts";

/** Norms of all variables are not asked for where they are more than this. */
const MOST_NORMS = 3_000_000;
/** Learning rates of longer runs are thinned by keeping extremes. */
const MOST_RATES = 200_000;

export class OptimizerData {
  readonly #weights: WeightsController;
  readonly #losses: SeriesController;
  readonly #norms: SeriesController;

  constructor(
    host: ReactiveControllerHost,
    private readonly lab: () => LabBase,
  ) {
    const session = (): LabBase["session"] => lab().session;
    this.#weights = new WeightsController(host, session, () => {
      const { run } = lab();
      const variable = this.#place;
      return variable < 0 || !this.isLogged ? null : { run, variable, logged: this.#steps };
    });
    this.#losses = new SeriesController(host, session, () => this.#wantedRates());
    this.#norms = new SeriesController(host, session, () => this.#wantedNorms());
  }

  get weights(): DataRecord | null {
    return this.#weights.value;
  }

  get losses(): DataRecord | null {
    return this.#losses.value;
  }

  get norms(): DataRecord | null {
    return this.#norms.value;
  }

  /** The variable that came, not the one that is on its way. */
  get variable(): VariableRecord | null {
    const { query } = this.#weights;
    return query ? (this.lab().session.detail(query.run)?.model?.variables[query.variable] ?? null) : null;
  }

  get isLogged(): boolean {
    return hasKind(this.lab().session.detailA, "gradient_samples");
  }

  /** Whether what belongs together is here. */
  get isComplete(): boolean {
    const run = this.#weights.query?.run;
    return [this.#losses, this.#norms].every(({ query, loading, error }) =>
      query ? query.run === run : !loading || error !== null,
    );
  }

  get loading(): boolean {
    return [this.#weights, this.#losses, this.#norms].some((each) => each.loading);
  }

  get slow(): boolean {
    return [this.#weights, this.#losses, this.#norms].some((each) => each.slow);
  }

  get error(): unknown {
    return this.#weights.error;
  }

  retry(): void {
    this.#weights.retry();
    this.#losses.retry();
    this.#norms.retry();
  }

  get #steps(): number {
    return this.lab().session.stepsOf(this.lab().run, "gradient_samples", null).length;
  }

  get #place(): number {
    const { session, options } = this.lab();
    const variables = session.detailA?.model?.variables ?? [];
    const found = variablesOf(this.lab());
    const wished = options.optimizerVariable;
    const tail = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
    const variable =
      found.find(({ path }) => path === wished) ??
      found.find(({ path }) => tail(path) === tail(wished ?? "")) ??
      found[0];
    return variable ? variables.indexOf(variable) : -1;
  }

  #wantedRates(): LiveSeriesQuery | null {
    const { run, session } = this.lab();
    const detail = session.detail(run);
    if (!detail || !hasKind(detail, "losses")) return null;
    return { run, kind: "losses", columns: ["learning_rate"], points: MOST_RATES, at: this.#steps };
  }

  #wantedNorms(): LiveSeriesQuery | null {
    const { run, session } = this.lab();
    const detail = session.detail(run);
    if (!detail || !hasKind(detail, "gradients")) return null;
    const { clipnorm, globalClipnorm } = ownOptimizer(detail.model).clipping;
    const query: LiveSeriesQuery = { run, kind: "gradients", columns: ["norm"], at: this.#steps };
    if (clipnorm > 0) return this.#place < 0 ? null : { ...query, variable: this.#place };
    return globalClipnorm > 0 && this.#steps * (detail.model?.variables.length ?? 0) <= MOST_NORMS ? query : null;
  }
}

/** Trained variables of the layer, in the order of the model record. */
export function variablesOf({ session, layer }: LabBase): VariableRecord[] {
  return (session.detailA?.model?.variables ?? []).filter((variable) => variable.layer === layer.path);
}
