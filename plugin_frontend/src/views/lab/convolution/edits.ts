/**
 * Weights changed by hand, as a text for the URL: "filter@layer|channel.row.column=value;…". They hold for that filter
 * alone. Rows and columns are those of the layer's own kernel, so below zero in a ring that was added around it.
 */

export interface Edit {
  readonly channel: number;
  readonly row: number;
  readonly column: number;
  readonly value: number;
}

export const LARGEST_WEIGHT = 1_000_000;
const MOST_EDITS = 1024;
const ONE = /^(\d{1,5})\.(-?\d{1,3})\.(-?\d{1,3})=(-?\d[\d.e+-]{0,30})$/;

/** What the text says of this filter; entries that cannot be read are left out. */
export function parseEdits(text: string, layer: string, filter: number): Edit[] {
  const head = headOf(layer, filter);
  if (!text.startsWith(head)) return [];
  return text
    .slice(head.length)
    .split(";", MOST_EDITS)
    .flatMap((entry) => {
      const [, channel, row, column, raw] = ONE.exec(entry) ?? [];
      const value = raw === undefined ? null : parseWeight(raw);
      return value === null ? [] : [{ channel: Number(channel), row: Number(row), column: Number(column), value }];
    });
}

function headOf(layer: string, filter: number): string {
  return `${filter}@${layer}|`;
}

/** The text with one weight changed; edits of another filter are given up. */
export function withEdit(text: string, layer: string, filter: number, edit: Edit): string {
  const others = parseEdits(text, layer, filter).filter(
    ({ channel, row, column }) => channel !== edit.channel || row !== edit.row || column !== edit.column,
  );
  const entries = [...others, edit].map(({ channel, row, column, value }) => `${channel}.${row}.${column}=${value}`);
  return headOf(layer, filter) + entries.join(";");
}

/** A weight as a person writes it, also with a true minus sign; null where it is none. */
export function parseWeight(text: string): number | null {
  const plain = text.trim().replace("−", "-");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(plain)) return null;
  const value = Math.fround(Number(plain));
  return Math.abs(value) <= LARGEST_WEIGHT ? value : null;
}
