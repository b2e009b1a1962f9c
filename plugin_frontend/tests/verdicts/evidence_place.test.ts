import { describe, expect, it } from "vitest";
import type { Kind } from "../../src/data/schema.ts";
import { evidencePlace, goTo, placeWords } from "../../src/state/evidence_place.ts";
import { Session } from "../../src/state/session.ts";
import { VIEWS } from "../../src/views/registry.ts";
import { detail, layer, MemoryApi, summary } from "../support.ts";
import { verdict } from "./cases.ts";

const CONV = "net/conv";
const LAYERS = [
  layer("net/input", "input", [], [8, 8, 1]),
  layer(CONV, "convolution", ["net/input"], [8, 8, 4], { parameters: 40, activation: "relu" }),
  layer("net/classes", "dense", [CONV], [4], { parameters: 20 }),
];
const EVERYTHING: Partial<Record<Kind, readonly [string[], number[]][]>> = {
  model: [[[], [0]]],
  filters: [[[CONV], [0, 8]]],
  feature_maps: [
    [
      [CONV, "net/classes"],
      [0, 8],
    ],
  ],
  probe: [[[], [0]]],
  gradients: [[[], [0, 4, 8]]],
  errors: [[[], [0, 8]]],
  activations: [[[], [0, 8]]],
};

function placeOf(kind: string, at: string | null, logged = EVERYTHING): string {
  const place = evidencePlace(verdict(0, { kind, layer: at, step: 4 }), VIEWS, detail("a", LAYERS, logged));
  return place ? [place.view.id, ...Object.values(place.options)].join(" ") : "";
}

describe("the place of a verdict's evidence", () => {
  it("is the view that shows it", () => {
    expect(placeOf("vanishing", CONV)).toBe("gradients error");
    expect(placeOf("frozen", CONV)).toBe("gradients update");
    expect(placeOf("rate_too_high", CONV)).toBe("gradients ratio");
    expect(placeOf("dead_units", CONV)).toBe("maps maps channels");
    expect(placeOf("saturated", CONV)).toBe("lab activation");
    expect(placeOf("bad_init", CONV)).toBe("filters");
    expect(placeOf("overfitting", null)).toBe("compare loss both");
    expect(placeOf("a kind of a later version", CONV)).toBe("compare loss both");
    expect(placeOf("constructor", CONV)).toBe("compare loss both");
  });

  it("is the next best where that was not logged, or not of this layer", () => {
    const { errors: _, ...without } = EVERYTHING;
    expect(placeOf("vanishing", CONV, without)).toBe("gradients gradient");
    expect(placeOf("bad_init", "net/classes")).toBe("gradients gradient");
    expect(placeOf("dead_units", null)).toBe("gradients zeros");
    expect(placeOf("saturated", CONV, {})).toBe("compare loss both");
  });

  it("is shown in one step: view, layer, step and the view's own choice, and nothing else changes", () => {
    const session = new Session(new MemoryApi(), VIEWS);
    session.runs = { schema: 1, version: "", runs: [summary("a")] };
    session.setDetail(detail("a", LAYERS, EVERYTHING));
    session.replaceRaw(
      new Map([
        ["runB", "b"],
        ["filters.scale", "layer"],
      ]),
    );
    const place = evidencePlace(verdict(0, { kind: "frozen", layer: CONV, step: 4 }), VIEWS, session.detailA);
    goTo(session, place!);
    expect(Object.fromEntries(session.raw)).toEqual({
      runB: "b",
      "filters.scale": "layer",
      view: "gradients",
      layer: CONV,
      step: "4",
      "gradients.quantity": "update",
    });
    expect([session.view?.id, session.layer?.path, session.step]).toEqual(["gradients", CONV, 4]);
    expect(placeWords(place!, (name) => name)).toBe("Gradients, conv, step 4");
  });

  it("leaves layer and step as they are where the verdict names none", () => {
    const session = new Session(new MemoryApi(), VIEWS);
    session.setDetail(detail("a", LAYERS, EVERYTHING));
    session.replaceRaw(
      new Map([
        ["layer", CONV],
        ["step", "8"],
      ]),
    );
    goTo(session, evidencePlace(verdict(0, { kind: "not_learning" }), VIEWS, detail("a", LAYERS, EVERYTHING))!);
    expect([session.state.layer, session.state.step, session.state.view]).toEqual([CONV, 8, "compare"]);
  });
});
