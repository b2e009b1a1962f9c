import type { Api, RecordsQuery } from "../data/api.ts";
import type { ApiError } from "../data/errors.ts";
import type { Wait } from "../data/patience.ts";
import { RecordCache } from "../data/record_cache.ts";
import type { Kind, LayerRecord, RunDetail, RunList } from "../data/schema.ts";
import type { ViewDefinition } from "./view_definition.ts";
import { layerNamed, layersOf, layersOfView, nearestStep, stepsOf, stepsOfView } from "./selectors.ts";
import { formatFields, parseFields, type Fields, type ValuesOf } from "./fields.ts";
import { SHARED_FIELDS, type SharedState } from "./url_state.ts";
import { VerdictBook } from "./verdict_book.ts";

const CACHE_BYTES = 256 << 20;
const NONE: ReadonlySet<number> = new Set();

/** Records that a view wanted and did not get; its picture stays, and the frame says so. */
export interface Problem {
  readonly query: RecordsQuery;
  readonly error: ApiError;
  readonly retry: () => void;
}

/**
 * What the page shows, and what is known of the log so far. Everything that a person chose is in the raw entries of
 * the URL and is parsed from there; the rest is loaded (state/loader.ts) or follows from both.
 */
export class Session {
  readonly cache: RecordCache;
  readonly verdicts: VerdictBook;
  runs: RunList | null = null;
  /** Why the list of runs could not be read the last time. */
  offline: ApiError | null = null;
  /** When the list of runs was read last, by this machine's clock. Milliseconds. */
  readAt = 0;
  /** Requests of views under way. */
  pending = 0;
  /** A request that the server put off, being busy. */
  wait: Wait | null = null;
  dark = false;
  /** The steps walk by themselves: scales stay as they are until they rest. */
  playing = false;
  #raw: ReadonlyMap<string, string> = new Map();
  #shared: SharedState = parseFields(SHARED_FIELDS, this.#raw);
  readonly #options = new Map<string, ValuesOf<Fields>>();
  readonly #details = new Map<string, RunDetail>();
  readonly #detailErrors = new Map<string, ApiError>();
  readonly #problems = new Map<object, Problem>();
  readonly #damaged = new Map<string, Set<number>>();
  readonly #listeners = new Set<() => void>();
  readonly #hearers = new Set<(text: string) => void>();
  #scheduled = false;
  #shownA: string | null = null;

  constructor(
    readonly api: Api,
    readonly views: readonly ViewDefinition[],
  ) {
    this.cache = new RecordCache(api, CACHE_BYTES, (query) => this.#noteDamage(query));
    this.verdicts = new VerdictBook(this);
  }

  /** Calls `listener` after every change, once for all changes of one task. Returns how to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tell the listeners that something changed. */
  changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      for (const listener of Array.from(this.#listeners)) listener();
    });
  }

  // What a person chose ------------------------------------------------------------------------------------------

  get raw(): ReadonlyMap<string, string> {
    return this.#raw;
  }

  /** Replace everything chosen, as when the page opens or the URL changes under it. */
  replaceRaw(raw: ReadonlyMap<string, string>): void {
    this.#raw = raw;
    this.#shared = parseFields(SHARED_FIELDS, raw);
    this.#options.clear();
    this.#nameLayerInFull();
    this.changed();
  }

  get state(): SharedState {
    return this.#shared;
  }

