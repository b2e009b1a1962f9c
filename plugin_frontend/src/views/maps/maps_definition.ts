import * as fields from "../../state/fields.ts";
import type { ViewDefinition } from "../view.ts";

export const MAPS_FIELDS = {
  /** All channels of the layer; each layer's strongest channel; the chosen channel at each logged step. */
  mode: fields.choice("channels", "layers", "steps"),
  scale: fields.choice("layer", "map", "steps"),
  sort: fields.choice("mean", "max", "channel"),
  /** Colour maps for magnitudes and for values around zero. */
  magnitude: fields.choice("viridis", "cividis"),
  signed: fields.choice("RdBu", "BrBG"),
  /** The slice shown of three-dimensional maps. */
  slice: fields.integer(0, 0, 100_000),
} as const;

export type Mode = "channels" | "layers" | "steps";
export type ScaleBy = "layer" | "map" | "steps";

export const MAPS_VIEW: ViewDefinition<typeof MAPS_FIELDS> = {
  id: "maps",
  title: "Maps",
  key: "3",
  tag: "cnn-maps-view",
  needs: ["feature_maps", "probe"],
  ticks: ["feature_maps"],
  fields: MAPS_FIELDS,
  hint: "Look for the bright places of each map and find on the image what is there.",
  howToRead:
    "Bright means the filter found its pattern there. Move over a map: the orange square on the image is all that this " +
    "one number can depend on.",
  empty: {
    title: "This run logged no feature maps",
    text: "Maps need a probe: a few images that stay the same through training.",
    code: 'CNNViz("runs/adam", probe=(x[:8], y[:8]))',
  },
  keys: [
    ["← → ↑ ↓", "in the maps: next cell, with Shift next map"],
    ["Enter", "in the maps, as a click: choose the channel; again: this channel at every step"],
    ["Esc", "back to all channels"],
    ["+ − 0", "in the maps: zoom in, out, fit"],
  ],
};
