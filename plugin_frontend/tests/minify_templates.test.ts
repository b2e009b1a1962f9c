import { describe, expect, it } from "vitest";
import { minified } from "../minify_templates.ts";

describe("a template without its line breaks", () => {
  it("keeps the spaces that are read", () => {
    expect(minified("html", "<p>\n  one\n  two <b> three</b>\n</p>")).toBe("<p> one two <b> three</b> </p>");
    expect(minified("html", '<a\n  title="  two  spaces "\n  class=')).toBe('<a title="  two  spaces " class=');
  });

  it("keeps what a selector and a value mean", () => {
    const css = "\n  .a  .b:hover > c,\n  d {\n    margin: 0 calc(1px + 2px);\n    font: 1px / 2 x;\n  }\n";
    expect(minified("css", css)).toBe(" .a  .b:hover > c, d{margin:0 calc(1px + 2px);font:1px / 2 x;}");
  });
});
