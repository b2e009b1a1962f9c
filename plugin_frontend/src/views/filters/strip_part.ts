/** Below the matrix: one filter's inputs in a row, strongest first. */
import { html, type TemplateResult } from "lit";
import type { GridHover } from "../../canvas/grid_element.ts";
import type { Cell, GridScene } from "../../canvas/grid_scene.ts";
import type { GridPainter } from "../../canvas/grid_theme.ts";
import type { InputWords } from "./cursor_rows.ts";
import { tileOf } from "./kernels.ts";
import { paintTiles, TILE_INSETS } from "./painters.ts";
import { strongestInputs } from "./panel_painter.ts";
import type { Panel, Picture } from "./picture.ts";
import type { WeightPlace } from "./scenes.ts";

const MOST = 24;

export interface StripActions {
  /** The weight under the pointer; null when it left. */
  readonly hover: (weight: WeightPlace | null) => void;
  readonly open: () => void;
}

export function stripPart(
  picture: Picture,
  filter: number,
  input: number | null,
  words: InputWords,
  actions: StripActions,
): TemplateResult {
  const [panel] = picture.panels as [Panel, ...Panel[]];
  const { kernels } = panel;
  const { inputs, norms } = strongestInputs(kernels, filter);
  const items = inputs.subarray(0, MOST);
  const tiles = Int32Array.from({ length: items.length * kernels.slices }, (_, place) =>
    tileOf(kernels, filter, items[Math.floor(place / kernels.slices)]!, place % kernels.slices),
  );
  const scene: GridScene = {
    ...panel.scene,
    tiles,
    columns: tiles.length,
    rows: 1,
    spacing: { gap: 1.5, largestGap: 8, footer: 18 },
  };
  const labels = {
    slices: kernels.slices,
    items,
    here: input,
    hovered: input,
    name: (item: number) => words.name(item),
    dead: () => kernels.dead[filter] === 1,
    norm: (item: number) => norms[item]!,
    largestNorm: norms[inputs[0]!] ?? 0,
  };
  const painter: GridPainter = (context, layout, theme) => paintTiles(context, layout, theme, labels);
  const weightOf = (cell: Cell | null): WeightPlace | null => {
    const item = cell ? items[Math.floor(cell.place / kernels.slices)] : undefined;
    return !cell || item === undefined
      ? null
      : { filter, input: item, slice: cell.place % kernels.slices, row: cell.y, column: cell.x };
  };
  const heading =
    items.length < kernels.inputs
      ? `Filter ${filter}: its ${items.length} strongest of ${kernels.inputs} inputs`
      : `Filter ${filter}: its ${kernels.inputs} inputs, strongest first`;
  return html`<div class="strip">
    <div class="row-head"><b>${heading}</b><span class="quiet">click a filter for its biography</span></div>
    <cnn-grid .scene=${scene} .insets=${TILE_INSETS} .painter=${painter} label=${heading}
      @grid-hover=${(event: CustomEvent<GridHover>) => actions.hover(weightOf(event.detail.cell))}
      @grid-open=${actions.open}></cnn-grid>
  </div>`;
}
