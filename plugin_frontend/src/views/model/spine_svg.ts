import { svg, type SVGTemplateResult } from "lit";
import { arcLevels, type Edge } from "../../math/edges.ts";

const LEVELS = 4;
/** From the line to the nearest arc, and between arcs. */
const NEAREST = 10;

/** Lines between neighbours and arcs beside what lies between. `heights`: of each row's middle. `x`: of the line. */
export function spineSvg(edges: readonly Edge[], heights: readonly number[], x: number): SVGTemplateResult {
  const arcs = edges.filter(({ from, to }) => to - from !== 1);
  const levels = arcLevels(arcs, LEVELS);
  const between = Math.max(2, (x - NEAREST - 2) / (LEVELS - 1));
  const at = (row: number): number => heights[row] ?? 0;
  return svg`<g class="edges">
    ${edges.filter(({ from, to }) => to - from === 1).map(({ from, to }) => svg`<path d="M${x} ${at(from)}V${at(to)}"/>`)}
    ${arcs.map(({ from, to }, i) => svg`<path d=${arcPath(x, x - NEAREST - between * (levels[i] ?? 0), at(from), at(to))}/>`)}
  </g>`;
}

function arcPath(x: number, side: number, from: number, to: number): string {
  const bend = Math.min(16, Math.abs(to - from) / 2) * Math.sign(to - from);
  return `M${x} ${from}Q${side} ${from} ${side} ${from + bend}V${to - bend}Q${side} ${to} ${x} ${to}`;
}
