import { shortNames, textOf, type Part } from "../math/short_names.ts";

interface Known {
  readonly names: readonly string[];
  readonly short: ReadonlyMap<string, readonly Part[]>;
}

/** By the room that there is: the last lists asked for. A list comes again with every look at the log. */
const known = new Map<number, Known[]>();
const MOST_KNOWN = 4;

/** What is kept of each run's name where there is room for `most` characters, so that they still differ. */
export function shortRuns(names: readonly string[], most: number): ReadonlyMap<string, readonly Part[]> {
  const lists = known.get(most) ?? [];
  let found = lists.find(
    (each) => each.names.length === names.length && each.names.every((name, i) => name === names[i]),
  );
  if (!found) {
    found = { names, short: shortNames(names, most) };
    known.set(most, [found, ...lists].slice(0, MOST_KNOWN));
  }
  return found.short;
}

/** A run's name beside others, for where only text can stand. */
export function shortRun(name: string, names: readonly string[], most: number): string {
  const parts = shortRuns(names, most).get(name);
  return parts ? textOf(name, parts) : name;
}
