import type { ViewDefinition } from "../view.ts";
import { FILTER_FIELDS } from "./fields.ts";
import type { Mode } from "./fields.ts";

export const FILTERS_VIEW: ViewDefinition<typeof FILTER_FIELDS> = {
  id: "filters",
  title: "Filters",
  what: "A filter is a small grid of weights that slides over its input and answers strongly where the input looks like it.",
  key: "2",
  tag: "cnn-filters-view",
  load: () => import("./filters_view.ts"),
  needs: ["filters"],
  ticks: ["filters"],
  fields: FILTER_FIELDS,
  hint: "Look for tiles with a clear pattern, an edge, a spot or a colour, and walk the steps to see it come out of the noise.",
  howToRead:
    "A two-coloured edge responds where that edge is in the image. Speckle means that the filter is still near its " +
    "random start.",
  empty: {
    title: "This run logged no filters",
    text: "Filters are the weights of convolutions; the callback logs them unless it is told not to.",
    code: 'CNNViz("runs/adam", filters=True)',
  },
  keys: [
    ["← → ↑ ↓", "in the grid: next cell, with Shift next filter"],
    ["Enter", "in the grid: open the filter's biography"],
    ["Esc", "close the biography"],
    ["+ − 0", "zoom in, out, fit"],
  ],
};

/** Two sentences for a student, by what is drawn. */
export const HOW_TO_READ: Readonly<Record<Mode, string>> = {
  folded:
    "A two-coloured edge responds where that edge is in the image. Speckle means that it is still near its random " +
    "start: its cosine to step 0 stays close to 1.",
  tiles:
    "Red cells add to the response where the input is bright, blue cells take away from it: a red half beside a blue " +
    "one finds an edge. Speckle means that the filter is still near its random start.",
  matrix:
    "A column is one filter: what it takes from each input. A pale row is an input that nobody uses; two columns alike " +
    "are duplicates.",
  one:
    "Each tile is what the filter looks for in one input; the response is the sum over all of them. Pale tiles are " +
    "inputs that this filter ignores.",
};
