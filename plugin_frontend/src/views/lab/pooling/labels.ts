/** The geometry of a setting in words and numbers. No effects. */
import type { Grid } from "../../../math/planes.ts";
import type { Pooling } from "../../../math/pooling.ts";
import { cellsNeverRead, outputArithmetic, type WindowAxis } from "../../../math/window_geometry.ts";
import { binomial } from "./window_numbers.ts";

export function nameOf(pooling: Pooling, grid: Grid): string {
  if (pooling === "l2") return "L2";
  return pooling === "blur" ? `blur (${binomial(grid.columns.size)})` : pooling;
}

/** "⌊(24 − 3) / 2⌋ + 1 = 11 windows a side", or for each axis where they differ. */
export function sizeWords({ rows, columns }: Grid, axes: number): string {
  if (columns.size === columns.length && rows.size === rows.length) return "One window over the whole map";
  const count = ({ output }: WindowAxis): string => (output === 1 ? "window" : "windows");
  const across = `${outputArithmetic(columns, { dilated: false })} ${count(columns)}`;
  if (axes === 1) return across;
  const down = `${outputArithmetic(rows, { dilated: false })} ${count(rows)}`;
  return down === across ? `${across} a side` : `${down} down, ${across} across`;
}

/** What is never read, and why; empty where every cell is. */
export function unreadWords({ rows, columns }: Grid, axes: number): string {
  const words = [...(axes === 1 ? [] : [axisWords(rows, "row")]), axisWords(columns, "column")].filter(
    (word) => word !== "",
  );
  const [down, across] = words;
  if (down !== undefined && across !== undefined && down.replaceAll("row", "column") === across) {
    const both = across
      .replace(/columns?/, (word) => `${word.replace("column", "row")} and ${word}`)
      .replace(" is never", " are never");
    return sentence(both);
  }
  return words.map(sentence).join(" ");
}

const sentence = (words: string): string => `${words[0]!.toUpperCase()}${words.slice(1)}.`;

function axisWords(axis: WindowAxis, name: "row" | "column"): string {
  const unread = cellsNeverRead(axis).length;
  if (unread === 0) return "";
  const { length, size, stride, output, before } = axis;
  if (stride > size) {
    return `hatched ${name}s, ${unread} of ${length}, are never read: the stride, ${stride}, is larger than the window, ${size}`;
  }
  const reach = `(${output - 1}·${stride} + ${size}${before ? ` − ${before}` : ""})`;
  return `the hatched ${unread === 1 ? name : `${name}s`} ${unread === 1 ? "is" : "are"} never read: ${length} − ${reach} = ${unread}`;
}

/** "padding, 0 above, 1 below": its cells; empty where there are none. */
export function paddingWords({ rows, columns }: Grid, axes: number): string {
  const sides: string[] = [];
  if (axes !== 1 && rows.before + rows.after > 0) sides.push(`${rows.before} above, ${rows.after} below`);
  if (columns.before + columns.after > 0) sides.push(`${columns.before} left, ${columns.after} right`);
  return sides.length === 0 ? "" : `padding, ${sides.join(", ")}. It takes no part: a mean counts the cells inside.`;
}
