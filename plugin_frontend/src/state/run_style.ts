/** How a run is drawn: by its name alone, never by its rank, so that it looks the same in every list and on every day. */
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

const styles = new Map<string, RunStyle>();

export function runStyle(name: string): RunStyle {
  let style = styles.get(name);
  if (!style) {
    const hash = mixed(name);
    style = {
      colour: `var(--run-${(hash % COLOURS) + 1})`,
      dash: DASHES[Math.floor(hash / COLOURS) % DASHES.length] as string,
    };
    styles.set(name, style);
  }
  return style;
}

/** FNV-1a over UTF-8 with a final mix, 32 bits. */
function mixed(text: string): number {
  let hash = SEED;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return (hash ^ (hash >>> 12)) >>> 0;
}
