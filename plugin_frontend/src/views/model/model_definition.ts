import * as fields from "../../state/fields.ts";
import type { ValuesOf } from "../../state/fields.ts";
import type { ViewDefinition } from "../view.ts";

/** The zoom of the graph in per cent; 0: as large as fits. */
export const ZOOM = { least: 40, most: 200 } as const;

export const MODEL_FIELDS = {
  /** Layers as rows with their numbers, or as boxes and arrows. */
  form: fields.choice("table", "graph"),
  /** Whether runs of layers of one output size stand as one where the network is long. */
  fold: fields.choice("blocks", "none"),
  zoom: fields.integer(0, 0, ZOOM.most),
} as const;

export type ModelOptions = ValuesOf<typeof MODEL_FIELDS>;

export const MODEL_VIEW: ViewDefinition<typeof MODEL_FIELDS> = {
  id: "model",
  title: "Model",
  what: "A network is a chain of layers: each takes the numbers of those before it and computes new ones.",
  key: "1",
  tag: "cnn-model-view",
  load: () => import("./model_view.ts"),
  needs: ["model"],
  ticks: ["gradients", "feature_maps", "filters", "epochs"],
  scope: "network",
  fields: MODEL_FIELDS,
  hint: "Follow the two squares down: the output shrinks while what one number sees of the image grows.",
  howToRead:
    "Follow the squares down: pictures shrink, channels grow, and each number sees more of the image. Dashed line: " +
    "update / weight of 10⁻³, a usual rule of thumb.",
  empty: {
    title: "This run logged no model",
    text: "The model record says which layers the network has; every callback writes it before the first step.",
    code: 'CNNViz("runs/adam")',
  },
  keys: [
    ["↑ ↓", "in the table or graph: previous layer, next layer"],
    ["Enter", "in the table or graph, as a double click: open the layer's Filters; on folded layers: unfold"],
    ["Esc", "fold the chosen layer's block again"],
    ["+ − 0", "zoom the graph in, out, fit"],
  ],
};
