import { colourNames } from "../../math/colour_choices.ts";
import * as fields from "../../state/fields.ts";
import type { RunDetail } from "../../data/schema.ts";
import { hasKind } from "../../state/selectors.ts";
import type { ViewDefinition } from "../view.ts";

export const MAPS_FIELDS = {
  /** What the layer gives, or the error that comes back to it. */
  of: fields.choice("maps", "error"),
  /** All channels of the layer; each layer's strongest channel; the chosen channel at each logged step. */
  mode: fields.choice("channels", "layers", "steps"),
  scale: fields.choice("layer", "map", "steps"),
  sort: fields.choice("mean", "max", "channel"),
  /** Colour maps for magnitudes and for values around zero. */
  magnitude: fields.choice(...colourNames("magnitude")),
  signed: fields.choice(...colourNames("signed")),
  /** The slice shown of three-dimensional maps. */
  slice: fields.integer(0, 0, 100_000),
} as const;

export type Mode = "channels" | "layers" | "steps";
export type ScaleBy = "layer" | "map" | "steps";

export type MapsKind = "feature_maps" | "error_maps";

/** The records that are shown: what was chosen, where the run has it. */
export function kindOf(of: "maps" | "error", detail: RunDetail | null): MapsKind {
  return of === "error" && hasKind(detail, "error_maps") ? "error_maps" : "feature_maps";
}

const BASE: ViewDefinition<typeof MAPS_FIELDS> = {
  id: "maps",
  title: "Maps",
  what: "A feature map is what one filter answers at every place of one image.",
  key: "3",
  tag: "cnn-maps-view",
  load: () => import("./maps_view.ts"),
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

/** While it shows errors. */
const ERROR: ViewDefinition<typeof MAPS_FIELDS> = {
  ...BASE,
  needs: ["error_maps", "probe"],
  ticks: ["error_maps"],
  hint: "Look for the coloured cells: only there does this image change the layer.",
  howToRead:
    "Red: a smaller number in this cell would make the loss smaller; blue: a larger one. White cells learn nothing from this " +
    "image, and the stronger a colour, the more the loss depends on it.",
};

export const MAPS_VIEW: ViewDefinition<typeof MAPS_FIELDS> = {
  ...BASE,
  as: ({ of }, _role, detail) => (kindOf(of, detail) === "error_maps" ? ERROR : BASE),
};
