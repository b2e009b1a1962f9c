import { css, html } from "lit";
import { piecesOf, widthOf, type Part } from "../math/short_names.ts";

/** What is cut stays in the document, for screen readers and to be found and copied; a sign stands for it. */
export const cutNameStyles = css`
  .kept,
  .cut {
    unicode-bidi: isolate;
  }
  .cut {
    white-space: nowrap;
    font-size: 0;
    line-height: 0;
  }
  .cut::before {
    content: "…";
    content: "…" / "";
    font-size: var(--cut-size, var(--t-s));
  }
`;

/** A name of which these parts are seen; all of it without them. For an element with the class `name` and the whole as title. */
export function cutName(name: string, parts: readonly Part[] | undefined): unknown {
  if (!parts || (parts.length === 1 && parts[0]![0] === 0 && parts[0]![1] === name.length)) return name;
  return piecesOf(name, parts).map(({ text, isCut }) => html`<span class=${isCut ? "cut" : "kept"}>${text}</span>`);
}

/** How many characters' room it takes. */
export function seenLength(name: string, parts: readonly Part[] | undefined): number {
  return parts ? widthOf(name, parts) : name.length;
}
