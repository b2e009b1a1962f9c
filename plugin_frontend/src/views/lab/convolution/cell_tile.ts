/** A few cells with their colours: numbered where there is room, and where they are weights, to be written over. */
import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { colourPixel, paletteOf, pixelCss, inkOn } from "../../../math/colour.ts";
import { formatTiny } from "../../../math/format.ts";
import "../../../parts/picture.ts";
import { mapPicture, type Colouring } from "./map_picture.ts";

export interface TileCells {
  readonly rows: number;
  readonly columns: number;
  readonly cell: number;
  readonly numbered: boolean;
  readonly at: { readonly row: number; readonly column: number } | null;
  hover(row: number, column: number): void;
}

export interface WeightCells {
  /** Whether the Tab key stops at the first of them. */
  readonly isStop: boolean;
  label(row: number, column: number): string;
  edited(row: number, column: number): boolean;
  /** Take what was written; false where it is no weight. */
  change(row: number, column: number, field: HTMLInputElement): boolean;
}

export const cellTileStyles = css`
  .tile {
    position: relative;
    display: grid;
    /* Padding is hatched: the picture is clear there. */
    background: repeating-linear-gradient(135deg, var(--hatch) 0 1px, var(--page) 1px 4px);
  }
  .tile cnn-picture {
    grid-area: 1 / 1 / -1 / -1;
    width: 100%;
    height: 100%;
  }
  .tile span,
  .tile input {
    display: grid;
    place-items: center;
    width: auto;
    min-width: 0;
    height: auto;
    padding: 0;
    border: 0;
    border-radius: 0;
    text-align: center;
    font-size: var(--t-xs);
    letter-spacing: -0.03em;
    overflow: hidden;
  }
  .tile span.padding {
    color: var(--ink);
  }
  .tile input.edited {
    font-weight: var(--w-b);
    text-decoration: underline;
    text-underline-offset: 2px;
    box-shadow: inset 0 0 0 1px currentcolor;
  }
  .tile input:focus {
    background: var(--raise) !important;
    color: var(--ink) !important;
    outline: 2px solid var(--focus);
    outline-offset: 0;
    z-index: 2;
  }
  .tile .at {
    position: absolute;
    box-shadow: inset 0 0 0 1.5px var(--here), inset 0 0 0 2.5px #fff, 0 0 0 1px #fff;
    pointer-events: none;
    z-index: 1;
  }
`;

/** `inside`: which cells lie on the input; null: all. */
export function cellTile(
  name: string,
  values: ArrayLike<number>,
  colouring: Colouring,
  tile: TileCells,
  inside: Uint8Array | null,
): TemplateResult {
  return html`<div class="tile ${name}" style=${styleMap(extent(tile))} @pointermove=${pointing(tile)}>
    ${
      tile.numbered
        ? Array.from(values, (value, i) =>
            inside?.[i] === 0
              ? html`<span class="padding">0</span>`
              : html`<span style=${styleMap(ink(value, colouring))}>${formatTiny(value)}</span>`,
          )
        : html`<cnn-picture .picture=${mapPicture(values, tile.columns, colouring, name, { inside })}></cnn-picture>`
    }
    ${here(tile)}
  </div>`;
}

/** Weights that can be written over. */
export function weightTile(
  values: ArrayLike<number>,
  colouring: Colouring,
  tile: TileCells,
  weights: WeightCells,
): TemplateResult {
  return html`<div class="tile kernel" style=${styleMap(extent(tile))} @pointermove=${pointing(tile)} @keydown=${walk}>
    ${Array.from(values, (value, i) => {
      const [row, column] = [Math.floor(i / tile.columns), i % tile.columns];
      const shown = formatTiny(value);
      return html`<input
        class=${weights.edited(row, column) ? "edited" : ""}
        style=${styleMap(ink(value, colouring))}
        tabindex=${i === 0 && weights.isStop ? 0 : -1}
        inputmode="decimal"
        maxlength="24"
        autocomplete="off"
        aria-label=${weights.label(row, column)}
        .value=${shown}
        @focus=${(event: FocusEvent) => {
          const field = event.currentTarget as HTMLInputElement;
          field.value = field.defaultValue = String(value);
          field.select();
          tile.hover(row, column);
        }}
        @change=${(event: Event) => {
          const field = event.currentTarget as HTMLInputElement;
          if (!weights.change(row, column, field)) field.value = String(value);
        }}
        @blur=${(event: FocusEvent) => ((event.currentTarget as HTMLInputElement).value = shown)}
      />`;
    })}
    ${here(tile)}
  </div>`;
}

function extent({ rows, columns, cell }: TileCells): Record<string, string> {
  return {
    width: `${columns * cell}px`,
    height: `${rows * cell}px`,
    gridTemplate: `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`,
  };
}

function ink(value: number, { map, range }: Colouring): Record<string, string> {
  const pixel = colourPixel(value, range.lo, range.hi, paletteOf(map));
  return { background: pixelCss(pixel), color: inkOn(pixel) };
}

function here({ at, cell }: TileCells): unknown {
  if (!at) return nothing;
  const style = { left: `${at.column * cell}px`, top: `${at.row * cell}px`, width: `${cell}px`, height: `${cell}px` };
  return html`<i class="at" style=${styleMap(style)}></i>`;
}

function pointing({ rows, columns, hover }: TileCells): (event: PointerEvent) => void {
  return (event) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    hover(Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column)));
  };
}

/** Arrow keys go from weight to weight while all of one is selected, as it is when it gets the focus. Enter takes it. */
function walk(event: KeyboardEvent): void {
  const tile = event.currentTarget as HTMLElement;
  const fields = Array.from(tile.querySelectorAll("input"));
  const field = event.target as HTMLInputElement;
  const at = fields.indexOf(field);
  const columns = Math.max(1, getComputedStyle(tile).gridTemplateColumns.split(" ").length);
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  if (event.key === "Escape") field.value = field.defaultValue;
  if (event.key === "Enter" || event.key === "Escape") field.blur();
  else if (by !== undefined && field.selectionStart === 0 && field.selectionEnd === field.value.length) {
    fields[at + by]?.focus();
    event.preventDefault();
  }
  event.stopPropagation();
}
