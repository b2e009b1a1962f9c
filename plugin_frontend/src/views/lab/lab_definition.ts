import * as fields from "../../state/fields.ts";
import { stepsOf } from "../../state/selectors.ts";
import type { ViewDefinition } from "../view.ts";
import { ACTIVATION_FIELDS } from "./activation/activation_fields.ts";
import { CONVOLUTION_FIELDS } from "./convolution/convolution_fields.ts";
import { LOSS_FIELDS } from "./loss/loss_fields.ts";
import { activates, modeOf, outputLayer, trains } from "./mode.ts";
import { OPTIMIZER_FIELDS } from "./optimizer/optimizer_fields.ts";
import { POOLING_FIELDS } from "./pooling/pooling_fields.ts";

export const LAB_FIELDS = {
  /** On a pooling layer it is always pooling; on a convolution "pooling" pools the layer's output by hand. */
  mode: fields.choice("convolution", "pooling", "activation", "loss", "optimizer"),
  /** The output cell that the window stands on; null: where the mode starts. */
  row: fields.optionalInteger(0, 100_000),
  column: fields.optionalInteger(0, 100_000),
  ...ACTIVATION_FIELDS,
  ...CONVOLUTION_FIELDS,
  ...LOSS_FIELDS,
  ...OPTIMIZER_FIELDS,
  ...POOLING_FIELDS,
} as const;

const BASE: ViewDefinition<typeof LAB_FIELDS> = {
  id: "lab",
  title: "Lab",
  what: "A layer computes each output cell from a small window of its input; here you can move that window and change its rules.",
  key: "4",
  tag: "cnn-lab-view",
  load: () => import("./lab_view.ts"),
  needs: ["operations"],
  ticks: ["operations"],
  fields: LAB_FIELDS,
  hint: "Move the orange window with the arrow keys and watch which one number each operation makes of it.",
  howToRead:
    "Every output cell is made of the input cells under the orange window, and of nothing else. The numbers are " +
    "computed here, on the map that was logged, and compared with what the layer itself gave.",
  empty: {
    title: "This run logged nothing for the Lab",
    text:
      "The Lab needs the exact input and output of convolutions and pooling layers for one probe image. This log was " +
      "written without them, or before they were logged: train again with a probe.",
    code: 'CNNViz("runs/adam", probe=(x[:8], y[:8]))',
  },
  keys: [
    ["← → ↑ ↓", "in the picture: window by one output cell, with Shift by five; in the kernel: the weight beside"],
    ["← →", "in the picture of Activation: the input under the cursor, with Shift ten; Esc: away"],
    ["↑ ↓ ← →", "in the picture of Loss: another class; its logit, with Shift ten times as far; Esc: as logged"],
    ["↑ ↓", "in the picture of Optimizer: the optimizer before, after"],
    ["Space", "in the picture: let the window slide by itself; again: stop"],
    ["Enter", "in the picture: window on the last output cell; in the kernel: take the number"],
    ["Esc", "in the kernel: leave the number as it was"],
    ["+ − 0", "in Pooling's picture: zoom of the input in, out, fit"],
  ],
};

/** While it asks what an activation does: at every step and for every layer of which that was measured. */
const ACTIVATION: ViewDefinition<typeof LAB_FIELDS> = {
  ...BASE,
  needs: ["activations"],
  ticks: ["activations"],
  layers: activates,
  hint: "Look for hatched bars: what enters the function there lets hardly any gradient back.",
};

/**
 * While it asks for the loss: of the prediction. Once its layer is chosen, those with operations can be chosen too, which
 * then show theirs.
 */
const LOSS: ViewDefinition<typeof LAB_FIELDS> = {
  ...BASE,
  needs: ["predictions"],
  ticks: ["predictions"],
  layers: (layer, detail) => layer.path === outputLayer(detail)?.path,
  hint: "Drag a bar of the prediction, and watch which loss still pushes where the network is most wrong.",
};

const LOSS_CHOSEN: ViewDefinition<typeof LAB_FIELDS> = {
  ...LOSS,
  layers: (layer, detail) =>
    layer.path === outputLayer(detail)?.path || stepsOf(detail, "operations", layer.path).length > 0,
};

/** While it asks what another optimizer would have done: one weight over all steps. Where none is followed it says so. */
const OPTIMIZER: ViewDefinition<typeof LAB_FIELDS> = {
  ...BASE,
  needs: [],
  ticks: ["gradient_samples", "losses", "epochs"],
  layers: trains,
  hint: "The wide grey line is what the run did; look where the thin lines leave it in the first steps.",
};

export const LAB_VIEW: ViewDefinition<typeof LAB_FIELDS> = {
  ...BASE,
  as: ({ mode }, layer, detail) => {
    const shown = modeOf(mode, layer, detail);
    if (shown === "loss") return layer ? LOSS_CHOSEN : LOSS;
    return shown === "activation" ? ACTIVATION : shown === "optimizer" ? OPTIMIZER : BASE;
  },
};