  set(patch: Partial<SharedState>): void {
    this.replaceRaw(formatFields(SHARED_FIELDS, patch, this.#raw));
  }

  /** A view's own part of the URL. */
  options<F extends Fields>(view: ViewDefinition<F>): ValuesOf<F> {
    let values = this.#options.get(view.id);
    if (!values) {
      values = parseFields(view.fields, this.#raw, `${view.id}.`);
      this.#options.set(view.id, values);
    }
    return values as ValuesOf<F>;
  }

  setOptions<F extends Fields>(view: ViewDefinition<F>, patch: Partial<ValuesOf<F>>): void {
    this.replaceRaw(formatFields(view.fields, patch, this.#raw, `${view.id}.`));
  }

  // What is loaded -----------------------------------------------------------------------------------------------

  detail(run: string | null): RunDetail | null {
    return run === null ? null : (this.#details.get(run) ?? null);
  }

  /** Why a run could not be read. */
  detailError(run: string | null): ApiError | null {
    return run === null ? null : (this.#detailErrors.get(run) ?? null);
  }

  setDetail(detail: RunDetail): void {
    this.#details.set(detail.name, detail);
    this.#detailErrors.delete(detail.name);
    this.#nameLayerInFull();
    this.changed();
  }

  failDetail(run: string, error: ApiError): void {
    this.#detailErrors.set(run, error);
    this.changed();
  }

  /** Forget all that is known of a run, because another one stands under its name. */
  forget(run: string): void {
    this.#details.delete(run);
    this.cache.drop(run);
    this.changed();
  }

  get problem(): Problem | null {
    return this.#problems.values().next().value ?? null;
  }

  setProblem(owner: object, problem: Problem | null): void {
    if (problem) this.#problems.set(owner, problem);
    else if (!this.#problems.delete(owner)) return;
    this.changed();
  }

  /** Logged steps that turned out to be damaged on disk. */
  unreadable(run: string | null, kind: Kind, layer: string | null): ReadonlySet<number> {
    return this.#damaged.get(JSON.stringify([run, kind, layer])) ?? NONE;
  }

  /** Say something to those who cannot see it: the frame's live region reads it. */
  announce(text: string): void {
    for (const hear of this.#hearers) hear(text);
  }

  onAnnounce(hear: (text: string) => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  // What follows -------------------------------------------------------------------------------------------------

  /** The chosen view, or the first one, as it is with what is chosen in it. */
  get view(): ViewDefinition | null {
    const view = this.views.find((each) => each.id === this.#shared.view) ?? this.views[0] ?? null;
    if (!view?.as) return view;
    const { layer } = this.#shared;
    const chosen = layer === null ? null : layerNamed(this.layers, layer);
    return view.as(this.options(view), chosen, this.detailA);
  }

  /** The run chosen as A, even if it is not there; or the first of the list. */
  get wishedA(): string | null {
    return this.#shared.run ?? this.runs?.runs[0]?.name ?? null;
  }

  /** Name of run A: the chosen one, or, until that one's details came (or failed to), the one before. */
  get runA(): string | null {
    const wished = this.wishedA;
    const known = wished !== null && (this.#details.has(wished) || this.#detailErrors.has(wished));
    if (known || this.#shownA === null || !this.#details.has(this.#shownA)) this.#shownA = wished;
    return this.#shownA;
  }

  get runB(): string | null {
    return this.#shared.runB;
  }

  get detailA(): RunDetail | null {
    return this.detail(this.runA);
  }

  get detailB(): RunDetail | null {
    return this.detail(this.runB);
  }

  /** Layers of run A. */
  get layers(): readonly LayerRecord[] {
    return layersOf(this.detailA);
  }

  /**
   * The chosen layer of run A, by its path or the end of it where no other has the same; null when it is not there; or the
   * first that the view can show, the input last.
   */
  get layer(): LayerRecord | null {
    const { layer: chosen } = this.#shared;
    if (chosen !== null) return layerNamed(this.layers, chosen);
    const shown = new Set(this.view ? layersOfView(this.detailA, this.view) : []);
    const layers = this.layers.filter((layer) => shown.has(layer.path));
    return layers.find((layer) => layer.role !== "input") ?? layers[0] ?? null;
  }

  /** Steps that the view can show of run A and the layer. */
  get steps(): readonly number[] {
    return this.view ? stepsOfView(this.detailA, this.view, this.layer?.path ?? null) : [];
  }

  /** The step shown: the logged one nearest to the chosen one. */
  get step(): number | null {
    return nearestStep(this.steps, this.#shared.step);
  }

  /** The path of run A's layer in another run. Run A's own path if that run has no such layer. */
  pathIn(run: string | null, layer: string | null = this.layer?.path ?? null): string | null {
    const detail = this.detail(run);
    return layer === null || detail === this.detailA ? layer : (layerNamed(layersOf(detail), layer)?.path ?? layer);
  }

  /** Steps of any kind of any run; `layer` is one of run A, by default the current one. */
  stepsOf(run: string | null, kind: Kind, layer: string | null = this.layer?.path ?? null): readonly number[] {
    return stepsOf(this.detail(run), kind, this.pathIn(run, layer));
  }

  /** The logged step of another run, kind or layer that is nearest to the step chosen. */
  stepOf(run: string | null, kind: Kind, layer: string | null = this.layer?.path ?? null): number | null {
    const chosen = this.#shared.step === "last" ? (this.step ?? "last") : this.#shared.step;
    return nearestStep(this.stepsOf(run, kind, layer), chosen);
  }

  /** A layer that a link names by the end of its path is named by all of it from then on. */
  #nameLayerInFull(): void {
    const { layer } = this.#shared;
    const path = layer === null ? null : layerNamed(layersOf(this.detail(this.wishedA)), layer)?.path;
    if (path && path !== layer) this.set({ layer: path });
  }

  #noteDamage(query: RecordsQuery): void {
    const [layer = null] = query.layers;
    const key = JSON.stringify([query.run, query.kind, layer]);
    const steps = this.#damaged.get(key) ?? new Set();
    for (const step of query.steps) steps.add(step);
    this.#damaged.set(key, steps);
    this.changed();
  }
}
