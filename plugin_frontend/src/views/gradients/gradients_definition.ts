import type { ViewDefinition } from "../view.ts";
import { GRADIENT_FIELDS } from "./fields.ts";

export const GRADIENTS_VIEW: ViewDefinition<typeof GRADIENT_FIELDS> = {
  id: "gradients",
  title: "Gradients",
  what: "A gradient says how much the loss would change if a weight did: the training moves each weight against it.",
  key: "5",
  tag: "cnn-gradients-view",
  load: () => import("./gradients_view.ts"),
  needs: ["gradients"],
  ticks: ["gradients"],
  layers: (layer) => layer.parameters > 0 && layer.trainable,
  fields: GRADIENT_FIELDS,
  hint: "Look for rows that stay darker than those below them: there the error arrives weakened.",
  howToRead:
    "Rows of one brightness: the error reaches every layer. Rows that grow darker towards the first layer: early layers " +
    "hardly learn.",
  empty: {
    title: "This run logged no gradients",
    text: "Norms and histograms of each variable's gradient on the training batch; the callback logs them unless it is told not to.",
    code: 'CNNViz("runs/adam", gradients=True)',
  },
  keys: [
    ["← → ↑ ↓", "in a heatmap that has focus: next cell, with Shift ten"],
    ["Enter", "in a heatmap: go to the cell's step"],
    ["Esc", "in a heatmap: put the cursor away"],
  ],
};
