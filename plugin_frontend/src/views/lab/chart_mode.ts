import { pngOfSvg, svgDocument } from "../../parts/svg_document.ts";
import type { LabBase } from "./lab_base.ts";
import { LabMode } from "./lab_mode.ts";

/** A mode that draws one chart, `svg.picture`. */
export abstract class ChartMode extends LabMode<LabBase> {
  /** Client rectangle of the chart; null before it is drawn. */
  protected get corner(): DOMRect | null {
    return this.chart?.getBoundingClientRect() ?? null;
  }

  override saveSvg(): string {
    const { chart } = this;
    if (!chart) throw new Error("there is no picture yet");
    return svgDocument(chart);
  }

  override savePng(): Promise<Blob> {
    return pngOfSvg(this.saveSvg());
  }

  private get chart(): SVGSVGElement | null {
    return this.renderRoot.querySelector<SVGSVGElement>("svg.picture");
  }
}
