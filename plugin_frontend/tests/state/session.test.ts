import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/data/errors.ts";
import * as fields from "../../src/state/fields.ts";
import { Session } from "../../src/state/session.ts";
import { layersOfView, showsLayer } from "../../src/state/selectors.ts";
import { viewStatusOf } from "../../src/state/view_status.ts";
import type { ViewDefinition } from "../../src/views/view.ts";
import { detail, layer, MemoryApi, settled, summary } from "../support.ts";

const view = (id: ViewDefinition["id"], kind: "filters" | "feature_maps"): ViewDefinition => ({
  id,
  title: id,
  key: "2",
  tag: `x-${id}`,
  load: () => Promise.resolve(),
  needs: [kind],
  ticks: [kind],
  fields: { mode: fields.choice("grid", "one") },
  what: "",
  hint: "",
  howToRead: "",
  empty: { title: "", text: "", code: "" },
});
const FILTERS = view("filters", "filters");
const MAPS = view("maps", "feature_maps");

const LAYERS = [
  layer("input", "input", [], [8, 8, 3]),
  layer("conv1", "convolution", ["input"], [8, 8, 4]),
  layer("pool1", "pooling", ["conv1"], [4, 4, 4]),
  layer("conv2", "convolution", ["pool1"], [4, 4, 8]),
];
const ADAM = detail("adam", LAYERS, {
  filters: [
    [
      ["conv1", "conv2"],
      [0, 10, 100],
    ],
  ],
  feature_maps: [
    [
      ["conv1", "pool1", "conv2"],
      [0, 100, 105],
    ],
  ],
  losses: [[[], [1, 2]]],
});

const LOSSES: ViewDefinition = { ...view("compare", "filters"), needs: [], ticks: ["losses"], scope: "network" };
const POOLS: ViewDefinition = {
  ...view("gradients", "filters"),
  needs: ["losses"],
  ticks: ["losses"],
  layers: (each) => each.role === "pooling",
};

function session(): Session {
  const made = new Session(new MemoryApi(), [FILTERS, MAPS]);
  made.runs = { schema: 1, version: "", runs: [summary("adam"), summary("sgd")] };
  made.setDetail(ADAM);
  return made;
}

describe("Session", () => {
  it("tells listeners once for all changes of a task", async () => {
    const s = session();
    await settled();
    let calls = 0;
    const leave = s.subscribe(() => calls++);
    s.set({ layer: "conv2" });
    s.set({ step: 10 });
    s.setOptions(FILTERS, { mode: "one" });
    expect(calls).toBe(0);
    await settled();
    expect(calls).toBe(1);
    leave();
    s.set({ step: 0 });
    await settled();
    expect(calls).toBe(1);
  });

  it("shows the first run, the view's first layer and the last step where nothing is chosen", () => {
    const s = session();
    expect([s.runA, s.view?.id, s.layer?.path, s.step]).toEqual(["adam", "filters", "conv1", 100]);
    s.set({ view: "maps" });
    expect(s.step).toBe(105);
    expect(s.steps).toEqual([0, 100, 105]);
  });

  it("shows the logged step nearest to the chosen one, and follows a run that grows only at its last", () => {
    const s = session();
    s.set({ step: 11 });
    expect(s.step).toBe(10);
    expect(s.stepOf("adam", "feature_maps")).toBe(0);
    s.set({ step: "last" });
    s.setDetail(
      detail("adam", LAYERS, {
        filters: [
          [
            ["conv1", "conv2"],
            [0, 10, 100, 200],
          ],
        ],
      }),
    );
    expect(s.step).toBe(200);
    s.set({ step: 100 });
    s.setDetail(
      detail("adam", LAYERS, {
        filters: [
          [
            ["conv1", "conv2"],
            [0, 10, 100, 200, 300],
          ],
        ],
      }),
    );
    expect(s.step).toBe(100);
  });

  it("keeps showing the run before until the chosen one's details are there", () => {
    const s = session();
    expect(s.runA).toBe("adam");
    s.set({ run: "sgd" });
    expect([s.wishedA, s.runA]).toEqual(["sgd", "adam"]);
    s.setDetail({ ...ADAM, name: "sgd" });
    expect(s.runA).toBe("sgd");
    s.set({ run: "gone" });
    s.failDetail("gone", new ApiError(404, "not_found", "no"));
    expect(s.runA).toBe("gone");
  });

  it("keeps each view's options apart, and gives the same object until they change", () => {
    const s = session();
    s.setOptions(FILTERS, { mode: "one" });
    expect(s.options(FILTERS)).toEqual({ mode: "one" });
    expect(s.options(MAPS)).toEqual({ mode: "grid" });
    expect(s.options(FILTERS)).toBe(s.options(FILTERS));
    expect(s.raw.get("filters.mode")).toBe("one");
  });

  it("holds only the damage that was found", async () => {
    const api = new MemoryApi();
    const s = new Session(api, [FILTERS]);
    api.damaged.add("conv1 10");
    await s.cache.load({ run: "adam", kind: "filters", layers: ["conv1", "conv2"], steps: [0, 10] });
    expect([...s.unreadable("adam", "filters", "conv1")]).toEqual([10]);
    expect(s.unreadable("adam", "filters", "conv2").size).toBe(0);
    expect(s.unreadable("adam", "feature_maps", "conv1").size).toBe(0);
  });
});

