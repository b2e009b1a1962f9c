/** Where things stand in the picture, in CSS pixels from its corner. */
import type { LossShown } from "./loss_view_model.ts";
import { hasPlaces } from "./loss_rows.ts";

export interface Span {
  readonly x: number;
  readonly width: number;
}

export const ROW = 22;
export const HEAD = 38;
/** Of a row of the losses: its curves. */
export const PANEL = 50;
/** Under the rows, and under each of several pictures. */
const FOOT = 54;
export const CAPTION = 18;
const GAP = 14;
const NUMBER = 52;
const WIDE = 700;

export interface LossLayout {
  readonly width: number;
  readonly height: number;
  readonly isWide: boolean;
  /** Side of the image's place. */
  readonly image: number;
  readonly label: Span;
  /** Bars; their numbers end `NUMBER` to the right. Not all are there. */
  readonly logit: Span;
  readonly power: Span | null;
  readonly share: Span | null;
  readonly error: Span;
  readonly rows: { readonly y: number; readonly below: number; readonly end: number };
  /** The losses below: heads at `y`, the first row at `top`. */
  readonly table: { readonly y: number; readonly top: number; readonly name: number };
  readonly curve: Span;
  readonly slope: Span;
  /** Right edges of the columns of numbers. */
  readonly numbers: readonly number[];
}

/** Of a span of bars with its number. */
export const numberEnd = ({ x, width }: Span): number => x + width + NUMBER;

export function lossLayout(shown: LossShown, width: number): LossLayout {
  const { head } = shown.source;
  const isWide = width >= WIDE;
  const image = isWide ? 132 : 84;
  const label = { x: image + GAP, width: hasPlaces(shown.source) ? 104 : isWide ? 84 : 60 };
  const hasPower = head === "softmax" && !hasPlaces(shown.source);
  const count = head === "linear" ? 2 : hasPower ? 4 : 3;
  const from = label.x + label.width + 8;
  const each = Math.max(NUMBER + 24, (width - 6 - from - (count - 1) * GAP) / count);
  const column = (i: number): Span => ({ x: from + i * (each + GAP), width: each - NUMBER });
  const below = HEAD + shown.rows.length * ROW;
  const pictured = shown.source.spatial.length === 2 ? 3 * (image / 2 + CAPTION) : image + 48;
  const rows = { y: HEAD, below, end: Math.max(below + FOOT, pictured + 12) };
  const name = isWide ? 132 : 96;
  const cell = isWide ? 62 : 56;
  const curves = Math.max(60, (width - name - 5 * cell - GAP) / 2);
  const y = rows.end;
  return {
    width,
    height: y + 46 + shown.panels.length * PANEL + 22,
    isWide,
    image,
    label,
    logit: column(0),
    power: hasPower ? column(1) : null,
    share: head === "linear" ? null : column(count - 2),
    error: column(count - 1),
    rows,
    table: { y, top: y + 46, name },
    curve: { x: name, width: curves },
    slope: { x: name + curves + GAP, width: curves },
    numbers: Array.from({ length: 5 }, (_, i) => width - (4 - i) * cell),
  };
}

/** A number's place along a span that stands for these inputs. */
export function along({ x, width }: Span, xs: readonly number[], value: number): number {
  const [lo, hi] = [xs[0]!, xs.at(-1)!];
  return x + width * Math.max(0, Math.min(1, (value - lo) / (hi - lo)));
}

export function valueAt({ x, width }: Span, xs: readonly number[], at: number): number {
  const [lo, hi] = [xs[0]!, xs.at(-1)!];
  return lo + (hi - lo) * Math.max(0, Math.min(1, (at - x) / width));
}
