/** The flow's numbers: of the runs themselves, by layer, whatever the heatmaps show. */
import { logRange } from "../../math/powers_of_two.ts";
import { runStyle } from "../../state/run_style.ts";
import type { Flow, FlowLine } from "./flow.ts";
import { currentRow, shownAt, type NormPanel } from "./norm_panels.ts";

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
    lines,
    range: logRange(lines.map(({ values }) => values.map((value) => Math.log2(value ?? NaN)))),
    width,
  };
}
