import { describe, expect, it } from "vitest";
import { Latest } from "../../src/data/latest.ts";
import { seeded, settled } from "../support.ts";

interface Pending {
  readonly query: number;
  readonly signal: AbortSignal;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

function world(): { latest: Latest<number, string>; pending: Pending[]; answers: string[]; failures: string[] } {
  const pending: Pending[] = [];
  const answers: string[] = [];
  const failures: string[] = [];
  const latest = new Latest<number, string>(
    (query, signal) => new Promise((resolve, reject) => pending.push({ query, signal, resolve, reject })),
    (query, answer) => answers.push(`${query} ${answer}`),
    (query, error) => failures.push(`${query} ${(error as Error).message}`),
  );
  return { latest, pending, answers, failures };
}

describe("Latest", () => {
  it("asks for the first wish and for the last, and for none in between", async () => {
    const { latest, pending, answers } = world();
    for (let wish = 0; wish < 100; wish++) latest.wish(wish);
    expect(pending.map((p) => p.query)).toEqual([0]);
    pending[0]?.resolve("a");
    await settled();
    expect(pending.map((p) => p.query)).toEqual([0, 99]);
    expect(answers).toEqual([]);
    pending[1]?.resolve("b");
    await settled();
    expect(answers).toEqual(["99 b"]);
    expect(latest.busy).toBe(false);
  });

  it("keeps the request in flight when the wish goes away and comes back", async () => {
    const { latest, pending, answers } = world();
    latest.wish(1);
    latest.wish(2);
    latest.wish(1);
    pending[0]?.resolve("a");
    await settled();
    expect(pending).toHaveLength(1);
    expect(answers).toEqual(["1 a"]);
  });

  it("drops what was cancelled, even when its answer comes", async () => {
    const { latest, pending, answers, failures } = world();
    latest.wish(1);
    latest.wish(2);
    latest.cancel();
    expect(pending[0]?.signal.aborted).toBe(true);
    latest.wish(3);
    pending[0]?.resolve("late");
    pending[1]?.resolve("c");
    await settled();
    expect(answers).toEqual(["3 c"]);
    expect(failures).toEqual([]);
  });

  it("tells of a failure only where the wish still stands", async () => {
    const { latest, pending, answers, failures } = world();
    latest.wish(1);
    latest.wish(2);
    pending[0]?.reject(new Error("x"));
    await settled();
    pending[1]?.reject(new Error("y"));
    await settled();
    expect(answers).toEqual([]);
    expect(failures).toEqual(["2 y"]);
  });

  it("never has two requests in flight and always ends at the last wish, over generated orders", async () => {
    const random = seeded(3);
    for (let round = 0; round < 100; round++) {
      const { latest, pending, answers } = world();
      let done = 0;
      let last = -1;
      for (let i = 0; i < 30; i++) {
        if (random() < 0.6) latest.wish((last = Math.floor(random() * 10)));
        else if (done < pending.length) {
          pending[done++]?.resolve("ok");
          await settled();
        }
        expect(pending.length - done).toBeLessThanOrEqual(1);
      }
      while (done < pending.length) {
        pending[done++]?.resolve("ok");
        await settled();
      }
      if (last >= 0) expect(answers.at(-1)).toBe(`${last} ok`);
    }
  });
});
