import { html, nothing } from "lit";
import "../../canvas/grid_element.ts";
import type { GridHover } from "../../canvas/grid_element.ts";
import { NOT_LOGGED, type Cell, type GridScene } from "../../canvas/grid_scene.ts";
import type { ColourMap } from "../../math/colour_maps.ts";
import { formatCount } from "../../math/format.ts";
import { mapValues, slotOf } from "../../math/map_values.ts";
import type { Actions } from "./actions.ts";
import { describe, markOf, twoLengths } from "./channels_mode.ts";
import { tileRanges, type Scaling } from "./colours.ts";
import type { Focus } from "./focus.ts";
import { deadWord, isDeadMap, layerMaps, statistic, type LayerMaps } from "./layer_maps.ts";
import { FRAME_ROOM, mapPainter, type TileLabel } from "./map_painter.ts";
import { mapScene, tileShape, tileValues } from "./map_scene.ts";
import type { Shown } from "./view_model.ts";
import { SPACING } from "./spacing.ts";
import type { StepSweep } from "./step_sweep.ts";

export interface StepsInputs {
  readonly shown: Shown;
  readonly sweep: StepSweep;
  readonly scene: GridScene | null;
  readonly logged: number;
  readonly focus: Focus | null;
  readonly pointed: boolean;
  readonly actions: Actions;
}

/** The maps of the sweep's steps that can be drawn beside those shown; null where they cannot or are not here. */
function mapsAt(shown: Shown, sweep: StepSweep, step: number): LayerMaps | null {
  const record = sweep.records.get(step);
  const maps = record ? layerMaps(record) : null;
  if (!maps || maps instanceof Error || slotOf(maps.stack, shown.channel) < 0) return null;
  const same = maps.stack.spatial.join() === shown.a.maps.stack.spatial.join();
  return same && shown.image < maps.stack.images ? maps : null;
}

/** One tile a logged step: the chosen channel on the chosen image. Steps still to come are empty, lost ones hatched. */
export function stepsScene(shown: Shown, sweep: StepSweep, scaling: Scaling, map: ColourMap): GridScene | null {
  const shape = tileShape(shown.a.maps.stack, shown.slice);
  const tiles = sweep.steps.map((step) => {
    const maps = mapsAt(shown, sweep, step);
    return maps && mapValues(maps.stack, shown.image, slotOf(maps.stack, shown.channel));
  });
  if (tiles.length === 0) return null;
  const places = Int32Array.from(tiles, (tile, i) =>
    tile ? i : sweep.failed.has(sweep.steps[i] ?? -1) ? NOT_LOGGED : -1,
  );
  const dead = Uint8Array.from(sweep.steps, (step) => {
    const maps = mapsAt(shown, sweep, step);
    return Number(maps !== null && isDeadMap(maps, shown.channel));
  });
  return mapScene(shape, tileValues(shape, tiles), places, map, tileRanges(scaling, tiles), SPACING, dead);
}

export function stepsMode({ shown, sweep, scene, logged, focus, pointed, actions }: StepsInputs): unknown {
  const { steps } = sweep;
  const shape = tileShape(shown.a.maps.stack, shown.slice);
  const labels: TileLabel[] = steps.map((step) => {
    const maps = mapsAt(shown, sweep, step);
    const mean = maps && twoLengths(statistic(maps, "mean", shown.image, shown.channel));
    return { left: String(step), right: mean ?? (sweep.failed.has(step) ? ["lost"] : []) };
  });
  const marks = {
    labels,
    chosen: steps.indexOf(shown.a.maps.record.step),
    mark: focus && markOf(shape, shown.slice, focus.cell),
    pointed: focus ? steps.indexOf(focus.maps.record.step) : -1,
    everywhere: pointed,
  };
  const focusOf = (cell: Cell): Focus | null => {
    const maps = mapsAt(shown, sweep, steps[cell.place] ?? -1);
    const place = [shown.slice, shape.repeat > 1 ? 0 : cell.y, cell.x] as const;
    return maps && { layer: shown.layer, maps, channel: shown.channel, cell: place };
  };
  return html`
    <h2 class="count">
      <b>Channel ${shown.channel} at ${steps.length} logged steps</b>
      <span class="quiet">left step, right mean; click to go there${deadSince(shown, sweep)}</span>
    </h2>
    ${
      steps.length < logged
        ? html`<p class="quiet">${formatCount(steps.length)} of ${formatCount(logged)} logged steps, evenly spread: all would not fit into memory.</p>`
        : nothing
    }
    <div class="grids">
      ${
        scene
          ? html`<cnn-grid
            class="A"
            flow
            .insets=${FRAME_ROOM}
            .scene=${scene}
            .painter=${mapPainter(marks)}
            .describe=${(cell: Cell) => `step ${steps[cell.place]}, ${describe(focusOf(cell), shown.image)}`}
            label="Channel ${shown.channel} of ${shown.layer.name} at ${steps.length} steps"
            @grid-hover=${(event: CustomEvent<GridHover>) => actions.point(event.detail.cell && focusOf(event.detail.cell))}
            @grid-open=${(event: CustomEvent<{ cell: Cell }>) => {
              const step = steps[event.detail.cell.place];
              if (step !== undefined) actions.goto(step);
            }}
            @grid-back=${() => actions.back()}
          ></cnn-grid>`
          : nothing
      }
    </div>
  `;
}

/** ", zero on every probe image since step 34": from the first of the last steps in a row at which it is so. */
function deadSince(shown: Shown, sweep: StepSweep): string {
  if (!sweep.done) return "";
  let since: number | null = null;
  let what = shown.a.maps.signed ? "constant on every probe image" : "zero on every probe image";
  for (const step of [...sweep.steps].reverse()) {
    const maps = mapsAt(shown, sweep, step);
    if (!maps) continue;
    const word = deadWord(maps, shown.channel);
    if (!word) break;
    if (word === "practically dead") what = "practically dead";
    since = step;
  }
  return since === null ? "" : `; ${what} since step ${since}`;
}
