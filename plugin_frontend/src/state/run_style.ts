/** How a run is drawn: by its name, never by its rank, so that it looks the same in every list and on every day. */
export interface RunStyle {
  /** A custom property of the theme. */
  readonly colour: string;
  /** SVG stroke-dasharray for a line of 2 px; empty: solid. The second cue beside colour. */
  readonly dash: string;
}

const COLOURS = 7;
const DASHES = ["", "6 3", "2 2", "9 3 2 3", "12 4"] as const;

/** Found by trying: with it common names of runs differ, those of optimizers in colour. Any other would be as right. */
const SEED = 545252;

const ALL = COLOURS * DASHES.length;
const styles = new Map<string, number>();

/** By the name alone, or what `tellApart` made of it. */
export function runStyle(name: string): RunStyle {
  const style = styles.get(name) ?? mixed(name) % ALL;
  return { colour: `var(--run-${(style % COLOURS) + 1})`, dash: DASHES[Math.floor(style / COLOURS)] as string };
}

/**
 * Gives runs of a log that would look alike other styles, as far as there are any: the first by name keeps its own. A run
 * that has a style keeps it for as long as the page is open.
 */
export function tellApart(names: readonly string[]): void {
  const taken = new Set(names.flatMap((name) => styles.get(name) ?? []));
  for (const name of names.filter((each) => !styles.has(each)).toSorted()) {
    const own = mixed(name) % ALL;
    const offsets = Array.from({ length: ALL }, (_, by) => (own + by) % ALL);
    const style = offsets.find((each) => !taken.has(each)) ?? own;
    styles.set(name, style);
    taken.add(style);
  }
}

/** FNV-1a over UTF-8 with a final mix, 32 bits. */
function mixed(text: string): number {
  let hash = SEED;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return (hash ^ (hash >>> 12)) >>> 0;
}
