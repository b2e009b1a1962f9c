import type { ReactiveController, ReactiveControllerHost } from "lit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RecordsQuery } from "../../src/data/api.ts";
import { PATIENCE_MS, RecordsController } from "../../src/state/records_controller.ts";
import { Session } from "../../src/state/session.ts";
import { MemoryApi } from "../support.ts";

/** The part of an element that a controller sees: an update a task after it was asked for. */
class Host implements ReactiveControllerHost {
  readonly updateComplete = Promise.resolve(true);
  updates = 0;
  #controller: ReactiveController | null = null;
  #asked = false;

  addController(controller: ReactiveController): void {
    this.#controller = controller;
  }

  removeController(): void {
    this.#controller = null;
  }

  requestUpdate(): void {
    if (this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      this.updates++;
      this.#controller?.hostUpdate?.();
    });
  }

  disconnect(): void {
    this.#controller?.hostDisconnected?.();
  }
}

/** The routes, but an answer comes when the test says so. */
class SlowApi extends MemoryApi {
  readonly waiting: (() => void)[] = [];

  override async records(query: RecordsQuery, signal?: AbortSignal) {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    return super.records(query, signal);
  }
}

const query = (step: number): RecordsQuery => ({ run: "r", kind: "filters", layers: ["a"], steps: [step] });

let api: SlowApi;
let session: Session;
let host: Host;
let wish: RecordsQuery | null;
let controller: RecordsController;

async function want(next: RecordsQuery | null): Promise<void> {
  wish = next;
  host.requestUpdate();
  await vi.advanceTimersByTimeAsync(0);
}

async function answer(): Promise<void> {
  api.waiting.shift()?.();
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  api = new SlowApi();
  session = new Session(api, []);
  host = new Host();
  wish = null;
  controller = new RecordsController(
    host,
    () => session,
    () => wish,
  );
});

afterEach(() => {
  vi.useRealTimers();
});

describe("RecordsController", () => {
  it("keeps the picture before while the next one is on its way, and says which it is", async () => {
    await want(query(1));
    expect([controller.records, controller.loading]).toEqual([null, true]);
    await answer();
    expect(controller.records?.[0]?.step).toBe(1);
    await want(query(2));
    expect(controller.records?.[0]?.step).toBe(1);
    expect(controller.query).toEqual(query(1));
    await answer();
    expect(controller.records?.[0]?.step).toBe(2);
    expect(controller.query).toEqual(query(2));
  });

  it("does not show a step that was dragged over", async () => {
    await want(query(1));
    for (const step of [2, 3, 4]) await want(query(step));
    await answer();
    expect(controller.records).toBeNull();
    expect(api.waiting).toHaveLength(1);
    await answer();
    expect(controller.records?.[0]?.step).toBe(4);
  });

  it("shows at once what is in the cache, whatever is in flight", async () => {
    await want(query(1));
    await answer();
    await want(query(2));
    await want(query(1));
    expect(controller.query).toEqual(query(1));
    expect(controller.loading).toBe(false);
    await answer();
    expect(controller.query).toEqual(query(1));
  });

  it("is slow only after its patience, and counts as pending until then and after", async () => {
    await want(query(1));
    expect(session.pending).toBe(1);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS - 1);
    expect(controller.slow).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    expect(controller.slow).toBe(true);
    await answer();
    expect([controller.slow, session.pending]).toEqual([false, 0]);
  });

  it("tells the frame of damage, keeps the picture, and takes the word back when it works", async () => {
    await want(query(1));
    await answer();
    api.damaged.add("a 2");
    await want(query(2));
    await answer();
    expect(session.problem?.error.status).toBe(410);
    expect([...session.unreadable("r", "filters", "a")]).toEqual([2]);
    expect(controller.records?.[0]?.step).toBe(1);
    api.damaged.clear();
    session.problem?.retry();
    await vi.advanceTimersByTimeAsync(0);
    await answer();
    expect(session.problem).toBeNull();
    expect(controller.records?.[0]?.step).toBe(2);
  });

  for (const [how, leave] of [
    ["it wants nothing any longer", () => want(null)],
    ["it wants another step", () => want(query(3))],
    ["its element went away", async () => host.disconnect()],
  ] as const) {
    it(`takes its word back when ${how}`, async () => {
      api.damaged.add("a 2");
      await want(query(2));
      await answer();
      expect(session.problem?.error.status).toBe(410);
      await leave();
      expect(session.problem).toBeNull();
    });
  }

  it("wants nothing when it is told so, or when its element went away", async () => {
    await want(query(1));
    await want(null);
    expect([controller.records, controller.loading, session.pending]).toEqual([null, false, 0]);
    await want(query(2));
    host.disconnect();
    expect([controller.loading, session.pending]).toEqual([false, 0]);
    await answer();
    await answer();
    expect(controller.records).toBeNull();
  });
});
