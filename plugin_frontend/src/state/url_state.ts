import * as fields from "./fields.ts";
import type { ValuesOf } from "./fields.ts";

/**
 * What every view shares. A view's own keys stand in its definition and are written as `<view>.<key>`.
 * The host prefixes all of them with `p.cnnviz.`; docs/page.md lists them.
 */
export const SHARED_FIELDS = {
  view: fields.name(),
  run: fields.name(),
  runB: fields.name(),
  layer: fields.name(),
  step: fields.step(),
  image: fields.integer(0, 0, 1_000_000),
  /** Output channel of the layer: a filter in Filters, a map in Maps. */
  channel: fields.optionalInteger(0, 100_000_000),
  axis: fields.choice("log", "linear"),
  hidden: fields.list(),
  filter: fields.text(),
} as const;

export type SharedState = ValuesOf<typeof SHARED_FIELDS>;

export const PREFIX = "p.cnnviz.";
const MAX_ENTRIES = 200;

/** Our entries of a hash such as `#cnnviz&p.cnnviz.run=adam`, without the prefix. Never throws. */
export function parseHash(hash: string): Map<string, string> {
  const raw = new Map<string, string>();
  for (const part of hash.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at < 0 || !part.startsWith(PREFIX) || raw.size >= MAX_ENTRIES) continue;
    const value = decode(part.slice(at + 1));
    const key = decode(part.slice(PREFIX.length, at));
    if (key && value !== null) raw.set(key, value);
  }
  return raw;
}

/** The hash with our entries replaced; the host's own entries stay as they are. */
export function formatHash(hash: string, raw: ReadonlyMap<string, string>): string {
  const foreign = hash
    .replace(/^#/, "")
    .split("&")
    .filter((part) => part !== "" && !part.startsWith(PREFIX));
  const ours = [...raw].map(([key, value]) => `${PREFIX}${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  return "#" + [...foreign, ...ours].join("&");
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
