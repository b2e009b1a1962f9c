import { describe, expect, it } from "vitest";
import { baseOf, HttpApi } from "../../src/data/api.ts";
import { Patience, secondsOf } from "../../src/data/patience.ts";
import { container } from "./container.ts";

const BASE = "http://h/data/plugin/cnnviz/";

function api(answer: (url: string) => Response | Error): { api: HttpApi; urls: string[] } {
  const urls: string[] = [];
  const fetcher = async (url: string): Promise<Response> => {
    urls.push(url);
    const response = answer(url);
    if (response instanceof Error) throw response;
    return response;
  };
  return { api: new HttpApi(BASE, fetcher as unknown as typeof fetch), urls };
}

describe("baseOf", () => {
  it.each([
    ["http://localhost:6006/data/plugin/cnnviz/index.js", "http://localhost:6006/data/plugin/cnnviz/"],
    ["http://h/proxy/6006/data/plugin/cnnviz/static/index.js?v=1", "http://h/proxy/6006/data/plugin/cnnviz/"],
    ["http://h/elsewhere/index.js", "http://h/elsewhere/"],
  ])("of %s", (url, base) => expect(baseOf(url)).toBe(base));
});

describe("HttpApi", () => {
  it("asks with every name as it is", async () => {
    const { api: it_, urls } = api(() => new Response(container([])));
    const query = { run: "a&b=c/../é", kind: "filters" as const, layers: ["x y", "x&step=9"], steps: [1, 2] };
    await it_.records(query);
    const url = new URL(urls[0] ?? "");
    expect(url.pathname).toBe("/data/plugin/cnnviz/records");
    expect(url.searchParams.get("run")).toBe(query.run);
    expect(url.searchParams.getAll("layer")).toEqual(query.layers);
    expect(url.searchParams.getAll("step")).toEqual(["1", "2"]);
  });

  it("says what the plugin said", async () => {
    const failure = { error: "not_found", reason: "no layer conv9" };
    const { api: it_ } = api(() => new Response(JSON.stringify(failure), { status: 404 }));
    await expect(it_.run("r")).rejects.toMatchObject({ status: 404, code: "not_found", reason: "no layer conv9" });
  });

  it.each([
    ["an answer that is no JSON", () => new Response("<html>", { status: 200 }), "malformed"],
    ["an answer of another shape", () => new Response("null"), "malformed"],
    ["an error page of a proxy", () => new Response("<html>", { status: 502 }), "http"],
    ["no answer", () => new TypeError("Failed to fetch"), "offline"],
  ])("gives words for %s", async (_, answer, code) => {
    const { api: it_ } = api(answer);
    await expect(it_.runs()).rejects.toMatchObject({ name: "ApiError", code });
    await expect(it_.records({ run: "r", kind: "filters", layers: ["l"], steps: [1] })).rejects.toMatchObject({
      name: "ApiError",
    });
  });

  it("gathers the list of runs from as many answers as it takes", async () => {
    const run = (name: string): object => ({ name });
    const pages: Record<string, object> = {
      "": { schema: 1, version: "1", total: 5, runs: [run("a"), run("b")], next: "records:b" },
      "records:b": { schema: 1, version: "1", total: 5, runs: [run("b"), run("c")], next: "records:c&d" },
      "records:c&d": { schema: 1, version: "1", total: 5, runs: [run("d")], next: null },
    };
    const { api: it_, urls } = api(
      (url) => new Response(JSON.stringify(pages[new URL(url).searchParams.get("after") ?? ""])),
    );
    expect((await it_.runs()).runs.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
    expect(urls).toHaveLength(3);
  });

  it("asks a busy server again, a bounded number of times", async () => {
    const busy = (): Response => new Response("{}", { status: 503, headers: { "Retry-After": "3" } });
    const slept: number[] = [];
    const told: (string | null)[] = [];
    const patience = new Patience(async (seconds) => void slept.push(seconds));
    patience.onChange = () => told.push(patience.wait && `${patience.wait.next} of ${patience.wait.of}`);
    let left = 2;
    const fetcher = async (): Promise<Response> => (left-- > 0 ? busy() : new Response(container([])));
    await new HttpApi(BASE, fetcher as unknown as typeof fetch, patience).records({
      run: "r",
      kind: "filters",
      layers: [],
      steps: [1],
    });
    expect(slept).toEqual([3, 3]);
    expect(told).toEqual(["2 of 5", null, "3 of 5", null]);
    left = 100;
    const never = new HttpApi(BASE, fetcher as unknown as typeof fetch, patience);
    await expect(never.runs()).rejects.toMatchObject({ status: 503 });
    expect(100 - left).toBe(5);
  });

  it("does not ask again where the answer says no time, and stops when nobody waits any more", async () => {
    const { api: it_, urls } = api(() => new Response("{}", { status: 503 }));
    await expect(it_.runs()).rejects.toMatchObject({ status: 503 });
    expect(urls.length).toBe(1);
    const abort = new AbortController();
    const { api: busy, urls: sent } = api(() => new Response("{}", { status: 503, headers: { "Retry-After": "9" } }));
    const asked = busy.runs(abort.signal);
    setTimeout(() => abort.abort());
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    expect(sent.length).toBe(1);
  });

  it.each([
    ["2", 2],
    ["0", 1],
    ["3600", 10],
    ["soon", 1],
    ["Thu, 01 Jan 1970 00:00:04 GMT", 4],
    [null, null],
  ])("waits after Retry-After: %s", (header, seconds) => expect(secondsOf(header, 0)).toBe(seconds));

  it("leaves an abort an abort", async () => {
    const { api: it_ } = api(() => new DOMException("gone", "AbortError"));
    await expect(it_.runs()).rejects.toMatchObject({ name: "AbortError" });
  });
});
