import { describe, expect, it } from "vitest";
import type { Notice } from "../../src/data/schema.ts";
import { Session } from "../../src/state/session.ts";
import { reasonLeftOut } from "../../src/state/left_out.ts";
import { viewStatusOf } from "../../src/state/view_status.ts";
import { VIEWS } from "../../src/views/registry.ts";
import { MemoryApi, detail, layer, summary } from "../support.ts";

const PATHS = ["net/encoder/conv1", "net/decoder/conv1", "net/conv2", "net/deconv2"];

function made(name: string, { ready = true, paths = PATHS, view = "filters" } = {}): Session {
  const session = new Session(new MemoryApi(), VIEWS);
  session.runs = { schema: 1, version: "", runs: [summary("adam")] };
  session.replaceRaw(
    new Map([
      ["view", view],
      ["run", "adam"],
      ["layer", name],
    ]),
  );
  if (ready) session.setDetail(told(paths));
  return session;
}

function told(paths: readonly string[]) {
  return detail(
    "adam",
    paths.map((path) => layer(path, "convolution", [], [8, 8, 4])),
    { model: [[[], [0]]], filters: [[[...paths], [0, 10]]] },
  );
}

describe("a layer of a link", () => {
  it("may be named by the end of its path, and is named in full from then on", () => {
    for (const name of ["conv2", "encoder/conv1"]) {
      const session = made(name);
      const path = PATHS.find((each) => each.endsWith(`/${name}`))!;
      expect(session.layer?.path).toBe(path);
      expect(session.raw.get("layer")).toBe(path);
      expect(viewStatusOf(session).is).toBe("ready");
    }
  });

  it("waits for the run of the link, and for no other one", () => {
    const session = made("conv2", { ready: false });
    expect(session.raw.get("layer")).toBe("conv2");
    session.setDetail({ ...told(["other/conv2"]), name: "sgd" });
    expect(session.raw.get("layer")).toBe("conv2");
    session.setDetail(told(PATHS));
    expect(session.raw.get("layer")).toBe("net/conv2");
    session.set({ layer: "encoder/conv1" });
    expect(session.raw.get("layer")).toBe("net/encoder/conv1");
  });

  it("is the same in a run whose model Keras gave another number", () => {
    const session = made("net/encoder/conv1");
    const other = { ...told(PATHS.map((path) => path.replace("net/", "net_1/"))), name: "sgd" };
    session.setDetail(other);
    expect(session.pathIn("sgd")).toBe("net_1/encoder/conv1");
    expect(session.stepsOf("sgd", "filters")).toEqual([0, 10]);
    session.set({ run: "sgd" });
    session.setDetail(other);
    expect(session.layer?.path).toBe("net_1/encoder/conv1");
    expect(viewStatusOf(session).is).toBe("ready");
  });

  it("is asked for where more than one ends so, in views of the network too", () => {
    for (const view of ["filters", "model"]) {
      const session = made("conv1", { view });
      expect(session.layer).toBeNull();
      expect(session.raw.get("layer")).toBe("conv1");
      expect(viewStatusOf(session)).toEqual({ is: "several-layers", path: "conv1", candidates: PATHS.slice(0, 2) });
    }
  });

  it("is its whole path where that is one, whatever others end with it; parts of words and nothing are no end", () => {
    expect(made("conv1", { paths: ["conv1", ...PATHS] }).layer?.path).toBe("conv1");
    for (const name of ["v2", "onv2", "1", "/conv2", "net"]) {
      expect(viewStatusOf(made(name))).toMatchObject({ is: "no-layer", path: name });
    }
  });
});

describe("reasonLeftOut", () => {
  const notice = (reason: string): Notice => ({ file: "a.records", offset: 0, reason });
  const few =
    "operations: input and output of 2 of 9 layers are not logged, the largest ones (net/conv1, net/pool1): more than 4 bytes";
  const many =
    "operations: input and output of 20 of 99 layers are not logged, the largest ones (net/a, net/b, …): more than 4 bytes";

  it("is the message of the part that names the layer, or of one whose list is cut", () => {
    expect(reasonLeftOut([notice(few)], "operations", "net/conv1")).toBe(few.replace("operations: ", ""));
    expect(reasonLeftOut([notice(many), notice(few)], "operations", "net/pool1")).toBe(few.replace("operations: ", ""));
    expect(reasonLeftOut([notice(many)], "operations", "net/z")).toBe(many.replace("operations: ", ""));
    expect(reasonLeftOut([notice("feature maps: net/conv1: no room")], "feature_maps", "net/conv1")).toBe(
      "net/conv1: no room",
    );
  });

  it("is nothing that was said of other layers or parts", () => {
    expect(reasonLeftOut([notice(few)], "operations", "net/conv10")).toBeNull();
    expect(reasonLeftOut([notice(few)], "feature_maps", "net/conv1")).toBeNull();
    expect(reasonLeftOut([notice("a damaged record"), notice("")], "operations", "net/conv1")).toBeNull();
  });
});
