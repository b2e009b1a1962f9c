/** The heatmaps of norms: which rows, which numbers, on which scale. */
import { counterpartOf, rootOf, withoutRoot } from "../../state/layer_paths.ts";
import { shortRun } from "../../parts/run_names.ts";
import type { LayerRecord } from "../../data/schema.ts";
import { paletteOf } from "../../math/colour.ts";
import { rdbu, viridis } from "../../math/colour_maps.ts";
import { formatNumber } from "../../math/format.ts";
import { logRatios, logs, nearestIndex, normsOf, type Quantity } from "../../math/gradient_norms.ts";
import type { HeatRow, HeatScale } from "../../math/heat_cells.ts";
import { histogram } from "../../math/histogram.ts";
import type { Range } from "../../math/ranges.ts";
import { logRange, symmetricLogRange } from "../../math/powers_of_two.ts";
import { formatPercent } from "../../math/percent.ts";
import type { GradientOptions, Shown } from "./fields.ts";
import { rowGroups, type RowGroup } from "./row_groups.ts";
import type { RunNorms } from "./run_norms.ts";

/** One heatmap: of a run, or of the difference of two. */
export interface NormPanel {
  readonly id: "A" | "B" | "difference";
  readonly run: string;
  readonly groups: readonly RowGroup[];
  /** Values are logarithms to the base 2. */
  readonly rows: readonly HeatRow[];
  /** The numbers themselves, by row; of a difference the ratio A / B. */
  readonly values: readonly ArrayLike<number>[];
}

export interface NormPicture {
  readonly quantity: Shown;
  readonly panels: readonly NormPanel[];
  readonly scale: HeatScale;
  readonly unusual: Unusual;
  /** How many cells lie in each of equal parts of the scale. */
  readonly counts: readonly number[];
}

/** How many of the norms are no finite number above zero. */
export interface Unusual {
  readonly count: number;
  readonly zero: number;
  readonly nan: number;
  readonly inf: number;
}

export function normPicture(
  a: RunNorms,
  b: RunNorms | null,
  layers: readonly LayerRecord[],
  layersB: readonly LayerRecord[],
  quantity: Quantity,
  by: GradientOptions["rows"],
  show: GradientOptions["show"],
): NormPicture {
  const own = runPanel("A", a, layers, quantity, by);
  const other = b && show !== "a" ? runPanel("B", b, layersB, quantity, by) : null;
  return normPictureOf(quantity, own, other, show);
}

/** Of sizes, whose logarithms are drawn. */
export function normPictureOf(
  quantity: Shown,
  own: NormPanel,
  other: NormPanel | null,
  show: GradientOptions["show"],
): NormPicture {
  if (other && show === "difference") {
    const panels = [differencePanel(own, other)];
    const range = symmetricLogRange(panels[0]!.rows.map(({ values }) => values));
    return { quantity, panels, scale: { ...range, palette: paletteOf(rdbu) }, ...countsOf(panels, range, false) };
  }
  const panels = other ? [own, other] : [own];
  const range = logRange(panels.flatMap(({ rows }) => rows.map(({ values }) => values)));
  return {
    quantity,
    panels,
    scale: { ...range, palette: paletteOf(viridis), logarithms: true },
    ...countsOf(panels, range, true),
  };
}

function runPanel(
  id: "A" | "B",
  norms: RunNorms,
  layers: readonly LayerRecord[],
  quantity: Quantity,
  by: GradientOptions["rows"],
): NormPanel {
  const groups = rowGroups(norms.variables, layers, by);
  const { columns } = quantity === "gradient" ? norms.gradient : norms;
  const values = groups.map(({ places }) => normsOf(columns, places, quantity));
  const rows = groups.map(({ name, short }, row) => ({
    name,
    short,
    steps: columns.steps,
    values: logs(values[row]!),
  }));
  return { id, run: norms.run, groups, rows, values };
}

/** Characters of a run's name beside another one. */
const NAME_ROOM = 20;

/** The rows that both runs have. */
function differencePanel(a: NormPanel, b: NormPanel): NormPanel {
  const [pathsOfA, pathsOfB] = [a, b].map(bareRowPaths) as [string[], string[]];
  const placesOfB = new Map(pathsOfB.map((path, row) => [path, row]));
  const shared = a.groups.flatMap((group, row) => {
    const other = placesOfB.get(pathsOfA[row]!);
    return other === undefined ? [] : [{ group, row, other }];
  });
  const ratios = shared.map(({ row, other }) =>
    logRatios(
      { steps: a.rows[row]!.steps, values: a.values[row]! },
      { steps: b.rows[other]!.steps, values: b.values[other]! },
    ),
  );
  const [steps = new Float64Array()] = ratios.map((ratio) => ratio.steps);
  return {
    id: "difference",
    run: `${shortRun(a.run, [a.run, b.run], NAME_ROOM)} − ${shortRun(b.run, [a.run, b.run], NAME_ROOM)}`,
    groups: shared.map(({ group }) => group),
    rows: shared.map(({ group }, i) => ({ name: group.name, short: group.short, steps, values: ratios[i]!.values })),
    values: ratios.map(({ values }) => values.map((value) => 2 ** value)),
  };
}

/** Paths of the rows' layers or variables without the model's own name. */
function bareRowPaths({ groups }: NormPanel): string[] {
  const paths = groups.map(({ path }) => path);
  const root = rootOf(paths);
  return paths.map((path) => withoutRoot(path, root));
}

/** Bars of the legend's distribution. */
const BARS = 52;

export function countsOf(
  panels: readonly NormPanel[],
  range: Range,
  logarithms: boolean,
): Pick<NormPicture, "unusual" | "counts"> {
  const values = panels.flatMap(({ rows }) => rows.map((row) => row.values));
  return { unusual: unusualOf(panels, logarithms), counts: Array.from(histogram(values, range, BARS).counts) };
}

function unusualOf(panels: readonly NormPanel[], logarithms: boolean): Unusual {
  const counts = { count: 0, zero: 0, nan: 0, inf: 0 };
  for (const { values } of panels.flatMap(({ rows }) => rows)) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      counts.count++;
      if (Number.isNaN(value)) counts.nan++;
      else if (logarithms && value === -Infinity) counts.zero++;
      else if (!Number.isFinite(value)) counts.inf++;
    }
  }
  return counts;
}

/** The row of a layer; by variable, of the one that is chosen. */
export function currentRow(panel: NormPanel, layer: string | null, variable: string | null): number {
  const own = panel.groups.findIndex(({ path }) => path === variable);
  if (own >= 0) return own;
  const layers = panel.groups.map((group) => group.layer ?? "");
  const path = layer === null ? null : counterpartOf(layer, layers);
  return path === null ? -1 : layers.indexOf(path);
}

/** The index of the logged step that a panel shows for a step, and that step; null where it has none. */
export function shownAt(panel: NormPanel, step: number): { index: number; step: number } | null {
  const steps = panel.rows[0]?.steps ?? [];
  const index = nearestIndex(steps, step);
  return index < 0 ? null : { index, step: steps[index]! };
}

/** The numbers of all rows at a step, as they stand in the gutter. */
export function gutterTexts(panel: NormPanel, index: number, share: boolean): string[] {
  return panel.values.map((values) => normText(values[index] ?? NaN, panel.id === "difference", share));
}

export function normText(value: number, ratio: boolean, share = false): string {
  if (share) return formatPercent(value);
  if (value === 0 && !ratio) return "zero";
  return `${ratio ? "×" : ""}${formatNumber(value, { digits: 3 })}`;
}
