import type { Plugin } from "vite";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Takes line breaks and indents out of lit's templates, which no minifier of JavaScript may touch. */
export function minifyTemplates(): Plugin {
  return {
    name: "minify-templates",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith(".ts") || id.includes("node_modules")) return null;
      const pieces: string[] = [];
      let from = 0;
      for (const [tag, quasi] of quasisOf(this.parse(code, { lang: "ts" }))) {
        pieces.push(code.slice(from, quasi.start), minified(tag, code.slice(quasi.start, quasi.end)));
        from = quasi.end;
      }
      return { code: pieces.join("") + code.slice(from), map: null };
    },
  };
}

/** A line break between tags or words reads as one space. No template of the page has text that is preformatted. */
export function minified(tag: string, text: string): string {
  const joined = text.replace(/\s*\n\s*/g, " ");
  return tag === "css" ? joined.replace(/\s*([{};])\s*/g, "$1").replace(/:\s+/g, ":") : joined;
}

/** The fixed texts of all templates tagged html, svg or css, in their order. */
function quasisOf(root: unknown): [tag: string, quasi: Node][] {
  const found: [string, Node][] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (!node || typeof node !== "object") return;
    const { type, tag, quasi } = node as { type?: string; tag?: { name?: string }; quasi?: { quasis: Node[] } };
    if (type === "TaggedTemplateExpression" && tag?.name && /^(html|svg|css)$/.test(tag.name)) {
      found.push(...(quasi?.quasis ?? []).map((each): [string, Node] => [tag.name ?? "", each]));
    }
    Object.values(node).forEach(visit);
  };
  visit(root);
  return found.toSorted(([, a], [, b]) => a.start - b.start);
}
