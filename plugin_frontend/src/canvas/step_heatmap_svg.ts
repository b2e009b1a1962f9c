/** A step heatmap as part of an SVG: cells as an embedded picture, names, values and line as vectors. */
import { svg, type SVGTemplateResult } from "lit";
import { readTheme } from "./grid_theme.ts";
import { cutMiddle } from "../math/cut_middle.ts";
import type { StepHeatmap } from "./step_heatmap.ts";

const DENSITY = 2;
const NAME = 9;

/** @param x where the cells begin; the names end 8 px before. */
export async function heatmapSvg(map: StepHeatmap, x: number, y: number): Promise<SVGTemplateResult> {
  const { rows, rowHeight, width, height, current } = map;
  const theme = readTheme(map);
  const href = await dataUrl(await map.toCanvas(DENSITY).convertToBlob({ type: "image/png" }));
  const line = map.step === null ? null : x + map.toShare(map.step) * width;
  const named = map.namedRows;
  const middle = (row: number): number => y + row * rowHeight + rowHeight / 2 + 4;
  const weight = (row: number): number => (row === current ? 600 : 400);
  return svg`<image href=${href} x=${x} y=${y} width=${width} height=${height} preserveAspectRatio="none"></image>
    ${
      line === null
        ? ""
        : svg`<rect x=${line - 2} y=${y} width="4" height=${height} fill="#ffffff"></rect>
      <rect x=${line - 1} y=${y} width="2" height=${height} fill=${theme.here}></rect>`
    }
    ${named.map(
      (row) => svg`<text x=${x - 8} y=${middle(row)} text-anchor="end" font-size="11" font-family=${theme.font}
        font-weight=${weight(row)} fill=${row === current ? theme.hereInk : theme.ink}>${cutMiddle(rows[row]!.short ?? rows[row]!.name, NAME)}</text>
      <text x=${x + width + 8} y=${middle(row)} font-size="11" font-family=${theme.font} font-weight=${weight(row)}
        fill=${theme.hereInk}>${map.values[row] ?? ""}</text>`,
    )}`;
}

/** SVG documents that stand alone embed their pictures. */
async function dataUrl(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192)
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return `data:${blob.type};base64,${btoa(text)}`;
}
