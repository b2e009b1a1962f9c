import type { Field } from "../../state/fields.ts";

/** The part of the chart that is zoomed into: along the axis, and of the values where these are chosen too. */
export interface Zoom {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number] | null;
}

const REAL = /^-?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?$/i;

/** A real number; null: the one that suits the runs. */
export const target: Field<number | null> = {
  fallback: null,
  parse: real,
  format: (value) => (value === null ? "" : String(value)),
};

/** "lo,hi" or "lo,hi,low,high"; null: all. */
export const zoom: Field<Zoom | null> = {
  fallback: null,
  parse: (text) => {
    const numbers = text.length > 200 ? [] : text.split(",").map(real);
    if ((numbers.length !== 2 && numbers.length !== 4) || !numbers.every((each) => each !== undefined))
      return undefined;
    const [lo, hi, low, high] = numbers as [number, number, number?, number?];
    if (lo >= hi || (low !== undefined && high !== undefined && low >= high)) return undefined;
    return { x: [lo, hi], y: low === undefined || high === undefined ? null : [low, high] };
  },
  format: (value) =>
    value === null ? "" : [...value.x, ...(value.y ?? [])].map((each) => Number(each.toPrecision(6))).join(","),
};

function real(text: string): number | undefined {
  const value = REAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
