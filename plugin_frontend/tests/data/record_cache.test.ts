import { describe, expect, it } from "vitest";
import type { RecordsQuery } from "../../src/data/api.ts";
import { ApiError } from "../../src/data/errors.ts";
import { RecordCache } from "../../src/data/record_cache.ts";
import { MemoryApi, pick, seeded } from "../support.ts";

const query = (layers: string[], steps: number[], run = "r"): RecordsQuery => ({ run, kind: "filters", layers, steps });

describe("RecordCache", () => {
  it("gives records layers outermost, and asks only for what is missing", async () => {
    const api = new MemoryApi();
    const cache = new RecordCache(api);
    await cache.load(query(["a"], [1, 2]));
    const records = await cache.load(query(["a", "b"], [1, 2, 3]));
    expect(records.map((r) => `${r.layer}${r.step}`)).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]);
    expect(api.asked[1]).toEqual(query(["a", "b"], [1, 2, 3]));
    await cache.load(query(["b"], [3]));
    await cache.load(query(["a"], [3, 4]));
    expect(api.asked.slice(2)).toEqual([query(["a"], [4])]);
  });

  it("keeps runs, kinds and layers apart, whatever their names", async () => {
    const api = new MemoryApi();
    const cache = new RecordCache(api);
    await cache.load(query(["a"], [1], 'r","filters'));
    expect(cache.peek(query(["a"], [1]))).toBeNull();
    expect(cache.peek({ ...query(["a"], [1], 'r","filters'), kind: "feature_maps" })).toBeNull();
    expect(cache.peek(query(["a"], [1], 'r","filters'))).not.toBeNull();
    cache.drop('r","filters');
    expect(cache.peek(query(["a"], [1], 'r","filters'))).toBeNull();
    expect(cache.bytes).toBe(0);
  });

  it("never holds more than its bytes, and lets the longest unused go first", async () => {
    const api = new MemoryApi();
    const cache = new RecordCache(api, 350);
    await cache.load(query(["a"], [1, 2, 3]));
    cache.peek(query(["a"], [1]));
    await cache.load(query(["a"], [4]));
    expect(cache.bytes).toBe(300);
    expect(cache.peek(query(["a"], [2]))).toBeNull();
    expect(cache.peek(query(["a"], [1, 3, 4]))).not.toBeNull();
    api.recordBytes = 1000;
    expect(await cache.load(query(["big"], [1]))).toHaveLength(1);
    expect(cache.bytes).toBe(300);
  });

  it("gives complete answers over generated queries, however small it is", async () => {
    const random = seeded(4);
    const api = new MemoryApi();
    const cache = new RecordCache(api, 700);
    for (let round = 0; round < 300; round++) {
      const layers = ["a", "b", "c"].filter(() => random() < 0.6);
      const steps = [1, 2, 3, 4, 5].filter(() => random() < 0.5);
      if (layers.length === 0 || steps.length === 0) continue;
      const records = await cache.load(query(layers, steps));
      expect(records.map((r) => `${r.layer}${r.step}`)).toEqual(layers.flatMap((l) => steps.map((s) => `${l}${s}`)));
      expect(cache.bytes).toBeLessThanOrEqual(700);
    }
  });

  it("brings the good ones of a batch that holds damaged ones, and names those", async () => {
    const random = seeded(5);
    for (let round = 0; round < 50; round++) {
      const api = new MemoryApi();
      const named = new Set<string>();
      const cache = new RecordCache(api, 1e9, (bad) => named.add(`${bad.layers[0]} ${bad.steps[0]}`));
      for (let i = 0; i < 3; i++) api.damaged.add(`${pick(random, ["a", "b", "c"])} ${pick(random, [1, 2, 3, 4])}`);
      const records = await cache.load(query(["a", "b", "c"], [1, 2, 3, 4]));
      const wanted = ["a", "b", "c"]
        .flatMap((l) => [1, 2, 3, 4].map((s) => `${l} ${s}`))
        .filter((k) => !api.damaged.has(k));
      expect(records.map((r) => `${r.layer} ${r.step}`)).toEqual(wanted);
      expect(named).toEqual(api.damaged);
    }
  });

  it("fails where nothing can be read, and at once where the server says no", async () => {
    const api = new MemoryApi();
    api.damaged.add("a 1").add("a 2");
    await expect(new RecordCache(api).load(query(["a"], [1, 2]))).rejects.toMatchObject({ status: 410 });
    let asked = 0;
    const refusing = Object.assign(new MemoryApi(), {
      records: async () => {
        asked++;
        throw new ApiError(400, "bad", "too much");
      },
    });
    await expect(new RecordCache(refusing).load(query(["a", "b"], [1, 2]))).rejects.toMatchObject({ status: 400 });
    expect(asked).toBe(1);
  });

  it("joins what is on its way, and asks only for the rest", async () => {
    const api = new MemoryApi();
    const cache = new RecordCache(api);
    const [first, same, more] = await Promise.all([
      cache.load(query(["a", "b"], [1])),
      cache.load(query(["b"], [1])),
      cache.load(query(["b", "c"], [1])),
    ]);
    expect([first, same, more].map((records) => records.map((r) => r.layer))).toEqual([["a", "b"], ["b"], ["b", "c"]]);
    expect(api.asked).toEqual([query(["a", "b"], [1]), query(["c"], [1])]);
    expect(same[0]).toBe(first[1]);
  });

  it("lets go of a request only when all who wait for it gave up", async () => {
    const signals: AbortSignal[] = [];
    const api = new MemoryApi();
    const plain = api.records.bind(api);
    api.records = async (asked, signal) => {
      signals.push(signal!);
      return plain(asked, signal);
    };
    const cache = new RecordCache(api);
    const [left, stayed] = [new AbortController(), new AbortController()];
    const one = cache.load(query(["a"], [1]), left.signal);
    const two = cache.load(query(["a"], [1]), stayed.signal);
    left.abort();
    await expect(one).rejects.toMatchObject({ name: "AbortError" });
    expect(signals[0]!.aborted).toBe(false);
    expect(await two).toHaveLength(1);

    const third = cache.load(query(["a"], [2]), left.signal);
    await expect(third).rejects.toMatchObject({ name: "AbortError" });
    expect(signals[1]!.aborted).toBe(true);
    expect(await cache.load(query(["a"], [2]))).toHaveLength(1);
  });

  it("tells all who wait of a failure, and of damage only those who get nothing", async () => {
    const api = new MemoryApi();
    api.damaged.add("a 1");
    const cache = new RecordCache(api);
    const both = cache.load(query(["a", "b"], [1]));
    const alone = cache.load(query(["a"], [1]));
    expect((await both).map((r) => r.layer)).toEqual(["b"]);
    await expect(alone).rejects.toMatchObject({ status: 410 });
    await expect(cache.load(query(["a"], [1]))).rejects.toMatchObject({ status: 410 });
    expect((await cache.load(query(["a", "b"], [1]))).map((r) => r.layer)).toEqual(["b"]);
  });

  it("keeps nothing of a run that was dropped while it was on its way", async () => {
    const api = new MemoryApi();
    const cache = new RecordCache(api);
    const old = cache.load(query(["a"], [1]));
    cache.drop("r");
    const anew = cache.load(query(["a"], [1]));
    expect((await anew)[0]).not.toBe((await old)[0]);
    expect(cache.peek(query(["a"], [1]))).toEqual(await anew);
    expect(cache.peek(query(["a"], [1]))![0]).toBe((await anew)[0]);
    expect(api.asked).toHaveLength(2);
  });
});
