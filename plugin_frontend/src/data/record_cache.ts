import type { Api, RecordsQuery } from "./api.ts";
import type { DataRecord } from "./binary.ts";
import { ApiError } from "./errors.ts";
import { SharedRequest } from "./shared_request.ts";

type Request = SharedRequest<DataRecord[]>;

/** Least recently used records go first once they hold more than `maxBytes`. */
export class RecordCache {
  readonly #entries = new Map<string, DataRecord>();
  /** By the keys of the records that they will bring. */
  readonly #requests = new Map<string, Request>();
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
   * The same, fetching in one request what is missing and not yet on its way. Where some of several records are damaged
   * on disk, the others come without them; ApiError where none can be read.
   */
  async load(query: RecordsQuery, signal?: AbortSignal): Promise<DataRecord[]> {
    const here = this.peek(query);
    if (here) return here;
    const found = new Map<string, DataRecord>();
    const requests = new Set<Request>();
    for (const key of keysOf(query)) {
      const record = this.#entries.get(key);
      const request = this.#underWay(key);
      if (record) found.set(key, record);
      else if (request) requests.add(request);
    }
    const missing = this.#missing(query);
    if (missing.steps.length > 0) requests.add(this.#request(missing));
    let damage: ApiError | null = null;
    const answers = [...requests].map((request) =>
      request.wait(signal).catch((error: unknown) => {
        if (!isDamage(error)) throw error;
        damage = error;
        return [];
      }),
    );
    for (const record of (await Promise.all(answers)).flat()) found.set(keyOfRecord(query.run, record), record);
    const records = [...keysOf(query)].flatMap((key) => found.get(key) ?? []);
    if (records.length > 0) return records;
    if (damage) throw damage as ApiError;
    // What was joined came without these: they are damaged, which they are asked to say themselves.
    return missing.steps.length > 0 ? records : this.load(query, signal);
  }

  /** Forget a run, for instance when it was written anew under the same name. */
  drop(run: string): void {
    for (const key of this.#entries.keys()) if (runOf(key) === run) this.#remove(key);
    for (const key of this.#requests.keys()) if (runOf(key) === run) this.#requests.delete(key);
  }

  #underWay(key: string): Request | undefined {
    const request = this.#requests.get(key);
    return request?.abandoned ? undefined : request;
  }

  /** Ask, and keep what comes unless it was dropped meanwhile. */
  #request(query: RecordsQuery): Request {
    const request: Request = new SharedRequest(async (signal) => {
      try {
        const records = await this.#salvage(query, signal);
        for (const record of records) {
          const key = keyOfRecord(query.run, record);
          if (this.#requests.get(key) === request) this.#put(key, record);
        }
        return records;
      } finally {
        for (const key of keysOf(query)) if (this.#requests.get(key) === request) this.#requests.delete(key);
      }
    });
    for (const key of keysOf(query)) this.#requests.set(key, request);
    return request;
  }

  /** A damaged record spoils the whole answer: ask for halves until it stands alone. */
  async #salvage(query: RecordsQuery, signal: AbortSignal): Promise<DataRecord[]> {
    try {
      return await this.api.records(query, signal);
    } catch (error) {
      if (!isDamage(error)) throw error;
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
          if (!isDamage(inner)) throw inner;
        }
      }
      if (found.length === 0) throw error;
      return found;
    }
  }

  /** Only the layers of which a step is missing, and the steps missing of any. */
  #missing(query: RecordsQuery): RecordsQuery {
    const lacks = (layer: string | null, step: number): boolean => {
      const key = keyOf(query.run, query.kind, layer, step);
      return !this.#entries.has(key) && !this.#underWay(key);
    };
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

function isDamage(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 410;
}

/** The query in two, by steps or else by layers; none where it asks for one record. */
function halvesOf(query: RecordsQuery): RecordsQuery[] {
  const cut = <T>(items: readonly T[]): [T[], T[]] => [
    items.slice(0, items.length >> 1),
    items.slice(items.length >> 1),
  ];
  if (query.steps.length > 1) return cut(query.steps).map((steps) => ({ ...query, steps }));
  if (query.layers.length > 1) return cut(query.layers).map((layers) => ({ ...query, layers }));
  return [];
}

function runOf(key: string): unknown {
  return JSON.parse(key)[0];
}

function keyOfRecord(run: string, record: DataRecord): string {
  return keyOf(run, record.kind, record.layer, record.step);
}

function keyOf(run: string, kind: string, layer: string | null, step: number): string {
  return JSON.stringify([run, kind, layer, step]);
}

function* keysOf(query: RecordsQuery): Generator<string> {
  for (const layer of query.layers.length ? query.layers : [null]) {
    for (const step of query.steps) yield keyOf(query.run, query.kind, layer, step);
  }
}
