/** The picture: the input and its window left, operations beside each other right. */
import { html, nothing } from "lit";
import "../../../canvas/grid_element.ts";
import type { GridScene } from "../../../canvas/grid_scene.ts";
import type { GridPainter } from "../../../canvas/grid_theme.ts";
import "../../../canvas/still_grid.ts";
import { formatNumber } from "../../../math/format.ts";
import type { Pooling } from "../../../math/pooling.ts";
import { formatPercent } from "../../../math/percent.ts";
import { memoizeLast } from "../../../math/memoize_last.ts";
import type { Column, PooledMap } from "./pooled_map.ts";
import { bandRows, gradientScene, inputScene, sceneOf, windowScene } from "./map_scenes.ts";
import { FRAME_ROOM, gradientPainter, inputPainter, outputPainter, windowPainter } from "./painters.ts";
import type { Scales } from "./scales.ts";
import type { Shown } from "./view_model.ts";
import { sizesFor, type Extent, type Sizes } from "./sizes.ts";
import { arithmetic } from "./window_numbers.ts";
import { nameOf, paddingWords, sizeWords, unreadWords } from "./labels.ts";

const FRAME = FRAME_ROOM.left + FRAME_ROOM.right;
const three = (value: number): string => formatNumber(value, { digits: 3 });

/** The scenes of one pooled map; its window's is made anew at each place. */
export interface Scenes {
  readonly band: number;
  readonly input: GridScene;
  readonly output: ReadonlyMap<Pooling, GridScene>;
  readonly minus: ReadonlyMap<Pooling, GridScene>;
  readonly gradient: ReadonlyMap<Pooling, GridScene>;
}

export function scenesMaker(): (pooled: PooledMap, scales: Scales, axes: number) => Scenes {
  return memoizeLast((pooled: PooledMap, scales: Scales, axes: number): Scenes => {
    const { plane, grid, columns } = pooled;
    const band = bandRows(axes, plane.columns);
    const each = (make: (column: Column) => GridScene): Map<Pooling, GridScene> =>
      new Map(columns.map((column) => [column.pooling, make(column)]));
    const small = (values: Float32Array, scale: Scales["value"]): GridScene =>
      sceneOf(values, grid.rows.output, grid.columns.output, scale, bandRows(axes, grid.columns.output));
    return {
      band,
      input: inputScene(plane, grid, scales.value, band),
      output: each(({ output }) => small(output, scales.value)),
      minus: each(({ minus }) => small(minus, scales.minus)),
      gradient: each(({ gradient }) => gradientScene(gradient, plane, scales.gradient, band)),
    };
  });
}

export interface PictureInputs {
  readonly shown: Shown;
  readonly scenes: Scenes;
  readonly room: Extent;
  /** Whose map it is: "output of conv2". */
  readonly source: string;
  readonly playing: boolean;
  play(): void;
}

export function poolingPicture(inputs: PictureInputs): unknown {
  const { shown, scenes, room } = inputs;
  const { input } = scenes;
  const output = scenes.output.get("max")!;
  const { plane } = shown.pooled;
  const compared = shown.agreement.is === "compared";
  const columns = shown.pooled.columns.length + (compared ? 1 : 0);
  const sizes = sizesFor(
    room,
    {
      input: { width: input.tileWidth, height: input.tileHeight },
      plain: { width: plane.columns, height: plane.rows * scenes.band },
      output: { width: output.tileWidth, height: output.tileHeight },
      window: { width: shown.window.columns, height: shown.window.rows },
    },
    columns,
  );
  return html`
    <section class="left" style="width:${sizes.left}px">${inputPart(inputs, sizes)} ${windowPart(inputs, sizes)}</section>
    <section class="right" style="grid-template-columns: 58px repeat(${columns}, minmax(0, ${sizes.column}px))">
      ${columnsPart(inputs, sizes)}
    </section>
  `;
}

function inputPart({ shown, scenes, source }: PictureInputs, { input }: Sizes): unknown {
  const { pooled, place, scales, channel, volume } = shown;
  const { plane, grid } = pooled;
  const padding = paddingWords(grid, volume.axes);
  const size = volume.axes === 1 ? String(plane.columns) : `${plane.rows}×${plane.columns}`;
  return html`
    <h2><b>Input</b> <span class="quiet">${size}, ${source}, channel ${channel}, one of ${volume.channels}</span></h2>
    <cnn-grid
      class="map"
      data-part="input"
      style="width:${scenes.input.tileWidth * input + FRAME}px;height:${scenes.input.tileHeight * input + FRAME}px"
      .scene=${scenes.input}
      .insets=${FRAME_ROOM}
      .painter=${inputPainter({ plane, grid, place, scale: scales.value, band: scenes.band })}
      label="Input of pooling, ${size}. Arrow keys move the window, Space lets it slide."
    ></cnn-grid>
    <p class="note formula">${sizeWords(grid, volume.axes)}. ${unreadWords(grid, volume.axes)} ${padding ? `Dashed: ${padding}` : nothing}</p>
  `;
}

