import type { Api, RecordsQuery } from "./api.ts";
import type { DataRecord } from "./binary.ts";
import { ApiError } from "./errors.ts";

/** Least recently used records go first once they hold more than `maxBytes`. */
export class RecordCache {
  readonly #entries = new Map<string, DataRecord>();
  #bytes = 0;

  constructor(
    private readonly api: Api,
    private readonly maxBytes = 256 << 20,
    private readonly onDamage: (query: RecordsQuery, error: ApiError) => void = () => {},
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** The records of `query` in its order, if all of them are here. */
  peek(query: RecordsQuery): DataRecord[] | null {
    const records: DataRecord[] = [];
    for (const key of keysOf(query)) {
      const record = this.#entries.get(key);
      if (!record) return null;
      records.push(record);
    }
    for (const key of keysOf(query)) this.#touch(key);
    return records;
  }

  /**
   * The same, fetching what is missing in one request. Where some of several records are damaged on disk, the others
   * come without them; ApiError where none can be read.
   */
  async load(query: RecordsQuery, signal?: AbortSignal): Promise<DataRecord[]> {
    const here = this.peek(query);
    if (here) return here;
    const missing = this.#missing(query);
    const fetched = await this.#salvage(missing, signal);
    const byKey = new Map(fetched.map((record) => [keyOf(query.run, record.kind, record.layer, record.step), record]));
    const records: DataRecord[] = [];
    for (const key of keysOf(query)) {
      const record = byKey.get(key) ?? this.#entries.get(key);
      if (record) records.push(record);
    }
    for (const [key, record] of byKey) this.#put(key, record);
    return records;
  }

  /** Forget a run, for instance when it was written anew under the same name. */
  drop(run: string): void {
    for (const key of this.#entries.keys()) if (JSON.parse(key)[0] === run) this.#remove(key);
  }

  /** A damaged record spoils the whole answer: ask for halves until it stands alone. */
  async #salvage(query: RecordsQuery, signal?: AbortSignal): Promise<DataRecord[]> {
    try {
      return await this.api.records(query, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 410) throw error;
      const halves = halvesOf(query);
      if (halves.length === 0) {
        this.onDamage(query, error);
        throw error;
      }
      const found: DataRecord[] = [];
      for (const half of halves) {
        try {
          found.push(...(await this.#salvage(half, signal)));
        } catch (inner) {
          if (!(inner instanceof ApiError) || inner.status !== 410) throw inner;
        }
      }
      if (found.length === 0) throw error;
      return found;
    }
  }

  /** Only the layers of which a step is missing, and the steps missing of any. */
  #missing(query: RecordsQuery): RecordsQuery {
    const lacks = (layer: string | null, step: number): boolean =>
      !this.#entries.has(keyOf(query.run, query.kind, layer, step));
    const owners = query.layers.length ? query.layers : [null];
    const steps = query.steps.filter((step) => owners.some((layer) => lacks(layer, step)));
    const layers = query.layers.filter((layer) => steps.some((step) => lacks(layer, step)));
    return { ...query, layers, steps };
  }

  #put(key: string, record: DataRecord): void {
    this.#remove(key);
    if (record.bytes > this.maxBytes) return;
    this.#entries.set(key, record);
    this.#bytes += record.bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#remove(oldest);
    }
  }

  #touch(key: string): void {
    const record = this.#entries.get(key);
    if (!record) return;
    this.#entries.delete(key);
    this.#entries.set(key, record);
  }

  #remove(key: string): void {
    const record = this.#entries.get(key);
    if (!record) return;
    this.#entries.delete(key);
    this.#bytes -= record.bytes;
  }
}

/** The query in two, by steps or else by layers; none where it asks for one record. */
function halvesOf(query: RecordsQuery): RecordsQuery[] {
  const cut = <T>(items: readonly T[]): [T[], T[]] => [items.slice(0, items.length >> 1), items.slice(items.length >> 1)];
  if (query.steps.length > 1) return cut(query.steps).map((steps) => ({ ...query, steps }));
  if (query.layers.length > 1) return cut(query.layers).map((layers) => ({ ...query, layers }));
  return [];
}

function keyOf(run: string, kind: string, layer: string | null, step: number): string {
  return JSON.stringify([run, kind, layer, step]);
}

function* keysOf(query: RecordsQuery): Generator<string> {
  for (const layer of query.layers.length ? query.layers : [null]) {
    for (const step of query.steps) yield keyOf(query.run, query.kind, layer, step);
  }
}
