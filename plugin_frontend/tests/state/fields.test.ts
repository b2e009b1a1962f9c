import { describe, expect, it } from "vitest";
import * as fields from "../../src/state/fields.ts";
import { formatFields, parseFields } from "../../src/state/fields.ts";
import { formatHash, parseHash, SHARED_FIELDS } from "../../src/state/url_state.ts";
import { pick, seeded } from "../support.ts";

const NAMES = [
  "adam",
  "a&b=c",
  "p.cnnviz.run=x",
  "100%",
  "é→\u202e",
  "a/../b",
  "<script>",
  "#",
  " ",
  '["x"]',
  "__proto__",
];

describe("the URL", () => {
  it("gives back every state that was written, over generated states", () => {
    const random = seeded(11);
    for (let round = 0; round < 300; round++) {
      const state = {
        view: pick(random, [null, "filters", "maps"]),
        run: pick(random, [null, ...NAMES]),
        runB: pick(random, [null, ...NAMES]),
        layer: pick(random, [null, ...NAMES]),
        step: pick(random, ["last" as const, 0, 600, 2 ** 40]),
        image: pick(random, [0, 7]),
        channel: pick(random, [null, 0, 511]),
        axis: pick(random, ["log" as const, "linear" as const]),
        hidden: NAMES.filter(() => random() < 0.3),
        filter: pick(random, ["", ...NAMES]),
      };
      const hash = formatHash("#cnnviz&darkMode=true&q=a=b", formatFields(SHARED_FIELDS, state, new Map()));
      expect(parseFields(SHARED_FIELDS, parseHash(hash))).toEqual(state);
      expect(hash.startsWith("#cnnviz&darkMode=true&q=a=b")).toBe(true);
    }
  });

  it("leaves what is at its fallback out, and entries of others alone", () => {
    const raw = formatFields(SHARED_FIELDS, { run: "a", step: 5 }, new Map([["later.key", "v"]]));
    expect(formatHash("#cnnviz", raw)).toBe("#cnnviz&p.cnnviz.later.key=v&p.cnnviz.run=a&p.cnnviz.step=5");
    expect(formatHash("#cnnviz&p.cnnviz.run=a", formatFields(SHARED_FIELDS, { run: null, step: "last" }, raw))).toBe(
      "#cnnviz&p.cnnviz.later.key=v",
    );
  });

  it.each([
    ["step", "-1"],
    ["step", "1e9"],
    ["step", "NaN"],
    ["step", "99999999999999999999"],
    ["step", ""],
    ["image", "1.5"],
    ["image", "-3"],
    ["image", "9".repeat(400)],
    ["axis", "cubic"],
    ["axis", "constructor"],
    ["channel", "x"],
    ["hidden", "{"],
    ["hidden", "[1]"],
    ["hidden", '{"a":"b"}'],
    ["hidden", JSON.stringify(Array.from({ length: 5000 }, () => "x"))],
    ["run", ""],
    ["run", "x".repeat(100_000)],
    ["filter", "x".repeat(100_000)],
  ])("takes the fallback for %s=%s", (key, text) => {
    const defaults = parseFields(SHARED_FIELDS, new Map());
    expect(parseFields(SHARED_FIELDS, new Map([[key, text]]))).toEqual(defaults);
  });

  it.each(["", "#", "#&&&", "#p.cnnviz.", "#p.cnnviz.=x", "#p.cnnviz.run=%", "#p.cnnviz.%E0%A4%A=1", "#=".repeat(1e5)])(
    "reads nothing from %.20s",
    (hash) => expect(parseHash(hash).size).toBe(0),
  );

  it("reads a bounded number of entries", () => {
    const hash = `#${Array.from({ length: 10_000 }, (_, i) => `p.cnnviz.k${i}=1`).join("&")}`;
    expect(parseHash(hash).size).toBeLessThanOrEqual(200);
  });
});

describe("a view's own fields", () => {
  const own = { mode: fields.choice("grid", "one"), zoom: fields.integer(1, 1, 9), both: fields.flag() };

  it("stand under the view's name and do not touch another's", () => {
    const raw = formatFields(own, { mode: "one", zoom: 4 }, new Map([["maps.mode", "x"]]), "filters.");
    expect([...raw]).toEqual([
      ["maps.mode", "x"],
      ["filters.mode", "one"],
      ["filters.zoom", "4"],
    ]);
    expect(parseFields(own, raw, "filters.")).toEqual({ mode: "one", zoom: 4, both: false });
    expect(parseFields(own, raw, "maps.")).toEqual({ mode: "grid", zoom: 1, both: false });
  });
});
