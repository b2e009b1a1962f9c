/** What table and graph draw from. */

import type { Edge } from "../../math/edges.ts";
import { cleanText, fitNumber, fitText, textWidth } from "../../parts/fit_text.ts";
import type { Columns } from "./columns.ts";
import type { Curves, RowNumbers } from "./row_numbers.ts";
import type { MapRow } from "./rows.ts";

export interface Drawing {
  readonly rows: readonly MapRow[];
  readonly edges: readonly Edge[];
  /** Spatial axes of the image. */
  readonly input: readonly (number | null)[];
  /** The longest spatial axis of any layer. */
  readonly largest: number;
  readonly mostParameters: number;
  readonly mostAdds: number;
  readonly numbers: ReadonlyMap<string, RowNumbers>;
  readonly curves: Curves | null;
  /** Where the shown step stands on the time axis; null where there is none. */
  readonly share: number | null;
  readonly colour: string;
  readonly columns: Columns;
  /** Row of the chosen layer, of the keyboard's cursor, and under the pointer; -1: none. */
  readonly here: number;
  readonly cursor: number;
  readonly hovered: number;
  /** Family of the page's font. */
  readonly font: string;
}

/** Names of a log have no bound, a box has. */
const LONGEST_MEASURED = 60;

export type TextStyle = "name" | "plain" | "small";

const SIZES: Readonly<Record<TextStyle, string>> = { name: "600 12px", plain: "400 12px", small: "400 11px" };

export function widthOf(text: string, style: TextStyle, font: string): number {
  return textWidth(cleanText(text.slice(0, LONGEST_MEASURED)), `${SIZES[style]} ${font}`);
}

/** As much of a text as fits. */
export function fitted(text: string, room: number, style: TextStyle, font: string): string {
  return fitText(text, room, (part) => textWidth(part, `${SIZES[style]} ${font}`));
}

export function fittedNumber(value: number, digits: number, room: number, style: TextStyle, font: string): string {
  return fitNumber(value, digits, room, (text) => textWidth(text, `${SIZES[style]} ${font}`));
}

export function sumOf(row: MapRow, of: (layer: MapRow["face"]) => number | null): number {
  return row.layers.reduce((sum, layer) => sum + (of(layer) ?? 0), 0);
}
