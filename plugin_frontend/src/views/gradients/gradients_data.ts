/** What the view wants of the log: norms of both runs, histograms of one variable, and the numbers at one step. */
import type { ReactiveControllerHost } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { RunDetail } from "../../data/schema.ts";
import { memoizeLast } from "../../math/memoize_last.ts";
import { hasKind } from "../../state/selectors.ts";
import { RecordsController } from "../../state/records_controller.ts";
import { SeriesController, type LiveSeriesQuery } from "../../state/series_controller.ts";
import type { Session } from "../../state/session.ts";
import type { Shown } from "./fields.ts";
import { isOfPlaces, PLACE_SERIES, runPlaces, type RunPlaces } from "./run_places.ts";
import {
  EVERY_NORM_COLUMNS,
  HISTOGRAM_COLUMNS,
  NORM_COLUMNS,
  runHistogram,
  runNorms,
  type RunHistogram,
  type RunNorms,
} from "./run_norms.ts";
import { placeOf } from "./row_groups.ts";
import type { GradientOptions } from "./fields.ts";

/** Rows of a histogram over steps. */
const HISTOGRAM_POINTS = 400;

/** Values of a column; where a run's steps hold more, they are thinned by keeping extremes. */
const MOST_VALUES = 3_000_000;
const LEAST_POINTS = 100;

type Host = ReactiveControllerHost & {
  readonly session: Session;
  readonly options: GradientOptions;
  /** What is shown: what was chosen, where the run has it. */
  readonly quantity: Shown;
};

/** One run's series and what is read from them; the same objects as long as nothing new came. */
class RunData {
  private readonly series: SeriesController;
  private readonly every: SeriesController;
  private readonly histograms: SeriesController;
  private readonly through: SeriesController;
  private readonly readPlaces = memoizeLast(runPlaces);
  private readonly readNorms = memoizeLast(runNorms);
  private readonly readHistogram = memoizeLast(runHistogram);

  constructor(
    private readonly host: Host,
    private readonly run: () => string | null,
  ) {
    this.series = new SeriesController(
      host,
      () => host.session,
      () => this.wantedNorms(),
    );
    this.every = new SeriesController(
      host,
      () => host.session,
      () => this.wantedEvery(),
    );
    this.histograms = new SeriesController(
      host,
      () => host.session,
      () => this.wantedHistogram(),
    );
    this.through = new SeriesController(
      host,
      () => host.session,
      () => this.wantedPlaces(),
    );
  }

  /** What goes through the layers, where that is shown. */
  get places(): RunPlaces | null {
    const { query, value } = this.through;
    const { quantity } = this.host;
    // While another kind is on its way, what came is not what is asked for.
    if (!query || !isOfPlaces(quantity) || query.columns !== PLACE_SERIES[quantity].columns) return null;
    return this.readPlaces(value, query.run, quantity);
  }

  get norms(): RunNorms | null {
    const run = this.series.query?.run;
    if (run === undefined) return null;
    const every = this.every.query?.run === run ? this.every.value : null;
    return this.readNorms(this.series.value, every, run, this.host.session.detail(run));
  }

  get histogram(): RunHistogram | null {
    const { query, value } = this.histograms;
    const variables = this.host.session.detail(query?.run ?? null)?.model?.variables ?? [];
    return query ? this.readHistogram(value, query.run, variables[query.variable ?? -1]) : null;
  }

  get loading(): boolean {
    return this.series.loading || this.every.loading || this.histograms.loading || this.through.loading;
  }

  get slow(): boolean {
    return this.series.slow || this.every.slow || this.histograms.slow || this.through.slow;
  }

  get error(): unknown {
    return this.series.error ?? this.every.error ?? this.histograms.error ?? this.through.error;
  }

  retry(): void {
    this.series.retry();
    this.every.retry();
    this.histograms.retry();
    this.through.retry();
  }

  private wantedPlaces(): LiveSeriesQuery | null {
    const run = this.run();
    const { session, quantity } = this.host;
    const detail = session.detail(run);
    if (run === null || !detail || !isOfPlaces(quantity) || !hasKind(detail, PLACE_SERIES[quantity].kind)) return null;
    const { kind, columns } = PLACE_SERIES[quantity];
    const steps = session.stepsOf(run, kind, null).length;
    const points = Math.max(LEAST_POINTS, Math.floor(MOST_VALUES / Math.max(1, detail.model?.layers.length ?? 1) / 2));
    return { run, kind, columns, at: detail.last_wall_time, ...(steps > points ? { points } : {}) };
  }

  private wantedNorms(): LiveSeriesQuery | null {
    const wanted = this.wanted();
    if (!wanted) return null;
    const count = wanted.detail.model?.variables.length ?? 1;
    const steps = this.host.session.stepsOf(wanted.run, "gradients", null).length;
    const points = Math.max(LEAST_POINTS, Math.floor(MOST_VALUES / Math.max(1, count)));
    return { ...seriesOf(wanted, NORM_COLUMNS), ...(steps > points ? { points } : {}) };
  }

  /** Norms of every step, where they are shown and were logged. */
  private wantedEvery(): LiveSeriesQuery | null {
    const wanted = this.wanted();
    if (!wanted || this.host.quantity !== "gradient" || !hasKind(wanted.detail, "gradient_norms")) return null;
    const points = Math.max(LEAST_POINTS, Math.floor(MOST_VALUES / (wanted.detail.model?.variables.length ?? 1)));
    return { ...seriesOf(wanted, EVERY_NORM_COLUMNS), kind: "gradient_norms", points };
  }

  private wantedHistogram(): LiveSeriesQuery | null {
    const wanted = this.wanted();
    const { session, options } = this.host;
    const place = wanted
      ? placeOf(wanted.detail.model?.variables ?? [], session.layer?.path ?? null, options.variable)
      : -1;
    return wanted && place >= 0
      ? { ...seriesOf(wanted, HISTOGRAM_COLUMNS), points: HISTOGRAM_POINTS, variable: place }
      : null;
  }

  private wanted(): { run: string; detail: RunDetail } | null {
    const run = this.run();
    const detail = this.host.session.detail(run);
    return run !== null && detail && hasKind(detail, "gradients") ? { run, detail } : null;
  }
}

function seriesOf({ run, detail }: { run: string; detail: RunDetail }, columns: readonly string[]): LiveSeriesQuery {
  return { run, kind: "gradients", columns, at: detail.last_wall_time };
}

export class GradientsData {
  readonly a: RunData;
  readonly b: RunData;
  private readonly records: RecordsController;

  constructor(host: Host) {
    this.a = new RunData(host, () => host.session.runA);
    this.b = new RunData(host, () => (host.options.show === "a" ? null : host.session.runB));
    this.records = new RecordsController(
      host,
      () => host.session,
      () => {
        const { runA: run, step } = host.session;
        return run === null || step === null ? null : { run, kind: "gradients", layers: [], steps: [step] };
      },
    );
  }

  /** All that was logged of run A at the shown step. */
  get record(): DataRecord | null {
    return this.records.records?.[0] ?? null;
  }

  get loading(): boolean {
    return this.a.loading || this.b.loading || this.records.loading;
  }

  get slow(): boolean {
    return this.a.slow || this.b.slow;
  }

  get error(): unknown {
    return this.a.error ?? this.b.error;
  }

  retry(): void {
    this.a.retry();
    this.b.retry();
  }
}
