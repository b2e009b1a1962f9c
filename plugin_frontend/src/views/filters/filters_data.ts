/** What the Filters view needs of the log: the shown step, the ends of the run, run B, and a filter's whole history. */
import type { ReactiveControllerHost } from "lit";
import type { RecordsQuery } from "../../data/api.ts";
import type { DataRecord } from "../../data/binary.ts";
import { RecordsController } from "../../state/records_controller.ts";
import type { Session } from "../../state/session.ts";
import type { FilterOptions } from "./fields.ts";
import { HistoryController } from "./history_controller.ts";
import { hasPart, kernelsOf, type Kernels, type Part } from "./kernels.ts";
import { thinSteps } from "./story.ts";

const HISTORY_BYTES = 48 << 20;
const MOST_HISTORY_STEPS = 400;

interface Wanting extends ReactiveControllerHost {
  readonly session: Session;
  readonly options: FilterOptions;
}

export class FiltersData {
  private readonly current: RecordsController;
  private readonly other: RecordsController;
  private readonly past: HistoryController;
  private readonly gradients: RecordsController;

  constructor(private readonly host: Wanting) {
    const session = (): Session => host.session;
    this.current = new RecordsController(host, session, () => this.wantCurrent());
    this.other = new RecordsController(host, session, () => this.wantOther());
    this.past = new HistoryController(host, session, () => this.wantHistory());
    this.past.onProgress = () => host.requestUpdate();
    this.gradients = new RecordsController(host, session, () => this.wantGradients());
  }

  /** The record that is shown now, perhaps still that of another step or layer, and what it is. */
  get record(): DataRecord | null {
    const step = this.current.query?.steps[0];
    return this.current.records?.find((record) => record.step === step) ?? null;
  }

  get shown(): { run: string; layer: string; step: number } | null {
    const { query } = this.current;
    return query && { run: query.run, layer: query.layers[0]!, step: query.steps[0]! };
  }

  /** Whether what is shown is not yet what was chosen. */
  get loading(): boolean {
    return this.current.loading || this.other.loading;
  }

  get slow(): boolean {
    return this.current.slow || this.other.slow;
  }

  get failed(): boolean {
    return this.current.error !== null;
  }

  part(): Part {
    const { record } = this;
    const wished = this.host.options.part;
    return record && !hasPart(record, wished) ? "kernel" : wished;
  }

  get a(): Kernels | null {
    return this.kernels(this.record);
  }

  /** The shown layer at the first and last logged step of its run; the shown step where they were not asked for. */
  get first(): Kernels | null {
    return this.kernels(extreme(this.current.records, -1));
  }

  get last(): Kernels | null {
    return this.kernels(extreme(this.current.records, 1));
  }

  get b(): Kernels | null {
    const { query } = this.other;
    const wanted = query && this.host.session.pathIn(query.run, this.shown?.layer ?? null);
    return query?.layers[0] === wanted ? this.kernels(this.other.records?.at(0)) : null;
  }

  get shownB(): { run: string; step: number } | null {
    const { query } = this.other;
    return query && { run: query.run, step: query.steps[0]! };
  }

  /** The shown layer at its logged steps, ascending; null until they came. */
  get history(): readonly Kernels[] | null {
    const { records, query } = this.story;
    if (!records?.length || query?.layers[0] !== this.shown?.layer || query?.run !== this.shown?.run) return null;
    if (this.kept?.records !== records || this.kept.part !== this.part()) {
      const steps = records.map((record) => this.kernels(record)).filter((kernels) => kernels !== null);
      this.kept = { records, part: this.part(), steps };
    }
    return this.kept.steps;
  }

  private kept: { records: readonly DataRecord[]; part: Part; steps: readonly Kernels[] } | null = null;

  private get story(): { records: readonly DataRecord[] | null; query: RecordsQuery | null } {
    return { records: this.past.value, query: this.past.query };
  }

  get historyLoading(): { done: number; of: number } | null {
    const of = this.wantHistory()?.steps.length ?? 0;
    return this.past.loading ? { done: this.past.done, of } : null;
  }

  /** "all 40 logged steps", or of how many it could be. */
  get historyText(): string {
    const loaded = this.history?.length ?? 0;
    const all = this.shownSteps.length;
    if (all === 1) return "the only logged step";
    return loaded === all ? `all ${all} logged steps` : `${loaded} of ${all} logged steps`;
  }

  /** How large the applied update of the layer's kernel was beside its norm, at the nearest step with gradients. */
  get updateRatio(): { step: number; ratio: number } | null {
    const record = this.gradients.records?.[0];
    const { layer } = this.host.session;
    const variables = this.host.session.detailA?.model?.variables ?? [];
    const column = variables.findIndex((variable) => variable.layer === layer?.path && /kernel/.test(variable.role));
    const update = record?.arrays["update_norm"]?.values[column];
    const weight = record?.arrays["weight_norm"]?.values[column];
    return record && update !== undefined && weight ? { step: record.step, ratio: update / weight } : null;
  }

  private get shownSteps(): readonly number[] {
    const { shown } = this;
    return shown ? this.host.session.stepsOf(shown.run, "filters", shown.layer) : [];
  }

  private kernels(record: DataRecord | null | undefined): Kernels | null {
    return record ? kernelsOf(record, hasPart(record, this.part()) ? this.part() : "kernel") : null;
  }

  private wantCurrent(): RecordsQuery | null {
    const { session, options } = this.host;
    const { runA, layer, step, steps } = session;
    if (runA === null || !layer || step === null) return null;
    const wanted = new Set([step]);
    if (options.sort === "change" || options.show === "change") wanted.add(steps[0]!);
    if (options.sort !== "index") wanted.add(steps.at(-1)!);
    return { run: runA, kind: "filters", layers: [layer.path], steps: [...wanted] };
  }

  private wantOther(): RecordsQuery | null {
    const { session } = this.host;
    const { runB, layer } = session;
    const step = runB === null || !layer ? null : session.stepOf(runB, "filters", layer.path);
    const path = session.pathIn(runB, layer?.path ?? null);
    if (runB === null || path === null || step === null) return null;
    return { run: runB, kind: "filters", layers: [path], steps: [step] };
  }

  private wantHistory(): RecordsQuery | null {
    const { options } = this.host;
    const { shown, record } = this;
    if (!shown || !record || !(options.story || options.scale === "all" || options.mode === "one")) return null;
    this.past.bytesAStep = record.bytes;
    const room = Math.max(8, Math.min(MOST_HISTORY_STEPS, Math.floor(HISTORY_BYTES / Math.max(1, record.bytes))));
    const steps = thinSteps(this.shownSteps, shown.step, room);
    return { run: shown.run, kind: "filters", layers: [shown.layer], steps };
  }

  private wantGradients(): RecordsQuery | null {
    const { session } = this.host;
    const step = session.stepOf(session.runA, "gradients", null);
    return session.runA === null || step === null
      ? null
      : { run: session.runA, kind: "gradients", layers: [], steps: [step] };
  }
}

/** The record of the smallest (sign −1) or largest step. */
function extreme(records: readonly DataRecord[] | null, sign: 1 | -1): DataRecord | null {
  return records?.reduce((best, record) => (sign * (record.step - best.step) > 0 ? record : best)) ?? null;
}
