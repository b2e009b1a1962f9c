/// <reference types="vite/client" />
import { describe, expect, it } from "vitest";

/** Every source file's text by its path below src. */
const SOURCES = Object.entries(
  import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true }),
).map(([path, text]): [path: string, text: string] => [path.replace("../src/", ""), text]);

/** Which rooms a room may import from, beside itself: the table of docs/page.md. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  data: [],
  math: ["data"],
  canvas: ["data", "math"],
  state: ["data"],
  parts: ["data", "math"],
  host: ["state"],
  views: ["data", "math", "canvas", "state", "parts"],
  frame: ["data", "math", "state", "parts", "host", "views"],
};

/** Paths below src that a file imports. */
function imports(path: string, text: string): string[] {
  const base = new URL(path, "file:///");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) =>
    new URL(match[1] ?? "", base).pathname.slice(1),
  );
}

const roomOf = (path: string): string => path.split("/")[0] ?? "";

describe("the rooms of docs/page.md", () => {
  it("are all there", () => {
    expect(
      new Set(
        SOURCES.map(([path]) => path)
          .filter((path) => path.includes("/"))
          .map(roomOf),
      ),
    ).toEqual(new Set(Object.keys(MAY)));
  });

  for (const [room, may] of Object.entries(MAY)) {
    it(`${room} imports from ${may.join(", ") || "nowhere else"}`, () => {
      for (const [path, text] of SOURCES) {
        if (roomOf(path) !== room) continue;
        for (const target of imports(path, text)) {
          expect([room, ...may], `${path} imports ${target}`).toContain(roomOf(target));
          if (room === "frame" && roomOf(target) === "views") expect(target).toBe("views/view.ts");
        }
      }
    });
  }

  it("views do not import each other", () => {
    for (const [path, text] of SOURCES) {
      const [room, own, file] = path.split("/");
      if (room !== "views" || file === undefined) continue;
      for (const target of imports(path, text)) {
        if (roomOf(target) === "views")
          expect([own, "view.ts"], `${path} imports ${target}`).toContain(target.split("/")[1]);
      }
    }
  });
});
