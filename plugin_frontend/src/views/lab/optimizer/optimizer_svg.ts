/** The picture: paths of the weight over the page's time axis; below them the gradient and what the chosen optimizer keeps. */
import { svg, type SVGTemplateResult } from "lit";
import { formatNumber, formatSigned } from "../../../math/format.ts";
import { labelPlaces } from "../../../math/label_places.ts";
import type { OptimizerId } from "../../../math/optimizer_ids.ts";
import { formatPlain } from "../../../math/plain_number.ts";
import type { ValueAxis } from "../../../math/value_axis.ts";
import type { TimeAxis } from "../../../state/time_axis.ts";
import { spanOf, stepPanels, valuesOf, type Layout, type Panel } from "./optimizer_layout.ts";
import { exactUntil, nearestPlace, type OptimizerShown, type Path } from "./optimizer_view_model.ts";

/** One colour an optimizer, in every picture; none is orange. */
export const COLOURS: Readonly<Record<OptimizerId, string>> = {
  sgd: "var(--run-3)",
  momentum: "var(--run-1)",
  nesterov: "var(--run-4)",
  adagrad: "var(--run-7)",
  adadelta: "var(--run-5)",
  rmsprop: "var(--run-2)",
  adam: "var(--run-6)",
  adamw: "var(--second)",
  lion: "var(--ink-2)",
};

const LABEL_GAP = 13;
/** Below so many pixels the labels stand inside. */
const LABEL_ROOM = 70;
/** Points that are this near are not marked one by one. */
const DOT_GAP = 5;

export interface Scene {
  readonly shown: OptimizerShown;
  readonly layout: Layout;
  readonly axis: TimeAxis;
  readonly values: ValueAxis;
  readonly here: number;
}

export function sceneOf(
  shown: OptimizerShown,
  layout: Layout,
  axis: TimeAxis,
  here: number,
  fits: "all" | "exact",
): Scene {
  return { shown, layout, axis, values: valuesOf(shown, fits), here };
}

export const xOf = ({ axis, layout }: Scene, step: number): number =>
  axis.toShare(Math.min(step, axis.last)) * layout.width;
export const yOf = (axis: ValueAxis, { height }: Panel, value: number): number => (1 - axis.toShare(value)) * height;

export function optimizerSvg(scene: Scene): SVGTemplateResult {
  const { shown, layout, values, here } = scene;
  const { left, width, height, paths, below } = layout;
  const until = xOf(scene, exactUntil(shown));
  const bottom = below.at(-1)!.top + below.at(-1)!.height;
  const x = xOf(scene, here);
  return svg`
    <defs><pattern id="estimated" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="estimated-line" width="1" height="8"></rect></pattern>
      <clipPath id="plot"><rect x="0" y="-4" width=${width} height=${paths.height + 8}></rect></clipPath></defs>
    <g transform="translate(${left} 0)">
      ${[paths, ...below].map((panel) => svg`<rect class="estimated" x=${until} y=${panel.top} width=${Math.max(0, width - until)} height=${panel.height}></rect>`)}
      ${frameSvg(values, paths, width, Math.max(2, paths.height / 40))}
      ${until < width - 90 ? svg`<text class="tick label" x=${until} y=${paths.top - 5}>estimated from here on</text>` : null}
      <g transform="translate(0 ${paths.top})">${pathsSvg(scene)}</g>
      ${gradientSvg(scene, below[0]!)}
      ${stepPanels(shown.chosen).map((state, i) => stateSvg(scene, below[i + 1]!, state.key, `${state.symbol}: ${state.what} of ${shown.chosen.optimizer.name}`))}
      ${scene.axis.ticks(48 / width).map(
        (tick) => svg`<path class="grid" d=${`M${xOf(scene, tick)} ${bottom}v4`}></path>
          <text class="tick" x=${xOf(scene, tick)} y=${bottom + 16} text-anchor="middle">${formatPlain(tick, 6)}</text>`,
      )}
      <text class="tick" x=${width} y=${height - 2} text-anchor="end">step</text>
      <path class="here" d=${`M${x} ${paths.top - 6}V${bottom + 4}`}></path>
      <g transform="translate(0 ${paths.top})">${labelsSvg(scene)}</g>
    </g>`;
}

function frameSvg(axis: ValueAxis, { top, height }: Panel, width: number, count: number): SVGTemplateResult {
  const ticks = axis.ticks(count).filter((tick) => axis.toShare(tick) >= 0 && axis.toShare(tick) <= 1);
  return svg`${ticks.map((tick) => {
    const y = top + yOf(axis, { top, height }, tick);
    return svg`<path class="grid" d=${`M0 ${y}H${width}`}></path>
      <text class="tick" x="-8" y=${y + 4} text-anchor="end">${formatPlain(tick)}</text>`;
  })}`;
}

