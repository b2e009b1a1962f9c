import * as fields from "../../state/fields.ts";
import type { ViewDefinition } from "../view.ts";
import { target, zoom } from "./own_fields.ts";

export const COMPARE_FIELDS = {
  /** A metric by the name that Keras gives it for training data, or the loss of each batch. */
  metric: fields.text("loss"),
  part: fields.choice("validation", "train", "both"),
  align: fields.choice("step", "epoch", "examples", "time"),
  /** Hundredths of the weight that the mean keeps. */
  smooth: fields.integer(0, 0, 99),
  scale: fields.choice("linear", "log"),
  better: fields.choice("auto", "lower", "higher"),
  target,
  zoom,
  sort: fields.choice("best", "run", "settings", "at", "final", "reach", "accuracy", "train", "gap", "cost"),
  descending: fields.flag(),
} as const;

export type Part = "validation" | "train" | "both";
export type Align = "step" | "epoch" | "examples" | "time";
export type Column = (typeof COMPARE_FIELDS)["sort"]["fallback"];

export const COMPARE_VIEW: ViewDefinition<typeof COMPARE_FIELDS> = {
  id: "compare",
  title: "Compare",
  what: "A run is one training: its curves say how fast it learned, and how well it does on examples it never saw.",
  key: "6",
  tag: "cnn-compare-view",
  load: () => import("./compare_view.ts"),
  needs: [],
  ticks: ["gradients", "feature_maps", "filters", "epochs"],
  scope: "network",
  fields: COMPARE_FIELDS,
  hint: "Look for the line that falls first and ends lowest, then at how far its training loss lies below it.",
  howToRead:
    "Rings mark where a run first meets the target; drag the dashed line to move it. A wide shaded gap means that the run " +
    "fits its own examples better than new ones: it is overfitting.",
  empty: {
    title: "There is nothing to compare",
    text: "Compare draws the metrics of every run below the logdir.",
    code: 'model.fit(x, y, validation_data=(x_val, y_val), callbacks=[CNNViz("runs/adam")])',
  },
  keys: [
    ["← →", "in the chart: crosshair, with Shift ten points"],
    ["Home End", "in the chart: first point, last point"],
    ["Esc", "in the chart: take the crosshair away"],
    ["+ − 0", "in the chart: zoom in, out, all"],
    ["↑ ↓", "on the target: move it"],
    ["PgUp PgDn", "on the target: move it by more"],
  ],
};