describe("situationOf", () => {
  it("goes from loading to ready", () => {
    const s = new Session(new MemoryApi(), [FILTERS, MAPS]);
    expect(viewStatusOf(s).is).toBe("loading");
    s.offline = new ApiError(0, "offline", "away");
    expect(viewStatusOf(s).is).toBe("offline");
    s.offline = null;
    s.runs = { schema: 1, version: "", runs: [] };
    expect(viewStatusOf(s).is).toBe("no-runs");
    s.runs = { schema: 1, version: "", runs: [summary("adam")] };
    expect(viewStatusOf(s).is).toBe("loading");
    s.failDetail("adam", new ApiError(500, "x", "broken"));
    expect(viewStatusOf(s)).toMatchObject({ is: "unreadable-run", run: "adam" });
    s.setDetail(ADAM);
    expect(viewStatusOf(s)).toMatchObject({ is: "ready", view: { id: "filters" } });
  });

  it("says what is missing", () => {
    const s = session();
    s.set({ run: "nobody" });
    s.failDetail("nobody", new ApiError(404, "not_found", "no"));
    expect(viewStatusOf(s)).toEqual({ is: "no-run", run: "nobody" });
    s.set({ run: "adam", layer: "conv9" });
    expect(viewStatusOf(s)).toMatchObject({ is: "no-layer", path: "conv9", layers: ["conv1", "conv2"] });
    s.set({ layer: "pool1" });
    expect(viewStatusOf(s)).toMatchObject({ is: "bare-layer", kind: "filters", next: "conv2" });
    s.set({ view: "maps" });
    expect(viewStatusOf(s).is).toBe("ready");
    s.setDetail(detail("adam", LAYERS, { filters: [[["conv1"], [0]]] }));
    expect(viewStatusOf(s)).toMatchObject({ is: "no-kind", view: { id: "maps" }, other: [{ id: "filters" }] });
    s.setDetail(detail("adam", LAYERS, { filters: [[["conv1"], []]] }));
    expect(viewStatusOf(s)).toMatchObject({ is: "no-kind", other: [] });
  });
});

describe("views of a kind of the whole model", () => {
  const made = (runs: Partial<Record<"view" | "layer", string>>): Session => {
    const found = new Session(new MemoryApi(), [LOSSES, POOLS]);
    found.runs = { schema: 1, version: "", runs: [summary("adam"), summary("bare")] };
    found.setDetail(ADAM);
    found.setDetail({ ...detail("bare", [], {}), model: null });
    found.replaceRaw(new Map(Object.entries(runs)));
    return found;
  };

  it("can show all layers, or those that the view names", () => {
    expect(LAYERS.map((each) => showsLayer(ADAM, LOSSES, each))).toEqual([true, true, true, true]);
    expect(layersOfView(ADAM, POOLS)).toEqual(["pool1"]);
    expect(made({ view: "gradients" }).layer?.path).toBe("pool1");
    expect(made({ view: "gradients" }).steps).toEqual([1, 2]);
  });

  it("take their steps from the first kind that the run has, of any layer", () => {
    const fine: ViewDefinition = { ...LOSSES, ticks: ["gradients", "filters", "losses"] };
    const s = new Session(new MemoryApi(), [fine]);
    s.runs = { schema: 1, version: "", runs: [summary("adam")] };
    const apart: [string[], number[]][] = [
      [["conv1"], [0, 10]],
      [["conv2"], [5, 10, 20]],
    ];
    s.setDetail(detail("adam", LAYERS, { gradients: [[[], []]], filters: apart, losses: [[[], [1, 2]]] }));
    for (const path of ["pool1", "conv2"]) {
      s.set({ layer: path });
      expect([viewStatusOf(s).is, s.steps, s.step]).toEqual(["ready", [0, 5, 10, 20], 20]);
    }
    expect(layersOfView(s.detailA, fine)).toEqual(LAYERS.map((each) => each.path));
    s.setDetail(detail("adam", LAYERS, { gradients: [[[], [3, 4]]], filters: apart }));
    expect(s.steps).toEqual([3, 4]);
    s.setDetail(detail("adam", LAYERS, {}));
    expect(s.steps).toEqual([]);
  });

  it("say which layer has nothing to show", () => {
    expect(viewStatusOf(made({ view: "gradients", layer: "conv2" }))).toMatchObject({
      is: "bare-layer",
      next: "pool1",
    });
  });

  it("stand without layer and step where their scope is the network", () => {
    expect(viewStatusOf(made({ view: "compare", layer: "gone" })).is).toBe("ready");
    const bare = made({ view: "compare" });
    bare.replaceRaw(
      new Map([
        ["view", "compare"],
        ["run", "bare"],
      ]),
    );
    expect(viewStatusOf(bare).is).toBe("ready");
    expect([bare.layer, bare.step]).toEqual([null, null]);
  });
});
