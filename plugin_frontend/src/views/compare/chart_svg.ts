import { html, nothing, svg, type SVGTemplateResult } from "lit";
import { shortRun } from "../../parts/run_names.ts";
import { labelPlaces } from "../../math/label_places.ts";
import { formatPlain } from "../../math/plain_number.ts";
import { endOf, oddPoints, PALE, type Chart, type ChartLine } from "./chart.ts";
import type { Point } from "./lines.ts";
import type { Below } from "./saved_multiples.ts";

/** Where the chart stands, in pixels: gutters, and the plot between them. */
export interface Place {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Below the plot, for the axis. */
export const FOOT = 32;
const LABEL_GAP = 13;
const LABEL_CHARACTERS = 14;
const MOST_MARKS = 400;

type Parts = SVGTemplateResult | typeof nothing;

/** Pixels inside the plot. */
export function pixelsOf({ across, values }: Pick<Chart, "across" | "values">, { width, height }: Place) {
  return {
    x: (x: number): number => across.toShare(x) * width,
    y: (y: number): number => (1 - values.toShare(y)) * height,
  };
}

/** What lies under the lines: the grid with its numbers, and the gap between training and validation. */
export function groundSvg(chart: Chart, place: Place): SVGTemplateResult {
  const { width, height } = place;
  const { x, y } = pixelsOf(chart, place);
  return svg`<g transform="translate(${place.left} ${place.top})">
    ${chart.values.ticks(Math.max(2, height / 36)).map(
      (tick) => svg`<line class="grid" x1="0" x2=${width} y1=${y(tick)} y2=${y(tick)}/>
        <text class="tick" x="-8" y=${y(tick) + 4} text-anchor="end">${formatPlain(tick)}</text>`,
    )}
    ${chart.across.ticks(44 / width).map(
      (tick) => svg`<line class="grid" x1=${x(tick)} x2=${x(tick)} y1=${height} y2=${height + 4}/>
        <text class="tick" x=${x(tick)} y=${height + 16} text-anchor="middle">${formatPlain(tick, 6)}</text>`,
    )}
    <text class="tick unit" x=${width} y=${height + 29} text-anchor="end">${chart.unit}</text>
    ${gapSvg(chart, place)}
  </g>`;
}

/** Between the two lines where both are, cut at the window's edges as the lines are. */
function gapSvg({ gap, ...chart }: Chart, place: Place): Parts {
  if (!gap) return nothing;
  const { x, y } = pixelsOf(chart, place);
  const { above, below } = gap;
  const from = Math.max(above.x[0] ?? 0, below.x[0] ?? 0);
  const to = Math.min(above.x.at(-1) ?? 0, below.x.at(-1) ?? 0);
  const points = (line: ChartLine): string[] => {
    const kept: string[] = [];
    for (let i = 0; i < line.x.length; i++) {
      const [left, high] = [x(line.x[i]!), y(line.shown[i]!)];
      if (line.x[i]! >= from && line.x[i]! <= to && Number.isFinite(high)) kept.push(`${held(left)} ${held(high)}`);
    }
    return kept;
  };
  const [up, down] = [points(above), points(below)];
  if (up.length < 2 || down.length < 2) return nothing;
  const outline = `M${up.join("L")}L${down.reverse().join("L")}Z`;
  return svg`<svg width=${place.width} height=${place.height} overflow="hidden">
    <path class="gap" style=${`fill:${above.style.colour}`} d=${outline}/></svg>`;
}

/** Room for the title in a file. */
const TITLE = 28;

/** The whole chart as one drawing. `around`: pixels above and below the plot; `below`: what stands under it. */
export function documentSvg(
  title: string,
  chart: Chart,
  place: Place,
  around: number,
  pointed: number | null,
  below: Below,
): unknown {
  const width = place.left + place.width + place.right;
  const height = TITLE + place.height + around + below.height;
  return html`<svg viewBox=${`0 ${-TITLE} ${width} ${height}`} .style=${`display:block;width:${width}px;height:${height}px`}>
    ${svg`<text class="title strong" x=${place.left} y="-8">${title}</text>`}
    ${groundSvg(chart, place)} ${linesSvg(chart, place)} ${marksSvg(chart, place, pointed)} ${below.content}
  </svg>`;
}

/** The lines as paths, for a file; on the page the canvas draws them. */
export function linesSvg(chart: Chart, place: Place): SVGTemplateResult {
  const drawn = chart.lines.map((line) => [
    line.shown === line.y ? nothing : pathSvg(chart, place, line, line.y, { dash: "", weight: 1, alpha: PALE }),
    pathSvg(chart, place, line, line.shown, { dash: line.style.dash, weight: line.weight, alpha: line.alpha }),
  ]);
  return svg`<svg x=${place.left} y=${place.top} width=${place.width} height=${place.height} overflow="hidden">
    <g style="fill:none">${drawn}</g></svg>`;
}

interface Stroke {
  readonly dash: string;
  readonly weight: number;
  readonly alpha: number;
}

function pathSvg(
  chart: Chart,
  place: Place,
  line: ChartLine,
  values: Float64Array,
  { dash, weight, alpha }: Stroke,
): SVGTemplateResult {
  return svg`<path data-run=${printable(line.run)} data-part=${line.part} d=${pathOf(chart, place, line, values)}
    stroke-dasharray=${dash || "none"} style=${`stroke:${line.style.colour};stroke-width:${weight};opacity:${alpha}`}/>`;
}

function pathOf(chart: Chart, place: Place, line: ChartLine, values: Float64Array): string {
  const { x, y } = pixelsOf(chart, place);
  let path = "";
  let open = false;
  for (let i = 0; i < line.x.length; i++) {
    const high = Number.isFinite(values[i]!) ? y(values[i]!) : Number.NaN;
    if (Number.isNaN(high)) {
      open = false;
      continue;
    }
    path += `${open ? "L" : "M"}${held(x(line.x[i]!))} ${held(high)}`;
    open = true;
  }
  return path;
}

/** What lies over the lines: target, rings, labels, odd points, the current step and the crosshair. */
export function marksSvg(chart: Chart, place: Place, pointed: number | null): SVGTemplateResult {
  const { width, height } = place;
  const pixel = pixelsOf(chart, place);
  const inside = (x: number): boolean => x >= -0.5 && x <= width + 0.5;
  const upright = (at: number | null, kind: string, tail: number): Parts =>
    at === null || !inside(pixel.x(at))
      ? nothing
      : svg`<line class=${kind} x1=${pixel.x(at)} x2=${pixel.x(at)} y1="-6" y2=${height + tail}/>`;
  const target = chart.target === null ? Number.NaN : pixel.y(chart.target);
  return svg`<g transform="translate(${place.left} ${place.top})">
    ${upright(chart.here, "here", 6)}
    ${target >= 0 && target <= height ? svg`<line class="target" x1="0" x2=${width} y1=${target} y2=${target}/>` : nothing}
    ${chart.lines.map((line) => lonePoints(line).map((at) => dot(line, pixel.x(at.x), pixel.y(at.y), place)))}
    ${chart.rings.map((ring) => {
      const [x, y] = [pixel.x(ring.x), pixel.y(ring.y)];
      return inside(x) && y >= 0 && y <= height
        ? svg`<circle class="ring" cx=${x} cy=${y} r=${ring.strong ? 5 : chart.rings.length > 20 ? 3 : 4} style=${`stroke:${ring.colour}`}/>`
        : nothing;
    })}
    ${oddSvg(chart, place)} ${upright(pointed, "crosshair", 0)} ${labelsSvg(chart, place)}
  </g>`;
}

/** Points that have no neighbour to be joined to. */
export function lonePoints({ x, shown }: ChartLine): Point[] {
  const lone: Point[] = [];
  const there = (i: number): boolean => i >= 0 && i < shown.length && Number.isFinite(shown[i]!);
  for (let i = 0; i < shown.length; i++)
    if (there(i) && !there(i - 1) && !there(i + 1)) lone.push({ x: x[i]!, y: shown[i]! });
  return lone;
}

function dot(line: ChartLine, x: number, y: number, { width, height }: Place): Parts {
  if (!(x >= 0 && x <= width && y >= 0 && y <= height)) return nothing;
  return svg`<circle cx=${x} cy=${y} r="2.5" style=${`fill:${line.style.colour};stroke:none`}/>`;
}

function oddSvg(chart: Chart, place: Place): Parts[] {
  const { x } = pixelsOf(chart, place);
  const seen = new Set<string>();
  const marks: Parts[] = [];
  for (const line of chart.lines) {
    for (const { x: at, what, top } of oddPoints(line, chart.values)) {
      const left = Math.round(x(at));
      if (left < 0 || left > place.width || seen.has(`${left} ${what} ${top}`) || marks.length >= MOST_MARKS) continue;
      seen.add(`${left} ${what} ${top}`);
      const [tip, foot] = top ? [-6, 2] : [place.height + 6, place.height - 2];
      marks.push(
        svg`<path class=${`odd ${what}`} d=${`M${left} ${tip}L${left - 4} ${foot}H${left + 4}Z`} style=${what === "below" ? `fill:${line.style.colour}` : ""}/>`,
      );
    }
  }
  return marks;
}

interface Wished {
  readonly text: string;
  readonly colour: string;
  readonly strong: boolean;
  readonly from: Point;
}

/** Names at the lines' ends, those that are wanted most where there is no room for all; the target among them. */
function labelsSvg(chart: Chart, place: Place): Parts {
  const { width, height, right } = place;
  const { x, y } = pixelsOf(chart, place);
  const most = Math.floor(height / LABEL_GAP) + 1;
  // Where not all have room, as many as leave the eye some.
  const room = chart.labels.length < most ? most : Math.ceil(0.6 * most);
  const target: Wished[] =
    chart.target === null
      ? []
      : [
          {
            text: `target ${formatPlain(chart.target)}`,
            colour: "var(--ink)",
            strong: true,
            from: { x: width, y: clamp(y(chart.target), 0, height) },
          },
        ];
  const wanted = chart.labels.slice(0, room);
  const runs = wanted.map(({ text }) => text);
  const names = wanted.map(({ text, at, colour, strong }) => ({
    text: printable(shortRun(text, runs, LABEL_CHARACTERS)),
    colour,
    strong,
    from: { x: clamp(x(at.x), 0, width), y: clamp(y(at.y), 0, height) },
  }));
  const kept = [...target, ...names]
    .filter(({ from }) => Number.isFinite(from.y))
    .slice(0, room)
    .sort((a, b) => a.from.y - b.from.y);
  const places = labelPlaces(
    kept.map((each) => each.from.y),
    LABEL_GAP,
    0,
    height,
  );
  const narrow = right < 60;
  return svg`${kept.map(
    ({ text, colour, strong, from }, i) => svg`
    ${narrow || from.x > width - 1 ? nothing : svg`<path class="leader far" style=${`stroke:${colour}`} d=${`M${round(from.x)} ${round(from.y)}H${width}`}/>`}
    ${narrow ? nothing : svg`<path class="leader" style=${`stroke:${colour}`} d=${`M${width} ${round(from.y)}L${width + 12} ${round(places[i]!)}`}/>`}
    <text class=${strong ? "label strong" : "label"} style=${`fill:${colour}`} x=${narrow ? width - 4 : width + 15} y=${places[i]! + 4}
      text-anchor=${narrow ? "end" : "start"}>${text}</text>`,
  )}`;
}

/** The curves that have room for a name, as lines with where each ends. */
export function endLabels(
  lines: readonly ChartLine[],
  chart: Pick<Chart, "across" | "values">,
  strong: ReadonlySet<string>,
): Chart["labels"] {
  const seen = new Set<string>();
  return lines.flatMap((line) => {
    const at = seen.has(line.run) ? null : endOf(line, chart.across, chart.values);
    if (!at) return [];
    seen.add(line.run);
    return [{ text: line.run, at, colour: line.style.colour, strong: strong.has(line.run) }];
  });
}

/** A name from a log without what no XML may hold. */
function printable(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what has to go
  return name.replaceAll(/[\u0000-\u001f\ufffe\uffff]/g, "\ufffd");
}

function clamp(value: number, lo: number, hi: number): number {
  return Math.min(hi, Math.max(lo, value));
}

/** Where a drawing program can follow. */
function held(value: number): number {
  return round(clamp(value, -1e5, 1e5));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
