/** What a key asks of the frame. */
export type Action =
  | { readonly do: "view"; readonly key: string }
  | { readonly do: "step" | "image"; readonly by: number }
  | { readonly do: "layer"; readonly by: 1 | -1 }
  | {
      readonly do:
        | "first"
        | "last"
        | "play"
        | "next-run"
        | "set-b"
        | "hide-run"
        | "swap"
        | "legend"
        | "png"
        | "svg"
        | "csv"
        | "link"
        | "filter"
        | "keys";
    };

/** The keys of the whole page, for the overlay and docs/page.md. Views add their own. */
export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["1 – 6", "view"],
  ["← →", "logged step"],
  ["Shift ← →", "ten logged steps"],
  ["Home End", "first step, last step"],
  ["Space", "play, pause"],
  [", .", "previous layer, next layer"],
  ["[ ]", "probe image"],
  ["R", "next run"],
  ["B", "the run under the pointer as B, else the next one; again: none"],
  ["X", "swap A and B"],
  ["H", "hide the run under the pointer, else A, in charts; again: show"],
  ["/", "filter runs"],
  ["L", "legend"],
  ["S", "save PNG"],
  ["V", "save SVG"],
  ["C", "save CSV"],
  ["U", "copy link"],
  ["?", "all keys"],
];

const PLAIN: Readonly<Record<string, Action>> = {
  ArrowLeft: { do: "step", by: -1 },
  ArrowRight: { do: "step", by: 1 },
  PageUp: { do: "step", by: -10 },
  PageDown: { do: "step", by: 10 },
  Home: { do: "first" },
  End: { do: "last" },
  " ": { do: "play" },
  ",": { do: "layer", by: -1 },
  ".": { do: "layer", by: 1 },
  "[": { do: "image", by: -1 },
  "]": { do: "image", by: 1 },
  r: { do: "next-run" },
  b: { do: "set-b" },
  x: { do: "swap" },
  h: { do: "hide-run" },
  l: { do: "legend" },
  s: { do: "png" },
  v: { do: "svg" },
  c: { do: "csv" },
  u: { do: "link" },
  "/": { do: "filter" },
  "?": { do: "keys" },
};

/** The frame's action for a key, or null where it is somebody else's. */
export function actionOf(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">,
): Action | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (/^[1-6]$/.test(event.key)) return { do: "view", key: event.key };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = Object.hasOwn(PLAIN, key) ? (PLAIN[key] as Action) : null;
  return action?.do === "step" && event.shiftKey ? { do: "step", by: 10 * Math.sign(action.by) } : action;
}

/** Whether the key belongs to what has focus: text that is typed, a list that is open, a button that Space presses. */
export function isTyping(target: EventTarget | undefined, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("input, textarea, select")) return true;
  return key === " " && target.matches("button, a");
}
