/** Text of a log inside a drawing, where nothing wraps or cuts it by itself. */

import { formatNumber } from "../math/format.ts";

const ELLIPSIS = "…";
/** Layers of a block differ at the end of their names. */
const TAIL = 8;
const LONGEST = 200;
const widths = new Map<string, number>();
const MOST_WIDTHS = 20_000;
let context: OffscreenCanvasRenderingContext2D | null = null;

/** Width in pixels; `font` as in CSS. */
export function textWidth(text: string, font: string): number {
  const key = `${font}\n${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    context ??= new OffscreenCanvas(1, 1).getContext("2d");
    if (!context) return text.length * 7;
    context.font = font;
    width = context.measureText(text).width;
    if (widths.size >= MOST_WIDTHS) widths.clear();
    widths.set(key, width);
  }
  return width;
}

/** Without what XML cannot hold: control characters and halves of characters. */
export function cleanText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, "\ufffd");
}

/** The text, or as much of its start and its end as fits. */
export function fitText(text: string, room: number, measure: (text: string) => number): string {
  const letters = Array.from(
    cleanText(text.length > LONGEST ? text.slice(0, LONGEST) + ELLIPSIS + text.slice(-TAIL) : text),
  );
  const whole = letters.join("");
  if (measure(whole) <= room) return whole;
  const tail = letters.length > 2 * TAIL ? letters.slice(-TAIL).join("") : "";
  let [low, high] = [0, letters.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(letters.slice(0, middle).join("") + ELLIPSIS + tail) <= room) low = middle;
    else high = middle - 1;
  }
  if (low < 3 && tail) return fitText(letters.slice(0, 2 * TAIL).join(""), room, measure);
  return letters.slice(0, low).join("") + ELLIPSIS + tail;
}

/** A number with as many digits as fit, at least one; its power of ten is never cut off. */
export function fitNumber(value: number, digits: number, room: number, measure: (text: string) => number): string {
  for (let kept = digits; kept > 1; kept--) {
    const text = formatNumber(value, { digits: kept });
    if (measure(text) <= room) return text;
  }
  return formatNumber(value, { digits: 1 });
}
