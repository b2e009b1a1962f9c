/** The flow's numbers: of the runs themselves, by layer, whatever the heatmaps show. */
import { logRange } from "../../math/powers_of_two.ts";
import { runStyle } from "../../state/run_style.ts";
import type { Flow, FlowLine } from "./flow.ts";
import { currentRow, shownAt, type NormPanel } from "./norm_panels.ts";

/** Of a chain of factors what is left from each one to the end; null where one on the way is not known. */
export function productsToEnd(factors: readonly (number | null)[]): (number | null)[] {
  let left: number | null = 1;
  return factors
    .map((_, i) => {
      const factor = factors[factors.length - 1 - i] ?? null;
      left = left === null || factor === null ? null : left * factor;
      return left;
    })
    .reverse();
}

/** What the slopes alone leave of an error that passes one layer after another, from the loss on. */
export function slopesFlow(panels: readonly NormPanel[], layer: string, step: number, width: number): Flow {
  const flow = flowModel(panels, layer, step, width);
  const lines = flow.lines.map((line) => ({ ...line, values: productsToEnd(line.values) }));
  return { ...flow, heading: "Left by slopes", lines, range: rangeOf(lines) };
}

export function flowModel(panels: readonly NormPanel[], layer: string, step: number, width: number): Flow {
  const groups = panels[0]?.groups ?? [];
  const places = panels.map((panel) => shownAt(panel, step));
  const lines = panels.map((panel, i): FlowLine => {
    const at = places[i]?.index ?? -1;
    const values = groups.map(({ path }) => {
      const row = panel.groups.findIndex((group) => group.path === path);
      return panel.values[row]?.[at] ?? null;
    });
    return { id: panel.id === "B" ? "B" : "A", ...runStyle(panel.run), values };
  });
  return {
    steps: [...new Set(places.flatMap((place) => place?.step ?? []))],
    names: groups.map(({ short }) => short),
    current: panels[0] ? currentRow(panels[0], layer, null) : -1,
    heading: "Flow",
    lines,
    range: rangeOf(lines),
    width,
  };
}

function rangeOf(lines: readonly FlowLine[]): Flow["range"] {
  return logRange(lines.map(({ values }) => values.map((value) => Math.log2(value ?? NaN))));
}
