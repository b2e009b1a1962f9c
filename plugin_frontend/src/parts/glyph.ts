import { svg, type SVGTemplateResult } from "lit";
import type { LayerRecord } from "../data/schema.ts";

/** What stands for a layer that has no picture. In a box of 24 × 24 around 0, 0. */
export function glyphOf(layer: LayerRecord): SVGTemplateResult {
  if (layer.role === "merge") return mergeGlyph(layer.type);
  switch (layer.role) {
    case "input":
      return svg`<rect x="-11" y="-7" width="22" height="14" rx="7"/>`;
    case "dense":
      return svg`<rect x="-4" y="-11" width="8" height="22" rx="1"/>`;
    case "pooling":
      return svg`<path d="M-9 -9H9L5 9H-5Z"/>`;
    case "activation":
      return svg`<path d="M-10 6H0L9 -7"/>`;
    case "normalization":
      return svg`<path d="M-11 7C-4 7 -4 -8 0 -8S4 7 11 7"/>`;
    case "dropout":
      return svg`<rect x="-9" y="-9" width="18" height="18" rx="1" stroke-dasharray="3 3"/>`;
    default:
      return svg`<rect x="-9" y="-9" width="18" height="18" rx="1"/>`;
  }
}

function mergeGlyph(type: string): SVGTemplateResult {
  const signs: Readonly<Record<string, SVGTemplateResult>> = {
    Add: svg`<path d="M-5 0H5M0 -5V5"/>`,
    Subtract: svg`<path d="M-5 0H5"/>`,
    Multiply: svg`<path d="M-3.5 -3.5 3.5 3.5M-3.5 3.5 3.5 -3.5"/>`,
  };
  const stack = svg`<path d="M-4.5 -3H4.5M-4.5 0H4.5M-4.5 3H4.5"/>`;
  return svg`<circle r="8.5"/>${Object.hasOwn(signs, type) ? signs[type] : stack}`;
}
