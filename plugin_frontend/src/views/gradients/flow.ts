/** How the norm changes from layer to layer at one step: a dot a row, and the factor between neighbours. */
import { svg, type SVGTemplateResult } from "lit";
import { cutMiddle } from "../../math/cut_middle.ts";
import { formatNumber } from "../../math/format.ts";
import { exponentTicks, powerText } from "../../math/powers_of_two.ts";
import type { Range } from "../../math/ranges.ts";

export interface FlowLine {
  readonly id: "A" | "B";
  /** CSS colour and dashes of the run. */
  readonly colour: string;
  readonly dash: string;
  /** By row; null where the run has no such row. */
  readonly values: readonly (number | null)[];
}

export interface Flow {
  readonly heading: string;
  /** Of the numbers; two where two runs were logged at different steps. */
  readonly steps: readonly number[];
  readonly names: readonly string[];
  readonly current: number;
  readonly lines: readonly FlowLine[];
  /** Of the logarithms. */
  readonly range: Range;
  readonly width: number;
}

const TOP = 20;
const LEFT = 54;
const RIGHT = 8;
const NAME = 9;
const NAMES_APART = 14;
const MOST_FACTORS = 16;

export function flowHeight({ names }: Flow): number {
  return TOP + names.length * rowHeight(names.length) + 18;
}

function rowHeight(rows: number): number {
  return rows <= MOST_FACTORS ? 22 : 13;
}

export function flowSvg(flow: Flow): SVGTemplateResult {
  const { names, current, lines, range, width } = flow;
  const each = rowHeight(names.length);
  const y = (row: number): number => TOP + (row + 0.5) * each;
  const bottom = TOP + names.length * each;
  return svg`
    ${names.map(
      (name, row) => svg`<path class="rule" d=${`M${LEFT} ${y(row)}H${width}`}></path>
      <text class=${row === current ? "here" : ""} x=${LEFT - 8} y=${y(row) + 4} text-anchor="end">${cutMiddle(name, NAME)}</text>`,
    )}
    ${exponentTicks(range, 4).map(
      (exponent) => svg`<text class="quiet-text" x=${xOf(exponent, flow)} y=${bottom + 13}
      text-anchor=${exponent === range.hi ? "end" : "middle"}>${powerText(exponent)}</text>`,
    )}
    ${lines.map((line) => lineSvg(line, flow, y))}
    ${names.length <= MOST_FACTORS ? lines.map((line) => factors(line, flow, y)) : ""}`;
}

function xOf(logarithm: number, { range, width }: Flow): number {
  const share = (logarithm - range.lo) / (range.hi - range.lo);
  return LEFT + 4 + Math.max(0, Math.min(1, share)) * (width - LEFT - RIGHT - 4);
}

/** Zero stands at the left end, infinity at the right one; NaN has no place. */
function placeOf(value: number | null | undefined, flow: Flow): number | null {
  return value === null || value === undefined || Number.isNaN(value) ? null : xOf(Math.log2(value), flow);
}

function lineSvg(line: FlowLine, flow: Flow, y: (row: number) => number): SVGTemplateResult {
  const places = line.values.map((value) => placeOf(value, flow));
  const path = places
    .map((x, row) => (x === null ? "" : `${row && places[row - 1] !== null ? "L" : "M"}${x} ${y(row)}`))
    .join("");
  const name = nameAt(line, flow);
  return svg`<path class="flow-line" d=${path} stroke=${line.colour} stroke-dasharray=${line.dash}></path>
    ${places.map((x, row) => {
      const value = line.values[row];
      if (x !== null)
        return svg`<circle cx=${x} cy=${y(row)} r="3" fill=${line.colour}></circle>${oddWord(value!, x, y(row))}`;
      return value === null || value === undefined
        ? ""
        : svg`<text class="nan-text" x=${LEFT + 4} y=${y(row) + 4}>NaN</text>`;
    })}
    ${name === null ? "" : svg`<text class="flow-name" x=${name} y=${TOP - 7} text-anchor="middle" fill=${line.colour}>${line.id}</text>`}`;
}

/** Above the line's first point, moved aside where the other name would touch it. */
export function nameAt(line: FlowLine, flow: Flow): number | null {
  const start = ({ values }: FlowLine): number | null =>
    values.map((value) => placeOf(value, flow)).find((x) => x !== null) ?? null;
  const own = start(line);
  const other = flow.lines.find(({ id }) => id !== line.id);
  const beside = other && start(other);
  if (own === null || beside === null || beside === undefined) return own;
  const apart = own - beside;
  const side = apart === 0 ? (line === flow.lines[0] ? -1 : 1) : Math.sign(apart);
  return own + (side * Math.max(0, NAMES_APART - Math.abs(apart))) / 2;
}

function oddWord(value: number, x: number, y: number): SVGTemplateResult | string {
  if (value === 0) return svg`<text class="quiet-text" x=${x + 5} y=${y - 5}>zero</text>`;
  return value === Infinity ? svg`<text class="inf-text" x=${x - 6} y=${y + 4} text-anchor="end">Inf</text>` : "";
}

/** The factor from a row to the one below, beside the middle of its line, on the side that is away from the other run. */
function factors(line: FlowLine, flow: Flow, y: (row: number) => number): (SVGTemplateResult | string)[] {
  const other = flow.lines.find(({ id }) => id !== line.id);
  return line.values.slice(1).map((value, row) => {
    const factor = factorBetween(line.values[row], value);
    const [from, to] = [placeOf(line.values[row], flow), placeOf(value, flow)];
    if (factor === null || from === null || to === null) return "";
    const middle = (from + to) / 2;
    const others = other && [placeOf(other.values[row], flow), placeOf(other.values[row + 1], flow)];
    const otherMiddle = others && others[0] !== null && others[1] !== null ? (others[0]! + others[1]!) / 2 : null;
    const left =
      otherMiddle === null
        ? middle > (LEFT + flow.width) / 2
        : middle < otherMiddle || (middle === otherMiddle && line.id === "A");
    const clear = 7 + Math.abs(to - from) * 0.12;
    const crowdedLeft = left && middle - clear - 30 < LEFT;
    const crowdedRight = !left && middle + clear + 30 > flow.width;
    if (otherMiddle !== null && (crowdedLeft || crowdedRight)) return "";
    const toLeft = (left && !crowdedLeft) || crowdedRight;
    return svg`<text class="factor" data-run=${line.id} data-row=${row} x=${middle + (toLeft ? -clear : clear)} y=${(y(row) + y(row + 1)) / 2 + 4}
      text-anchor=${toLeft ? "end" : "start"}>×${formatNumber(factor, { digits: 2 })}</text>`;
  });
}

/** Null where there is none: of or to zero, or what is not finite. */
export function factorBetween(value: number | null | undefined, next: number | null | undefined): number | null {
  if (!value || !next || !Number.isFinite(value) || !Number.isFinite(next)) return null;
  return next / value;
}
