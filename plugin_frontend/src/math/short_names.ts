/**
 * Names cut where they do not differ: of the names of a sweep, "sweep/adam_lr0.1_seed3" and its like, what all share goes
 * first, and what is still too long is cut where no two names become alike.
 */

/** A part of a name that is kept, in UTF-16 units. */
export type Part = readonly [start: number, end: number];

const ELLIPSIS = "…";
/** A shorter part takes as much room as the sign that stands for it. */
const SHORTEST_CUT = 4;

/**
 * What is kept of each name, ascending, so that it is at most `most` characters wide, of which a sign for a cut takes two. No
 * two names are cut to the same text where one of the ways to cut them avoids it.
 */
export function shortNames(names: readonly string[], most: number): ReadonlyMap<string, readonly Part[]> {
  const unique = [...new Set(names)];
  const kept = new Map<string, readonly Part[]>(unique.map((name) => [name, [[0, name.length]]]));
  const long = unique.filter((name) => name.length > most);
  if (!long.length) return kept;
  const taken = new Set(unique.filter((name) => name.length <= most));
  const shared = sharedParts(unique);
  const differing = firstDifferences(unique, shared);
  let left = long;
  for (const way of WAYS) {
    const tried = left.map((name) => way(name, shared.get(name)!, most, differing.get(name)!));
    const texts = tried.map((parts, i) => textOf(left[i]!, parts));
    const counts = new Map<string, number>();
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    left = left.filter((name, i) => {
      const isFree = counts.get(texts[i]!) === 1 && !taken.has(texts[i]!);
      if (!isFree || widthOf(name, tried[i]!) > most) return true;
      taken.add(texts[i]!);
      kept.set(name, tried[i]!);
      return false;
    });
  }
  for (const name of left) kept.set(name, headAndTail(0.3)(name, shared.get(name)!, most, 0));
  return kept;
}

/** The name with a sign for each cut. */
export function textOf(name: string, parts: readonly Part[]): string {
  return piecesOf(name, parts)
    .map(({ text, isCut }) => (isCut ? ELLIPSIS : text))
    .join("");
}

/** How many characters' room a cut name takes. */
export function widthOf(name: string, parts: readonly Part[]): number {
  return piecesOf(name, parts).reduce((sum, { text, isCut }) => sum + (isCut ? 2 : text.length), 0);
}

/** The whole name in pieces, cut ones among them. */
export function piecesOf(
  name: string,
  parts: readonly Part[],
): readonly { readonly text: string; readonly isCut: boolean }[] {
  const pieces: { text: string; isCut: boolean }[] = [];
  let at = 0;
  for (const [start, end] of parts) {
    if (start > at) pieces.push({ text: name.slice(at, start), isCut: true });
    pieces.push({ text: name.slice(start, end), isCut: false });
    at = end;
  }
  if (at < name.length) pieces.push({ text: name.slice(at), isCut: true });
  return pieces;
}

type Way = (name: string, kept: readonly Part[], most: number, differs: number) => readonly Part[];

const WAYS: readonly Way[] = [
  (_name, kept) => kept,
  headAndTail(0.3),
  around,
  headAndTail(0),
  headAndTail(0.5),
  headAndTail(0.15),
  headAndTail(0.7),
  headAndTail(1),
];

/** As much of the start and the end of what is kept as fits; `share` is the start's. */
function headAndTail(share: number): Way {
  return (name, kept, most) =>
    fitted(name, kept, most, (count, room) => {
      const head = Math.round(room * share);
      return [...upTo(0, head), ...upTo(count - (room - head), count)];
    });
}

/** The surroundings of the first character that no neighbour in the alphabet has there, and two letters of the start. */
function around(name: string, kept: readonly Part[], most: number, differs: number): readonly Part[] {
  return fitted(name, kept, most, (count, room) => {
    const start = Math.max(2, Math.min(differs - 2, count - (room - 2)));
    return [0, 1, ...upTo(start, start + room - 2)];
  });
}

function upTo(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}

