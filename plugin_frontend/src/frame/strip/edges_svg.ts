import { svg, type SVGTemplateResult } from "lit";
import { arcLevels, type Edge } from "../../math/edges.ts";

/** Where a tile's picture is: its middle, and how far it reaches to each side. Pixels. */
export interface TilePlace {
  readonly middle: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

/** Lines between neighbours and arcs over what lies between: skip connections. `line` is the height of the line. */
export function edgesSvg(edges: readonly Edge[], places: readonly TilePlace[], line: number): SVGTemplateResult {
  const arcs = edges.filter(({ from, to }) => to - from !== 1);
  const levels = arcLevels(arcs);
  return svg`
    ${edges
      .filter(({ from, to }) => to - from === 1)
      .map(({ from, to }) => {
        const [a, b] = [places[from], places[to]];
        return a && b && b.left - 4 > a.right + 4 ? svg`<path d="M${a.right + 4} ${line}H${b.left - 4}"/>` : svg``;
      })}
    ${arcs.map(({ from, to }, i) => {
      const [a, b] = [places[from], places[to]];
      return a && b ? svg`<path d=${arcPath(a, b, line, 5 + 3 * (2 - (levels[i] ?? 0)))}/>` : svg``;
    })}
  `;
}

/** Up beside the first picture, over, and down upon the second. */
function arcPath(a: TilePlace, b: TilePlace, line: number, top: number): string {
  const start = a.right + 6;
  const bend = Math.min(18, Math.abs(b.middle - start) / 2);
  const side = b.middle >= start ? 1 : -1;
  return (
    `M${start} ${line}C${start + side * 4} ${line} ${start} ${top} ${start + side * bend} ${top}` +
    `H${b.middle - side * bend}C${b.middle} ${top} ${b.middle} ${top + 6} ${b.middle} ${Math.max(top + 8, b.top - 2)}`
  );
}
