import uPlot from "uplot";
import { PALE, type Chart, type ChartLine } from "./chart.ts";

/** Shares beyond these are held there: the canvas has no place for 10³⁰ pixels. */
const FAR = 40;

/** The chart's lines on a canvas, drawn by uPlot in shares of the plot's width and height. */
export class CurveCanvas {
  #plot: uPlot | null = null;

  /** `root` has the theme's colours. */
  draw(root: HTMLElement, chart: Chart, width: number, height: number): void {
    this.remove();
    if (!chart.lines.length) return;
    const style = getComputedStyle(root);
    const colour = (variable: string): string => style.getPropertyValue(variable.slice(4, -1)).trim() || "#888888";
    const drawn = chart.lines.flatMap((line) => [
      ...(line.shown === line.y ? [] : [{ line, y: line.y, pale: true }]),
      { line, y: line.shown, pale: false },
    ]);
    const series = drawn.map(({ line, pale }) => seriesOf(line, colour(line.style.colour), pale));
    const data = drawn.map(({ line, y }) => sharesOf(chart, line.x, y));
    const options: uPlot.Options = {
      mode: 2,
      width,
      height,
      padding: [0, 0, 0, 0],
      pxAlign: 0,
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, auto: false, range: () => [0, 1] }, y: { auto: false, range: () => [0, 1] } },
      axes: [{ show: false }, { show: false }],
      series: [{}, ...series],
    };
    // In mode 2 each line has places of its own; uPlot's types know only lines that share them.
    this.#plot = new uPlot(options, [null, ...data] as unknown as uPlot.AlignedData, root);
  }

  remove(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }
}

function seriesOf(line: ChartLine, stroke: string, pale: boolean): uPlot.Series {
  const density = window.devicePixelRatio || 1;
  const dash =
    pale || line.style.dash === "" ? [] : line.style.dash.split(" ").map((length) => Number(length) * density);
  const facets = [
    { scale: "x", auto: false, sorted: 1 as const },
    { scale: "y", auto: false },
  ];
  return {
    facets,
    stroke,
    dash,
    alpha: pale ? PALE : line.alpha,
    width: pale ? 1 : line.weight,
    pxAlign: 0,
    points: { show: false },
    paths: uPlot.paths.linear!(),
  };
}

/** Places of a line's points as shares; null, a gap, for what has no place. */
function sharesOf({ across, values }: Chart, x: Float64Array, y: Float64Array): [number[], (number | null)[]] {
  const held = (share: number): number => Math.min(FAR, Math.max(-FAR, share));
  const shares = Array.from(y, (value) => {
    const share = Number.isFinite(value) ? values.toShare(value) : Number.NaN;
    return Number.isNaN(share) ? null : held(share);
  });
  return [Array.from(x, (place) => held(across.toShare(place))), shares];
}
