import type { ReactiveControllerHost } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import { probeQuery } from "../../state/probe.ts";
import { RecordsController } from "../../state/records_controller.ts";
import { SeriesController } from "../../state/series_controller.ts";
import type { Session } from "../../state/session.ts";
import { curvesQuery, gradientsQuery, zerosWish } from "./queries.ts";

const NONE: readonly DataRecord[] = [];

/** What the view takes of the log beside the model record. */
export class ModelData {
  readonly #series: SeriesController;
  readonly #gradients: RecordsController;
  readonly #zeros: RecordsController;
  readonly #probe: RecordsController;

  constructor(
    host: ReactiveControllerHost,
    private readonly session: () => Session,
  ) {
    this.#series = new SeriesController(host, session, () => curvesQuery(session()));
    this.#gradients = new RecordsController(host, session, () => gradientsQuery(session()));
    this.#zeros = new RecordsController(host, session, () => zerosWish(session()).query);
    this.#probe = new RecordsController(host, session, () => probeQuery(session()));
  }

  get #all() {
    return [this.#series, this.#gradients, this.#zeros, this.#probe];
  }

  get slow(): boolean {
    return this.#all.some((each) => each.slow);
  }

  get loading(): boolean {
    return this.#all.some((each) => each.loading);
  }

  /** Gradients over all steps; another run's are no curves of this one. */
  get series(): DataRecord | null {
    return this.#series.query?.run === this.session().runA ? this.#series.value : null;
  }

  get gradients(): DataRecord | null {
    return this.#gradients.records?.[0] ?? null;
  }

  get maps(): readonly DataRecord[] {
    return this.#zeros.records ?? NONE;
  }

  get probe(): DataRecord | null {
    return this.#probe.records?.[0] ?? null;
  }

  /** Steps at which what is here was logged. */
  get at(): { readonly gradients: number | null; readonly maps: number | null } {
    return { gradients: this.gradients?.step ?? null, maps: this.maps[0]?.step ?? null };
  }

  /** What is left out, and what is not as it seems. */
  get notes(): string[] {
    const notes: string[] = [];
    const { points, of } = this.series?.attributes ?? {};
    if (typeof points === "number" && typeof of === "number" && points < of) {
      notes.push(`Curves: ${points} of ${of} logged steps, the smallest and largest values among them.`);
    }
    const { left, query } = zerosWish(this.session());
    const wanted = query?.layers.length ?? 0;
    if (left.length)
      notes.push(
        `Zero output: ${wanted} of ${wanted + left.length} layers; the maps of the others are too large to load for this.`,
      );
    const skipped = this.gradients?.attributes["skipped"];
    if (typeof skipped === "number" && skipped > 0)
      notes.push(`${skipped} updates before this one were skipped: their gradients overflowed.`);
    return notes;
  }
}