/** What `choose` takes of the characters of `kept`, with as much room as leaves the text at most `most` long. */
function fitted(
  name: string,
  kept: readonly Part[],
  most: number,
  choose: (count: number, room: number) => readonly number[],
): readonly Part[] {
  const count = kept.reduce((sum, [start, end]) => sum + end - start, 0);
  for (let room = Math.min(count, most); room > 2; room--) {
    const parts = joined(
      name,
      choose(count, room).map((i) => placeOf(kept, i)),
    );
    if (widthOf(name, parts) <= most) return parts;
  }
  return joined(name, upTo(0, Math.min(name.length, most - 2)));
}

/** Where the i-th of the kept characters stands in the name. */
function placeOf(kept: readonly Part[], i: number): number {
  let left = i;
  for (const [start, end] of kept) {
    if (left < end - start) return start + left;
    left -= end - start;
  }
  return Number.NaN;
}

/** Ascending places as parts; no part begins or ends within a character of two units. */
function joined(name: string, places: readonly number[]): Part[] {
  const parts: [number, number][] = [];
  for (const place of places) {
    const last = parts.at(-1);
    if (last && place === last[1]) last[1]++;
    else parts.push([place, place + 1]);
  }
  const isLow = (at: number): boolean => /[\udc00-\udfff]/.test(name[at] ?? "");
  return parts
    .map(([start, end]): Part => [isLow(start) ? start + 1 : start, isLow(end) ? end - 1 : end])
    .filter(([start, end]) => end > start);
}

/** Words of a name, each with the separator behind it; "0.01" and "1e-3" are one. */
function wordsOf(name: string): string[] {
  return name.split(/(?<=[/_,=: ])|(?<=(?<!\de)-)|(?<=\.)(?!\d)/);
}

/** What is left of each name without the words that all names share that begin with the same word. */
function sharedParts(names: readonly string[]): Map<string, readonly Part[]> {
  const groups = new Map<string, { name: string; words: string[] }[]>();
  for (const name of names) {
    const words = wordsOf(name);
    const group = groups.get(words[0] ?? "");
    if (group) group.push({ name, words });
    else groups.set(words[0] ?? "", [{ name, words }]);
  }
  const parts = new Map<string, readonly Part[]>();
  for (const group of groups.values()) {
    const isShared = sharedWords(group.map(({ words }) => words));
    for (const { name, words } of group) parts.set(name, withoutShared(name, words, isShared));
  }
  return parts;
}

/** Whether the word at a place is the same in all. Where they differ in their number of words, those at both ends count. */
function sharedWords(all: readonly string[][]): (place: number, count: number) => boolean {
  if (all.length < 2) return () => false;
  const [first] = all as [string[], ...string[][]];
  const fewest = Math.min(...all.map((words) => words.length));
  const isEqual = all.every((words) => words.length === fewest);
  const same = (at: number): boolean => all.every((words) => words.at(at) === first.at(at));
  if (isEqual) {
    const equal = Array.from({ length: fewest }, (_, place) => same(place));
    return (place) => equal[place]!;
  }
  let before = 0;
  while (before < fewest && same(before)) before++;
  let behind = 0;
  while (behind < fewest - before && same(-1 - behind)) behind++;
  return (place, count) => place < before || place >= count - behind;
}

function withoutShared(
  name: string,
  words: readonly string[],
  isShared: (place: number, count: number) => boolean,
): readonly Part[] {
  const parts: [number, number][] = [];
  let at = 0;
  for (const [place, word] of words.entries()) {
    const end = at + word.length;
    if (!isShared(place, words.length)) {
      const last = parts.at(-1);
      if (last && at - last[1] < SHORTEST_CUT) last[1] = end;
      else parts.push([at < SHORTEST_CUT ? 0 : at, end]);
    }
    at = end;
  }
  const last = parts.at(-1);
  if (!last) return [[0, name.length]];
  if (name.length - last[1] < SHORTEST_CUT) last[1] = name.length;
  return parts;
}

/** Of each name, among the characters that are left, the first one at which it differs from the nearest in the alphabet. */
function firstDifferences(names: readonly string[], kept: ReadonlyMap<string, readonly Part[]>): Map<string, number> {
  const left = names.map((name) => ({
    name,
    text: kept
      .get(name)!
      .map(([start, end]) => name.slice(start, end))
      .join(""),
  }));
  left.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  return new Map(
    left.map(({ name, text }, i) => [
      name,
      Math.max(commonStart(text, left[i - 1]?.text ?? ""), commonStart(text, left[i + 1]?.text ?? "")),
    ]),
  );
}

function commonStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at;
}
