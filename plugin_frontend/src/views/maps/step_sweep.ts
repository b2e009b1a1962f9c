import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { DataRecord } from "../../data/binary.ts";
import type { MapsKind } from "./maps_definition.ts";
import type { Session } from "../../state/session.ts";

export interface SweepWish {
  readonly run: string;
  readonly kind: MapsKind;
  readonly layer: string;
  readonly steps: readonly number[];
  /** Bytes of one step's record, as far as is known. */
  readonly bytes: number;
}

const MOST_BYTES = 128 << 20;
const CHUNK_BYTES = 2 << 20;
const CHUNK_STEPS = 16;

/** At most `most` of the steps, evenly spread, first and last among them. */
export function spread(steps: readonly number[], most: number): number[] {
  if (steps.length <= most) return [...steps];
  if (most < 2) return steps.slice(-1);
  const last = steps.length - 1;
  return Array.from({ length: most }, (_, i) => steps[Math.round((i * last) / (most - 1))] as number);
}

/**
 * Loads one layer's maps at all logged steps, a few at a time, without holding up the player. Where they would take too
 * much memory, steps evenly spread over the run. Steps that cannot be read are noted and passed over.
 */
export class StepSweep implements ReactiveController {
  readonly records = new Map<number, DataRecord>();
  readonly failed = new Set<number>();
  /** The steps that are, or will be, loaded. */
  steps: readonly number[] = [];
  #owner = "";
  #wished = "";
  #abort: AbortController | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly session: () => Session,
    private readonly want: () => SweepWish | null,
  ) {
    host.addController(this);
  }

  get done(): boolean {
    return this.steps.every((step) => this.records.has(step) || this.failed.has(step));
  }

  get loaded(): number {
    return this.steps.filter((step) => this.records.has(step)).length;
  }

  hostUpdate(): void {
    const wish = this.want();
    const key = wish ? JSON.stringify([wish.run, wish.kind, wish.layer, wish.steps]) : "";
    if (key === this.#wished) return;
    this.#wished = key;
    this.#abort?.abort();
    this.#abort = null;
    const owner = wish ? JSON.stringify([wish.run, wish.kind, wish.layer]) : "";
    if (owner !== this.#owner) {
      this.records.clear();
      this.failed.clear();
      this.#owner = owner;
    }
    this.steps = wish ? spread(wish.steps, Math.max(2, Math.floor(MOST_BYTES / Math.max(1, wish.bytes)))) : [];
    if (wish) void this.#load(wish, (this.#abort = new AbortController()).signal);
  }

  hostDisconnected(): void {
    this.#abort?.abort();
    this.#wished = "";
  }

  async #load(wish: SweepWish, signal: AbortSignal): Promise<void> {
    const most = Math.max(1, Math.min(CHUNK_STEPS, Math.floor(CHUNK_BYTES / Math.max(1, wish.bytes))));
    const missing = this.steps.filter((step) => !this.records.has(step) && !this.failed.has(step));
    for (let i = 0; i < missing.length && !signal.aborted; i += most) {
      await this.#loadChunk(wish, missing.slice(i, i + most), signal);
      if (!signal.aborted) this.host.requestUpdate();
    }
  }

  async #loadChunk(wish: SweepWish, steps: readonly number[], signal: AbortSignal): Promise<void> {
    const query = { run: wish.run, kind: wish.kind, layers: [wish.layer], steps } as const;
    try {
      const records = await this.session().cache.load(query, signal);
      if (signal.aborted) return;
      for (const record of records) this.records.set(record.step, record);
      for (const step of steps) if (!this.records.has(step)) this.failed.add(step);
    } catch {
      if (signal.aborted) return;
      // One bad record fails the whole request: find out which.
      if (steps.length === 1) this.failed.add(steps[0] as number);
      else for (const step of steps) if (!signal.aborted) await this.#loadChunk(wish, [step], signal);
    }
  }
}