function pathsSvg(scene: Scene): SVGTemplateResult {
  const { shown, layout, values } = scene;
  const { recorded, logged, paths, chosen, exact } = shown;
  const order = [...paths.filter((path) => path !== chosen), chosen];
  const line = (all: ArrayLike<number>, from: number, to: number): string =>
    pointsPath(
      all,
      from,
      to,
      (i) => xOf(scene, stepBehind(recorded.steps, i)),
      (value) => yOf(values, layout.paths, value),
    );
  const last = recorded.steps.length;
  const solid = exact === last ? last : Math.max(0, exact - 1);
  const dots = spacedDots(scene);
  return svg`<g clip-path="url(#plot)">
    <path class="run" data-path="run" d=${line(logged, 0, last)}></path>
    ${dots.map((i) => svg`<circle class="dot" cx=${xOf(scene, recorded.steps[i]!)} cy=${yOf(values, layout.paths, logged[i]!)} r="2.5"></circle>`)}
    ${order.map((path) => {
      const kind = path === chosen ? "path chosen" : "path";
      const stroke = `stroke:${COLOURS[path.optimizer.id]}`;
      return svg`<path class=${kind} data-path=${path.optimizer.id} style=${stroke} d=${line(path.course.values, 0, solid)}></path>
        <path class="${kind} guess" data-guess=${path.optimizer.id} style=${stroke} d=${line(path.course.values, solid, last)}></path>`;
    })}</g>`;
}

/** The step that a value stands at: before the update of a recorded step, or behind the last one. */
const stepBehind = (steps: ArrayLike<number>, i: number): number => steps[i] ?? (steps[i - 1] ?? 0) + 1;

/** Recorded steps where the run's path is only a straight line between them. */
function spacedDots(scene: Scene): number[] {
  const { recorded, exact } = scene.shown;
  const places = Array.from({ length: recorded.steps.length - exact }, (_, i) => exact + i);
  let before = -Infinity;
  return places.filter((i) => {
    const x = xOf(scene, recorded.steps[i]!);
    if (x - before < DOT_GAP) return false;
    before = x;
    return true;
  });
}

