/** What is on the page as a sheet to save: the same heatmaps, histograms, flow and scales. */
import type { StepHeatmap } from "../../canvas/step_heatmap.ts";
import { formatCount } from "../../math/format.ts";
import type { Flow } from "./flow.ts";
import { bandsOf, type HistogramFigure, type HistogramPicture } from "./histogram_picture.ts";
import { powerLabels, shareLabels } from "./legend.ts";
import { shownAt, type NormPanel, type NormPicture } from "./norm_panels.ts";
import { isShare } from "./run_places.ts";
import type { Sheet, SheetFigure } from "./sheet.ts";
import type { Sizes } from "./sizes.ts";
import { QUANTITY_WORDS, unusualText } from "./labels.ts";

export interface SheetParts {
  readonly picture: NormPicture;
  readonly histograms: HistogramPicture | null;
  readonly flow: Flow | null;
  readonly sizes: Sizes;
  readonly width: number;
  readonly toShare: (step: number) => number;
  readonly step: number;
  /** Width of flow and colour bars. */
  readonly side: number;
  /** Whether A / B is shown. */
  readonly difference: boolean;
  /** A heatmap on the page by its name. */
  readonly map: (name: string) => StepHeatmap | null;
}

export function sheetOf(parts: SheetParts): Sheet {
  const { picture, histograms, step, width, toShare, flow } = parts;
  const { title, badges } = QUANTITY_WORDS[picture.quantity];
  const bar = {
    heading: isShare(picture.quantity) ? title : `${title}, log₂`,
    palette: picture.scale.palette,
    labels: powerLabels(picture),
  };
  const shares = histograms && {
    heading: "Share of values, one row",
    palette: histograms.scale.palette,
    labels: shareLabels(histograms),
  };
  const notes = [...badges, unusualText(picture.unusual, picture.quantity, parts.difference)].filter(Boolean);
  return {
    title: `${title}, step ${step}`,
    width,
    toShare,
    step,
    flow,
    side: parts.side,
    figures: [
      ...picture.panels.map((panel) => panelFigure(parts, panel)),
      ...(histograms?.figures.map((figure) => histogramFigure(parts, histograms, figure)) ?? []),
    ],
    bars: shares ? [bar, shares] : [bar],
    notes: [notes.join(", ")],
  };
}

function panelFigure({ map, step }: SheetParts, panel: NormPanel): SheetFigure {
  const at = shownAt(panel, step);
  const shown = map(panel.id);
  const id = panel.id === "difference" ? "A − B" : panel.id;
  return { caption: `${id} ${panel.run}`, note: "", at: at ? `at step ${at.step}` : "", parts: shown ? [shown] : [] };
}

function histogramFigure(
  { map, step, sizes }: SheetParts,
  { octaves }: HistogramPicture,
  figure: HistogramFigure,
): SheetFigure {
  const [above, below] = [map(`${figure.id}+`), map(`${figure.id}-`)];
  const { variable, size } = figure.histogram;
  return {
    caption: `${variable.path} of ${figure.id}: how its ${formatCount(size)} gradient values spread`,
    note: `one row = a factor of ${formatCount(2 ** octaves.octaves)} in size`,
    at: "",
    parts: above && below ? [above, ...bandsOf(figure, step, sizes.band), below] : [],
  };
}
