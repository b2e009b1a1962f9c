/** What the tests of the frame share: seeded numbers, small networks, and the plugin's routes over records in memory. */
import type { Api, RecordsQuery, SeriesQuery, WeightsQuery } from "../src/data/api.ts";
import type { DataRecord } from "../src/data/binary.ts";
import { ApiError } from "../src/data/errors.ts";
import type {
  Kind,
  LayerRecord,
  ModelRecord,
  RunDetail,
  RunList,
  RunSummary,
  RunVerdicts,
} from "../src/data/schema.ts";
import { bareLayer } from "../src/state/selectors.ts";

/** mulberry32: numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: () => number, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

export function layer(
  path: string,
  role: string,
  inbound: string[],
  outputShape: number[],
  more: Partial<LayerRecord> = {},
): LayerRecord {
  return {
    ...bareLayer(path),
    type: role,
    role,
    inbound,
    output_shape: outputShape,
    data_format: "channels_last",
    ...more,
  };
}

export function model(layers: LayerRecord[]): ModelRecord {
  return {
    name: "net",
    layers,
    variables: [],
    parameters: 0,
    optimizer: null,
    loss: null,
    loss_config: null,
    hparams: {},
    class_names: null,
    backend: null,
    keras_version: null,
    channel_order: "rgb",
    steps: null,
  };
}

export function detail(
  name: string,
  layers: LayerRecord[],
  logged: Partial<Record<Kind, readonly [string[], number[]][]>>,
): RunDetail {
  return {
    name,
    model: model(layers),
    kinds: Object.entries(logged).map(([kind, groups]) => ({
      kind,
      groups: groups.map(([paths, steps]) => ({ layers: paths, steps })),
    })),
    notices: [],
    last_wall_time: 100,
  };
}

export function summary(name: string, more: Partial<RunSummary> = {}): RunSummary {
  return {
    name,
    source: "records",
    kinds: [],
    first_wall_time: 1,
    last_wall_time: 100,
    last_step: 600,
    records: 10,
    bytes: 1000,
    notices: 0,
    curve: null,
    optimizer: null,
    hparams: {},
    hparams_total: 0,
    cost: null,
    ...more,
  };
}

/** The plugin's routes over what a test puts in; `asked` lists what was asked for. */
export class MemoryApi implements Api {
  list: RunSummary[] = [];
  readonly details = new Map<string, RunDetail>();
  readonly damaged = new Set<string>();
  readonly judged = new Map<string, RunVerdicts>();
  readonly asked: (RecordsQuery | string)[] = [];
  recordBytes = 100;
  failure: ApiError | null = null;

  async runs(): Promise<RunList> {
    this.asked.push("runs");
    if (this.failure) throw this.failure;
    return { schema: 1, version: "0", runs: this.list.map((run) => ({ ...run })) };
  }

  async run(name: string): Promise<RunDetail> {
    this.asked.push(`run ${name}`);
    const found = this.details.get(name);
    if (!found) throw new ApiError(404, "not_found", `no run ${name}`);
    return found;
  }

  async records(query: RecordsQuery, signal?: AbortSignal): Promise<DataRecord[]> {
    this.asked.push(query);
    await Promise.resolve();
    signal?.throwIfAborted();
    const records: DataRecord[] = [];
    for (const path of query.layers.length ? query.layers : [null]) {
      for (const step of query.steps) {
        if (this.damaged.has(`${path} ${step}`)) throw new ApiError(410, "damaged", `record of ${path} at ${step}`);
        records.push({
          kind: query.kind,
          layer: path,
          step,
          wallTime: 0,
          attributes: {},
          arrays: {},
          bytes: this.recordBytes,
        });
      }
    }
    return records;
  }

  async weights({ run }: WeightsQuery): Promise<DataRecord> {
    throw new ApiError(404, "not_found", `no weights of ${run}`);
  }

  async verdicts(run: string): Promise<RunVerdicts> {
    const found = this.judged.get(run);
    if (!found) throw new ApiError(404, "not_found", `no verdicts of ${run}`);
    return found;
  }

  async series(query: SeriesQuery): Promise<DataRecord> {
    this.asked.push(`series ${query.run} ${query.kind}`);
    return { kind: query.kind, layer: null, step: 0, wallTime: 0, attributes: {}, arrays: {}, bytes: 0 };
  }
}

/** Lets everything that waits for nothing but promises happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