/** Where a value is no number the line is broken; what lies far outside stays where a drawing program can follow. */
function pointsPath(
  values: ArrayLike<number>,
  from: number,
  to: number,
  x: (i: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let isOpen = false;
  for (let i = from; i <= to; i++) {
    const high = y(values[i]!);
    const isDrawn = Number.isFinite(high);
    if (isDrawn) path += `${isOpen ? "L" : "M"}${x(i).toFixed(1)} ${Math.max(-1e5, Math.min(1e5, high)).toFixed(1)}`;
    isOpen = isDrawn;
  }
  return path;
}

/** The last value that is a number, and how many recorded updates lie before it. */
function endOf(values: ArrayLike<number>): { at: number; value: number } {
  let at = values.length - 1;
  while (at > 0 && !Number.isFinite(values[at]!)) at--;
  return { at, value: values[at]! };
}

function labelsSvg(scene: Scene): SVGTemplateResult {
  const { shown, layout, values } = scene;
  const { width, right, paths } = layout;
  const wished = [
    { id: "run", text: "the run", colour: "var(--ink)", all: shown.logged, isStrong: true },
    ...shown.paths.map((path) => ({
      id: path.optimizer.id,
      text: path.optimizer.name,
      colour: COLOURS[path.optimizer.id],
      all: path.course.values,
      isStrong: path === shown.chosen,
    })),
  ].map((each) => {
    const end = endOf(each.all);
    const y = yOf(values, paths, end.value);
    const broken = Number.isFinite(each.all[each.all.length - 1]!) ? "" : " → NaN";
    const away = y < -1 ? " ↑" : y > paths.height + 1 ? " ↓" : broken;
    const x = Math.min(width, xOf(scene, stepBehind(shown.recorded.steps, end.at)));
    return { ...each, text: each.text + away, x, y: Math.min(paths.height, Math.max(0, Number.isFinite(y) ? y : 0)) };
  });
  wished.sort((a, b) => a.y - b.y);
  const places = labelPlaces(
    wished.map(({ y }) => y),
    LABEL_GAP,
    0,
    paths.height,
  );
  const isInside = right < LABEL_ROOM;
  return svg`${wished.map(
    ({ id, text, colour, x, y, isStrong }, i) => svg`<g class="end" data-end=${id}>
      ${isInside ? null : svg`<path class="leader" style=${`stroke:${colour}`} d=${`M${x} ${y}L${width} ${y}L${width + 10} ${places[i]!}`}></path>`}
      <text class=${isStrong ? "label strong" : "label"} style=${`fill:${colour}`} x=${isInside ? width - 4 : width + 13} y=${places[i]! + 4}
        text-anchor=${isInside ? "end" : "start"}>${text}</text></g>`,
  )}`;
}

// Below ----------------------------------------------------------------------------------------------------------------

/** Stems from zero at the recorded steps. */
function gradientSvg(scene: Scene, panel: Panel): SVGTemplateResult {
  const { shown, layout, here } = scene;
  const { steps } = shown.recorded;
  const axis = spanOf([shown.received], true);
  const y = (value: number): number => panel.top + yOf(axis, panel, value);
  let path = "";
  const odd: SVGTemplateResult[] = [];
  for (let i = 0; i < steps.length; i++) {
    const [x, value] = [xOf(scene, steps[i]!).toFixed(1), shown.received[i]!];
    if (Number.isFinite(value)) path += `M${x} ${y(0).toFixed(1)}V${y(value).toFixed(1)}`;
    else odd.push(svg`<path class=${Number.isNaN(value) ? "nan" : "inf"} d=${`M${x} ${panel.top}l4 -7h-8Z`}></path>`);
  }
  const now = shown.received[nearestPlace(steps, here)]!;
  return svg`<g data-panel="gradient">${titleSvg(panel, "g: gradient as received, training batch, before clipping")}
    ${rulesSvg(axis, panel, layout.width)}<path class="stems" d=${path}></path>${odd}${nowSvg(scene, panel, formatSigned(now, 3))}</g>`;
}

function stateSvg(scene: Scene, panel: Panel, key: string, title: string): SVGTemplateResult {
  const { shown, layout, here } = scene;
  const { course, optimizer } = shown.chosen;
  const { steps } = shown.recorded;
  const values = course.after.map((state) => state[key] ?? NaN);
  const axis = spanOf([values], true);
  const line = (from: number, to: number): string =>
    pointsPath(
      values,
      from,
      to,
      (i) => xOf(scene, steps[i]!),
      (value) => panel.top + yOf(axis, panel, value),
    );
  const last = values.length - 1;
  const stroke = `stroke:${COLOURS[optimizer.id]}`;
  const now = values[nearestPlace(steps, here)] ?? NaN;
  return svg`<g data-panel=${key}>${titleSvg(panel, title)}${rulesSvg(axis, panel, layout.width)}
    <path class="path chosen" style=${stroke} d=${line(0, Math.min(last, shown.exact - 1))}></path>
    <path class="path chosen guess" style=${stroke} d=${line(Math.max(0, shown.exact - 1), last)}></path>
    ${nowSvg(scene, panel, formatNumber(now, { digits: 3 }))}</g>`;
}

const titleSvg = ({ top }: Panel, text: string): SVGTemplateResult =>
  svg`<text class="title" x="0" y=${top - 5}>${text}</text>`;

/** Zero, and the ends in numbers. */
function rulesSvg(axis: ValueAxis, panel: Panel, width: number): SVGTemplateResult {
  const ends = axis.ticks(3).filter((tick) => axis.toShare(tick) >= 0 && axis.toShare(tick) <= 1);
  return svg`${ends.map(
    (
      tick,
    ) => svg`<path class=${tick === 0 ? "axis" : "grid"} d=${`M0 ${panel.top + yOf(axis, panel, tick)}H${width}`}></path>
      <text class="tick" x="-8" y=${panel.top + yOf(axis, panel, tick) + 4} text-anchor="end">${formatPlain(tick, 2)}</text>`,
  )}`;
}

function nowSvg({ layout }: Scene, panel: Panel, text: string): SVGTemplateResult | null {
  return layout.right < LABEL_ROOM
    ? null
    : svg`<text class="now" x=${layout.width + 13} y=${panel.top + panel.height / 2 + 4}>${text}</text>`;
}

/** The path whose line passes nearest to a point of the upper panel; null where none is near. */
export function pathNear(scene: Scene, x: number, y: number): Path | null {
  const { shown, layout, values } = scene;
  const { steps } = shown.recorded;
  let [best, least]: [Path | null, number] = [null, 12];
  for (const path of shown.paths) {
    for (let i = 0; i < steps.length; i++) {
      const [from, to] = [xOf(scene, steps[i]!), xOf(scene, stepBehind(steps, i + 1))];
      if (x < from - 1 || x > to + 1) continue;
      const along = to > from ? (x - from) / (to - from) : 0;
      const value = path.course.values[i]! + along * (path.course.values[i + 1]! - path.course.values[i]!);
      const off = Math.abs(yOf(values, layout.paths, value) - y);
      if (off < least) [best, least] = [path, off];
    }
  }
  return best;
}
