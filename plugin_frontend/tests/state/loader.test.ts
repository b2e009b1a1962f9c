import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../src/data/errors.ts";
import { Loader } from "../../src/state/loader.ts";
import { Player } from "../../src/state/player.ts";
import { Session } from "../../src/state/session.ts";
import type { ViewDefinition } from "../../src/views/view.ts";
import { detail, layer, MemoryApi, summary } from "../support.ts";

const VIEW: ViewDefinition = {
  id: "filters",
  title: "",
  key: "2",
  tag: "x-y",
  load: () => Promise.resolve(),
  needs: ["filters"],
  ticks: ["filters"],
  fields: {},
  what: "",
  hint: "",
  howToRead: "",
  empty: { title: "", text: "", code: "" },
};
const LAYERS = [layer("conv1", "convolution", [], [8, 8, 4])];
const at = (name: string, steps: number[]) => detail(name, LAYERS, { filters: [[["conv1"], steps]] });

let api: MemoryApi;
let session: Session;

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  api = new MemoryApi();
  api.list = [summary("adam"), summary("sgd")];
  api.details.set("adam", at("adam", [0, 10]));
  api.details.set("sgd", at("sgd", [0]));
  session = new Session(api, [VIEW]);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("Loader", () => {
  it("reads the runs and the shown run's details, and these again only when the run grew", async () => {
    new Loader(session, () => true).start();
    await vi.advanceTimersByTimeAsync(0);
    expect(api.asked).toEqual(["runs", "run adam"]);
    expect(session.step).toBe(10);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(api.asked).toEqual(["runs", "run adam", "runs"]);
    api.list = [summary("adam", { records: 11, last_wall_time: 105 }), summary("sgd")];
    api.details.set("adam", at("adam", [0, 10, 20]));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(api.asked.slice(3)).toEqual(["runs", "run adam"]);
    expect(session.step).toBe(20);
  });

  it("loads B when it is chosen", async () => {
    new Loader(session, () => true).start();
    await vi.advanceTimersByTimeAsync(0);
    session.set({ runB: "sgd" });
    await vi.advanceTimersByTimeAsync(0);
    expect(session.detailB?.name).toBe("sgd");
  });

  it("does not read while nobody looks, and reads less often when no run is live", async () => {
    let visible = false;
    new Loader(session, () => visible).start();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(api.asked).toEqual([]);
    visible = true;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(api.asked).toContain("runs");
    vi.setSystemTime(10_000_000);
    await vi.advanceTimersByTimeAsync(15_000);
    const before = api.asked.length;
    await vi.advanceTimersByTimeAsync(14_000);
    expect(api.asked.length).toBeLessThanOrEqual(before + 1);
  });

  it("forgets a run that was written anew under the same name", async () => {
    const loader = new Loader(session, () => true);
    await loader.poll();
    await vi.advanceTimersByTimeAsync(0);
    await session.cache.load({ run: "adam", kind: "filters", layers: ["conv1"], steps: [0] });
    api.list = [summary("adam", { first_wall_time: 90, records: 2 })];
    api.details.set("adam", at("adam", [0, 3]));
    await loader.poll();
    await vi.advanceTimersByTimeAsync(0);
    expect(session.cache.peek({ run: "adam", kind: "filters", layers: ["conv1"], steps: [0] })).toBeNull();
    expect(session.step).toBe(3);
  });

  it("keeps what it knows while TensorBoard is away, says so, and comes back", async () => {
    new Loader(session, () => true).start();
    await vi.advanceTimersByTimeAsync(0);
    api.failure = new ApiError(0, "offline", "away");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(session.offline?.reason).toBe("away");
    expect(session.step).toBe(10);
    api.failure = null;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(session.offline).toBeNull();
  });
});

describe("Player", () => {
  it("walks along the logged steps, stops at the ends, and follows the run at the last", async () => {
    session.setDetail(at("adam", [0, 1, 5, 9, 20, 40]));
    session.set({ run: "adam" });
    const player = new Player(session);
    player.move(-1);
    expect(session.state.step).toBe(20);
    player.move(-10);
    expect(session.state.step).toBe(0);
    player.move(2);
    expect(session.state.step).toBe(5);
    player.move(10);
    expect(session.state.step).toBe("last");
    player.first();
    expect(session.step).toBe(0);
  });

  it("plays from the start when it stands at the end, waits for pictures, and ends at the last step", async () => {
    session.setDetail(at("adam", [0, 1, 2]));
    session.set({ run: "adam" });
    const player = new Player(session);
    player.toggle();
    expect(session.step).toBe(0);
    session.pending = 1;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(session.step).toBe(0);
    session.pending = 0;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(session.step).toBe(2);
    expect(player.playing).toBe(false);
  });
});
