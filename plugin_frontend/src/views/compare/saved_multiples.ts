/** The heatmaps of gradient norms as they stand below the chart in a file. */
import { svg, type SVGTemplateResult } from "lit";
import type { StepHeatmap } from "../../canvas/step_heatmap.ts";
import { heatmapSvg } from "../../canvas/step_heatmap_svg.ts";
import { formatNumber } from "../../math/format.ts";
import { powerText } from "../../math/powers_of_two.ts";
import { runStyle } from "../../state/run_style.ts";
import type { RunNorms } from "./multiples.ts";

/** More would make a picture that no canvas holds. */
const MOST = 24;
const HEADING = 40;
const CAPTION = 20;

export interface Below {
  readonly content: readonly SVGTemplateResult[];
  readonly height: number;
}

/** @param x where the time axis begins, `y` where the chart ends; `width` of the axis. */
export async function savedMultiples(
  norms: readonly RunNorms[],
  maps: readonly StepHeatmap[],
  place: { readonly x: number; readonly y: number; readonly width: number },
): Promise<Below> {
  const { x, y: start, width } = place;
  const shown = norms.slice(0, MOST);
  if (shown.length === 0 || maps.length < shown.length) return { content: [], height: 0 };
  const { lo, hi } = maps[0]!.scale;
  const which = shown.length < norms.length ? `, ${shown.length} of ${norms.length} runs` : "";
  let y = start + HEADING;
  const content = [
    svg`<text class="ink strong" x=${x} y=${y - 8}
    >${`Gradient norm by layer and step: training batch, before clipping; ${powerText(lo)} to ${powerText(hi)}, log₂, viridis${which}`}</text>`,
  ];
  for (const [i, { run, last }] of shown.entries()) {
    const map = maps[i]!;
    content.push(svg`<text class="strong" x=${x} y=${y + CAPTION - 6} style=${`fill:${runStyle(run).colour}`}>${run}</text>
      <text class="tick" x=${x + width} y=${y + CAPTION - 6} text-anchor="end">whole network, last step: ${formatNumber(last, { digits: 3 })}</text>
      ${await heatmapSvg(map, x, y + CAPTION)}`);
    y += CAPTION + map.height;
  }
  return { content, height: y + CAPTION - start };
}