function windowPart({ shown, playing, play }: PictureInputs, { window: cell }: Sizes): unknown {
  const { pooled, place, window, scales, volume } = shown;
  const { grid, columns } = pooled;
  const at = place.row * grid.columns.output + place.column;
  return html`
    <h2 class="second">
      <b>Window</b>
      <span class="quiet where">${volume.axes === 1 ? "" : `row ${place.row}, `}column ${place.column} of the output</span>
      <button class="link" @click=${play}>${playing ? "stop" : "play"}</button>
    </h2>
    <div class="window">
      <cnn-still-grid
        class="map"
        data-part="window"
        .scene=${windowScene(window, scales.value)}
        .insets=${FRAME_ROOM}
        .cell=${cell}
        .painter=${windowPainter(window, scales.value)}
        label="The window's ${window.count} numbers"
      ></cnn-still-grid>
      <dl>
        ${columns.map(
          ({ pooling, output }) => html`<div data-pooling=${pooling}>
            <dt>${nameOf(pooling, grid)}${pooling === "l2" ? " √(Σx² / n)" : ""}<span class="quiet">${arithmetic(pooling, window)}</span></dt>
            <dd>${three(output[at]!)}</dd>
          </div>`,
        )}
      </dl>
    </div>
  `;
}

function columnsPart({ shown, scenes }: PictureInputs, sizes: Sizes): unknown {
  const { pooled, place, agreement, volume } = shown;
  const { columns, grid } = pooled;
  const outputBand = bandRows(volume.axes, grid.columns.output);
  const tile = `width:${grid.columns.output * sizes.output}px;height:${grid.rows.output * outputBand * sizes.output}px`;
  const mark = outputPainter(place, outputBand);
  const still = (part: string, scene: GridScene, cell: number, painter: GridPainter, label: string) =>
    html`<cnn-still-grid class="map" data-part=${part} .scene=${scene} .insets=${FRAME_ROOM} .cell=${cell} .painter=${painter} .label=${label}></cnn-still-grid>`;
  const size = volume.axes === 1 ? String(grid.columns.output) : `${grid.rows.output}×${grid.columns.output}`;
  const compared = agreement.is === "compared" ? agreement : null;
  const back = gradientPainter(grid, place, scenes.band);
  const row = (name: string, words: string, cell: (column: Column) => unknown, last: unknown): unknown => html`
    <h3>${name}<span class="quiet">${words}</span></h3>
    ${columns.map(cell)} ${compared ? html`<div class="last">${last}</div>` : nothing}
  `;
  return html`
    <span></span>
    ${columns.map(({ pooling }) => html`<h2><b>${nameOf(pooling, grid)}</b></h2>`)}
    ${compared ? html`<h2><b>logged</b></h2>` : nothing}
    ${row(
      "output",
      size,
      ({ pooling }) => still(pooling, scenes.output.get(pooling)!, sizes.output, mark, `${pooling}, output`),
      compared &&
        still("logged", loggedScene(compared.logged, shown, outputBand), sizes.output, mark, "what the layer gave"),
    )}
    ${row(
      "minus",
      "average",
      ({ pooling }) =>
        pooling === "average"
          ? html`<p class="reference" style=${tile}>the reference</p>`
          : still(`${pooling}.minus`, scenes.minus.get(pooling)!, sizes.output, mark, `${pooling} minus average`),
      compared &&
        html`<p class="reference">largest deviation from ${compared.with}: <b>${formatNumber(compared.deviation, { digits: 2 })}</b></p>`,
    )}
    ${row(
      "gradient",
      "back to the input",
      ({ pooling }) =>
        still(`${pooling}.gradient`, scenes.gradient.get(pooling)!, sizes.gradient, back, `gradient of ${pooling}`),
      nothing,
    )}
    ${tableRows(columns, compared !== null)}
    <p class="explained note">
      whole map: one window over all of it, which is global pooling. inputs fed: share of the input's cells that receive any gradient. shift, 1 px: root mean square of the output's change
      when the input moves one cell to the right (its first column repeated), over the output's own.
    </p>
  `;
}

const loggedScenes = new WeakMap<Float32Array, { key: string; scene: GridScene }>();

function loggedScene(logged: Float32Array, { pooled, scales }: Shown, band: number): GridScene {
  const key = JSON.stringify([scales.value.range, scales.value.map.name, band]);
  let found = loggedScenes.get(logged);
  if (found?.key !== key) {
    const scene = sceneOf(logged, pooled.grid.rows.output, pooled.grid.columns.output, scales.value, band);
    loggedScenes.set(logged, (found = { key, scene }));
  }
  return found.scene;
}

function tableRows(columns: readonly Column[], compared: boolean): unknown {
  const row = (name: string, of: (column: Column) => string): unknown => html`
    <h3 class="number">${name}</h3>
    ${columns.map((column) => html`<span class="number" data-of="${name} ${column.pooling}">${of(column)}</span>`)}
    ${compared ? html`<span class="number"></span>` : nothing}
  `;
  const all = ({ whole }: Column): string => (whole === null ? "" : three(whole));
  return html`${row("mean", ({ mean }) => three(mean))} ${row("whole map", all)} ${row("inputs fed", ({ fed }) => formatPercent(fed))}
  ${row("shift, 1 px", ({ shift }) => formatPercent(shift))}`;
}
