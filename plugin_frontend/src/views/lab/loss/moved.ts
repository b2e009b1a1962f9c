/** Logits moved by hand, by their row, as a link carries them. */
export type Moved = ReadonlyMap<number, number>;

const MOST = 100;
const NONE: Moved = new Map();

export function parseMoved(text: string, image: number): Moved {
  const [of, list = ""] = text.split("|");
  if (of !== String(image)) return NONE;
  const pairs = list.split(";").flatMap((each): [number, number][] => {
    const found = /^(\d{1,7}):(-?\d{1,9}(?:\.\d{1,6})?)$/.exec(each);
    return found ? [[Number(found[1]), Number(found[2])]] : [];
  });
  return new Map(pairs.slice(0, MOST));
}

export function formatMoved(moved: Moved, image: number): string {
  if (moved.size === 0) return "";
  const pairs = [...moved].slice(-MOST).map(([row, z]) => `${row}:${Number(z.toFixed(6))}`);
  return `${image}|${pairs.join(";")}`;
}
