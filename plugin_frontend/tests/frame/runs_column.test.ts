// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import { RunsColumn } from "../../src/frame/run_list/runs_column.ts";
import { Session } from "../../src/state/session.ts";
import type { RunSummary } from "../../src/data/schema.ts";
import { MemoryApi, summary } from "../support.ts";

const HOSTILE = [
  '<img src=x onerror="globalThis.hit=1">',
  "<script>globalThis.hit=1</script>",
  '"><svg onload=globalThis.hit=1>',
  "{{constructor.constructor('globalThis.hit=1')()}}",
  "${globalThis.hit=1}",
  "a/../../b",
  "\u202eevil\u2066",
  "x".repeat(10_000),
  "javascript:globalThis.hit=1",
  " ",
];

let column: RunsColumn;
let session: Session;

async function show(names: readonly string[], more: Record<string, Partial<RunSummary>> = {}): Promise<void> {
  session = new Session(new MemoryApi(), []);
  session.runs = { schema: 1, version: "", runs: names.map((name) => summary(name, more[name])) };
  column = new RunsColumn();
  column.session = session;
  document.body.append(column);
  await column.updateComplete;
}

const rows = (): HTMLElement[] => [...(column.shadowRoot?.querySelectorAll<HTMLElement>("button.row") ?? [])];
const names = (): (string | undefined)[] => rows().map((row) => row.querySelector(".name")?.textContent ?? undefined);

async function click(row: HTMLElement | undefined, shiftKey = false): Promise<void> {
  row?.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true, shiftKey }));
  await new Promise((resolve) => setTimeout(resolve));
}

afterEach(() => {
  column.remove();
});

describe("the run list", () => {
  it("shows every name as the text that it is", async () => {
    await show(HOSTILE);
    expect(names()).toEqual(HOSTILE);
    expect(column.shadowRoot?.querySelectorAll("img, script, svg[onload]")).toHaveLength(0);
    expect((globalThis as { hit?: number }).hit).toBeUndefined();
    for (const row of rows()) expect(row.querySelector(".name")?.getAttribute("dir")).toBe("auto");
  });

  it("says of a run without records that it has metrics only", async () => {
    await show(["ours", "keras"], { keras: { source: "scalars" } });
    expect(rows().map((row) => row.title.includes("metrics only"))).toEqual([false, true]);
  });

  it("chooses A by a click and B by a Shift-click, and B again is none", async () => {
    await show(["a", "b", "c"]);
    await click(rows()[1]);
    expect(session.state.run).toBe("b");
    await click(rows()[2], true);
    expect([session.state.run, session.state.runB]).toEqual(["b", "c"]);
    expect([...(column.shadowRoot?.querySelectorAll(".letter") ?? [])].map((each) => each.textContent)).toEqual([
      "A",
      "B",
    ]);
    await click(rows()[2]);
    expect([session.state.run, session.state.runB]).toEqual(["c", null]);
    await click(rows()[0], true);
    await click(rows()[0], true);
    expect(session.state.runB).toBeNull();
  });

  it("holds two hundred runs and filters them as one types", async () => {
    await show(Array.from({ length: 200 }, (_, i) => `sweep/lr${i}`));
    expect(rows()).toHaveLength(200);
    const input = column.shadowRoot?.querySelector("input");
    if (input) input.value = "lr19 | lr1*5";
    input?.dispatchEvent(new Event("input"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(names()).toContain("sweep/lr195");
    expect(names()).toContain("sweep/lr115");
    expect(names()).not.toContain("sweep/lr110");
    expect(column.shadowRoot?.querySelector(".counts")?.textContent).toContain(`${rows().length} of 200 runs`);
  });

  it("hides and shows a run in charts", async () => {
    await show(["a", "b"]);
    const swatch = (): HTMLElement | null | undefined =>
      column.shadowRoot?.querySelector<HTMLElement>('[data-run="b"] .swatch');
    await click(swatch() ?? undefined);
    expect(session.state.hidden).toEqual(["b"]);
    expect(swatch()?.getAttribute("aria-pressed")).toBe("false");
    await click(swatch() ?? undefined);
    expect(session.state.hidden).toEqual([]);
  });
});
