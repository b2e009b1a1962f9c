import { describe, expect, it } from "vitest";
import type { RunVerdicts } from "../../src/data/schema.ts";
import { Session } from "../../src/state/session.ts";
import { MemoryApi, settled, summary } from "../support.ts";
import { verdict, verdicts } from "./cases.ts";

/** Answers when it is told to, and remembers how many waited at once. */
class SlowApi extends MemoryApi {
  readonly order: string[] = [];
  most = 0;
  #waiting: (() => void)[] = [];

  override async verdicts(run: string): Promise<RunVerdicts> {
    this.order.push(run);
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.most = Math.max(this.most, this.#waiting.length);
    });
    return verdicts(run, [verdict(0)]);
  }

  async answer(): Promise<void> {
    while (this.#waiting.length) {
      this.#waiting.shift()!();
      await settled();
    }
  }
}

function sessionOf(api: MemoryApi, count: number): Session {
  const session = new Session(api, []);
  session.runs = { schema: 1, version: "", runs: Array.from({ length: count }, (_, i) => summary(`r${i}`)) };
  return session;
}

describe("the verdicts of runs", () => {
  it("are asked of A, of B and of those that are seen, one after the other", async () => {
    const api = new SlowApi();
    const session = sessionOf(api, 1000);
    session.set({ run: "r7", runB: "r900" });
    session.verdicts.see(["r0", "r1", "r7"]);
    await api.answer();
    expect(api.order).toEqual(["r7", "r900", "r0", "r1"]);
    expect(api.most).toBe(1);
    expect(session.verdicts.of("r900").value?.run).toBe("r900");
    expect(session.verdicts.of("r2").value).toBeNull();
  });

  it("are asked again where the run has more records, and only then", async () => {
    const api = new SlowApi();
    const session = sessionOf(api, 2);
    session.verdicts.see(["r0", "r1"]);
    await api.answer();
    session.changed();
    await settled();
    expect(api.order).toEqual(["r0", "r1"]);
    session.runs = { ...session.runs!, runs: [summary("r0"), summary("r1", { records: 11 })] };
    session.changed();
    await settled();
    await api.answer();
    expect(api.order).toEqual(["r0", "r1", "r1"]);
  });

  it("of a run that is trained are asked at most twice a minute for A, and once for others", async () => {
    const api = new SlowApi();
    const session = sessionOf(api, 0);
    const begin = 30 * Math.floor(Date.now() / 30_000);
    for (const seconds of [0, 1, 2, 29.9, 30, 31]) {
      const live = { last_wall_time: begin + seconds, records: 10 + seconds };
      session.runs = { schema: 1, version: "", runs: [summary("a", live), summary("b", live)] };
      session.verdicts.see(["a", "b"]);
      session.changed();
      await settled();
      await api.answer();
    }
    expect(api.order).toEqual(["a", "b", "a"]);
  });

  it("are not asked of runs of scalars alone", async () => {
    const api = new SlowApi();
    const session = sessionOf(api, 0);
    session.runs = { schema: 1, version: "", runs: [summary("keras", { source: "scalars" })] };
    session.verdicts.see(["keras", "gone"]);
    session.changed();
    await settled();
    expect(api.order).toEqual([]);
  });

  it("that cannot be had cost that run alone, and can be asked again", async () => {
    const api = new MemoryApi();
    const session = sessionOf(api, 2);
    api.judged.set("r1", verdicts("r1", []));
    session.verdicts.see(["r0", "r1"]);
    await settled();
    expect(session.verdicts.of("r0").error?.status).toBe(404);
    expect(session.verdicts.of("r1").value?.rules).toBe(21);
    api.judged.set("r0", verdicts("r0", []));
    session.verdicts.retry();
    await settled();
    expect(session.verdicts.of("r0").value?.run).toBe("r0");
  });
});
