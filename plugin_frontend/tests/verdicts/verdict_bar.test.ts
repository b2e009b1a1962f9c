// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import type { RunVerdicts } from "../../src/data/schema.ts";
import { quietWords, VerdictBar } from "../../src/frame/verdicts/verdict_bar.ts";
import { Session } from "../../src/state/session.ts";
import { VIEWS } from "../../src/views/registry.ts";
import { detail, layer, MemoryApi, summary } from "../support.ts";
import { verdict, verdicts } from "./cases.ts";

let bar: VerdictBar;
let session: Session;

async function show(answer: RunVerdicts | null, source: "records" | "scalars" = "records"): Promise<void> {
  const api = new MemoryApi();
  if (answer) api.judged.set("a", answer);
  session = new Session(api, VIEWS);
  session.runs = { schema: 1, version: "", runs: [summary("a", { source })] };
  session.setDetail(detail("a", [layer("n/conv", "convolution", [], [8, 8, 4])], { epochs: [[[], [1]]] }));
  bar = new VerdictBar();
  bar.session = session;
  document.body.append(bar);
  await new Promise((resolve) => setTimeout(resolve));
  await new Promise((resolve) => setTimeout(resolve));
  await bar.updateComplete;
}

const lines = (): HTMLElement[] => [...(bar.shadowRoot?.querySelectorAll<HTMLElement>(".line") ?? [])];
const words = (): string[] => lines().map((line) => (line.textContent ?? "").replace(/\s+/g, " ").trim());

afterEach(() => {
  bar.remove();
});

describe("the line of verdicts", () => {
  it("has at most two causes, and says how many verdicts there are beside them", async () => {
    await show(
      verdicts("a", [
        verdict(0, { kind: "unscaled_input", severity: "warning" }),
        verdict(1, { causes: [0] }),
        verdict(2, { kind: "overfitting", severity: "note" }),
        verdict(3, { severity: "note" }),
      ]),
    );
    expect(lines().map((line) => line.querySelector(".finding b")?.textContent)).toEqual([
      "unscaled input",
      "overfitting",
    ]);
    expect(words()[0]).toContain("Warning");
    expect(words()[0]).toContain("and 2 more, 1 error");
    expect(words()[1]).toContain("Note");
  });

  it("opens the list of all", async () => {
    await show(verdicts("a", [verdict(0)]));
    let asked = 0;
    bar.addEventListener("show-verdicts", () => asked++);
    bar.shadowRoot?.querySelector<HTMLElement>("button.link")?.click();
    expect([words()[0]?.includes("Details"), asked]).toEqual([true, 1]);
  });

  it("shows what a log says as the text that it is, and isolated", async () => {
    const finding = '<img src=x onerror="globalThis.hit=1"> \u202egnp.exe';
    await show(verdicts("a", [verdict(0, { finding })]));
    expect(bar.shadowRoot?.querySelectorAll("img")).toHaveLength(0);
    expect(words()[0]).toContain('\u2068<img src=x onerror="globalThis.hit=1"> gnp.exe\u2069');
    expect((globalThis as { hit?: number }).hit).toBeUndefined();
  });

  it("is one quiet line for a healthy run, one that is too short, and one that was not judged", () => {
    expect(quietWords(verdicts("a", []))).toBe("No verdict: 21 rules on 96 steps");
    expect(quietWords(verdicts("a", [], { steps: 1 }))).toContain("1 step of at least 40");
    expect(quietWords(verdicts("a", [], { not_judged: "too large" }))).toBe("Not judged: too large.");
  });

  it("says why the doctor cannot be asked", async () => {
    await show(null);
    expect(words()).toEqual(["The doctor cannot be asked. no verdicts of a Try again"]);
  });

  it("is not there for a run of scalars alone", async () => {
    await show(verdicts("a", []), "scalars");
    expect(lines()).toHaveLength(0);
  });
});
