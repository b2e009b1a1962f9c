import type { ReactiveController, ReactiveControllerHost } from "lit";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "../../src/data/errors.ts";
import { KeyedQueries, type Wish } from "../../src/state/keyed_queries.ts";
import { settled } from "../support.ts";

/** A host that updates its controller at once, and requests that a test answers by hand. */
class Bench implements ReactiveControllerHost {
  readonly updateComplete = Promise.resolve(true);
  readonly open = new Map<
    string,
    { answer: (value: string) => void; fail: (error: unknown) => void; signal: AbortSignal }
  >();
  readonly asked: string[] = [];
  wishes: [string, string][] = [];
  updates = 0;
  #controller: ReactiveController | null = null;
  readonly many = new KeyedQueries<string>(
    this,
    () => this.wishes.map(([key, version]) => this.#wish(key, version)),
    3,
    2,
  );

  addController(controller: ReactiveController): void {
    this.#controller = controller;
  }
  removeController(): void {}
  requestUpdate(): void {
    this.updates++;
    this.#controller?.hostUpdate?.();
  }
  leave(): void {
    this.#controller?.hostDisconnected?.();
  }

  #wish(key: string, version: string): Wish<string> {
    const ask = (signal: AbortSignal): Promise<string> => {
      this.asked.push(`${key} ${version}`);
      return new Promise((answer, fail) => this.open.set(key, { answer, fail, signal }));
    };
    return { key, version, ask };
  }

  async wish(...wishes: [string, string][]): Promise<void> {
    this.wishes = wishes;
    this.requestUpdate();
    await settled();
  }

  async answer(key: string, value: string): Promise<void> {
    this.open.get(key)?.answer(value);
    this.open.delete(key);
    await settled();
  }
}

const runs = (count: number, version = "1"): [string, string][] =>
  Array.from({ length: count }, (_, i) => [`r${i}`, version]);

describe("many answers", () => {
  it("has only a few requests under way, in the order of the wishes, and gets them all", async () => {
    const bench = new Bench();
    await bench.wish(...runs(7));
    expect(bench.asked).toEqual(["r0 1", "r1 1", "r2 1"]);
    await bench.answer("r1", "b");
    expect(bench.asked.at(-1)).toBe("r3 1");
    for (const key of ["r0", "r2", "r3", "r4", "r5", "r6"]) {
      expect(bench.open.size).toBeLessThanOrEqual(3);
      await bench.answer(key, key);
    }
    expect(bench.many.progress).toEqual({ done: 7, of: 7 });
    expect(bench.many.get("r1")).toMatchObject({ value: "b", error: null });
  });

  it("asks again only for what changed, and keeps the old answer until the new one came", async () => {
    const bench = new Bench();
    await bench.wish(...runs(3));
    for (const [key] of runs(3)) await bench.answer(key, `old ${key}`);
    await bench.wish(["r0", "1"], ["r1", "2"], ["r2", "1"]);
    expect(bench.asked.slice(3)).toEqual(["r1 2"]);
    expect(bench.many.get("r1").value).toBe("old r1");
    expect(bench.many.progress).toEqual({ done: 2, of: 3 });
    await bench.answer("r1", "new r1");
    expect(bench.many.get("r1").value).toBe("new r1");
  });

  it("asks once more for what changed while it was on its way", async () => {
    const bench = new Bench();
    await bench.wish(["r0", "1"]);
    await bench.wish(["r0", "2"]);
    expect(bench.asked).toEqual(["r0 1"]);
    await bench.answer("r0", "first");
    expect(bench.asked).toEqual(["r0 1", "r0 2"]);
    await bench.answer("r0", "second");
    expect(bench.many.get("r0").value).toBe("second");
  });

  it("lets one failure cost one answer, and tries it again only when told or when it changed", async () => {
    const bench = new Bench();
    await bench.wish(...runs(2));
    bench.open.get("r0")?.fail(new ApiError(410, "damaged", "a record is damaged"));
    await bench.answer("r1", "fine");
    expect(bench.many.get("r0").error?.reason).toBe("a record is damaged");
    expect(bench.many.get("r1").value).toBe("fine");
    bench.requestUpdate();
    expect(bench.asked).toHaveLength(2);
    bench.many.retry();
    expect(bench.asked.slice(2)).toEqual(["r0 1"]);
    await bench.answer("r0", "back");
    expect(bench.many.get("r0")).toMatchObject({ value: "back", error: null });
  });

  it("gives up what is under way when its element leaves, and asks anew when it is back", async () => {
    const bench = new Bench();
    await bench.wish(...runs(5));
    const signal = bench.open.get("r0")?.signal;
    bench.leave();
    expect(signal?.aborted).toBe(true);
    for (const [key] of runs(3)) bench.open.get(key)?.fail(new DOMException("", "AbortError"));
    await settled();
    expect(bench.many.get("r0")).toMatchObject({ value: null, error: null });
    await bench.wish(...runs(5));
    expect(bench.asked.slice(3)).toEqual(["r0 1", "r1 1", "r2 1"]);
  });

  it("tells its host of a burst of answers once, and of the last one soon", async () => {
    vi.useFakeTimers();
    const bench = new Bench();
    await bench.wish(...runs(6));
    const before = bench.updates;
    for (const key of ["r0", "r1", "r2", "r3"]) await bench.answer(key, key);
    expect(bench.updates).toBe(before);
    vi.advanceTimersByTime(300);
    expect(bench.updates).toBe(before + 1);
    for (const key of ["r4", "r5"]) await bench.answer(key, key);
    vi.advanceTimersByTime(1);
    expect(bench.updates).toBe(before + 2);
    vi.useRealTimers();
  });

  it("keeps a few answers that nobody wants any more", async () => {
    const bench = new Bench();
    await bench.wish(...runs(3));
    for (const [key] of runs(3)) await bench.answer(key, key);
    await bench.wish(["other", "1"]);
    expect(["r0", "r1", "r2"].map((key) => bench.many.get(key).value)).toEqual([null, "r1", "r2"]);
  });
});
