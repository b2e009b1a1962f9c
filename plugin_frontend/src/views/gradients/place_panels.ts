/** The heatmaps of what goes through layers: sizes as logarithms like the norms, shares from 0 to 1. */
import type { LayerRecord } from "../../data/schema.ts";
import { paletteOf } from "../../math/colour.ts";
import { cividis } from "../../math/colour_maps.ts";
import { logs } from "../../math/gradient_norms.ts";
import type { GradientOptions } from "./fields.ts";
import { countsOf, normPictureOf, type NormPanel, type NormPicture } from "./norm_panels.ts";
import { isShare, type RunPlaces } from "./run_places.ts";

export function placePicture(
  a: RunPlaces,
  b: RunPlaces | null,
  layers: readonly LayerRecord[],
  layersB: readonly LayerRecord[],
  show: GradientOptions["show"],
): NormPicture {
  const own = panelOf("A", a, layers);
  const other = b && show !== "a" ? panelOf("B", b, layersB) : null;
  if (!isShare(a.quantity)) return normPictureOf(a.quantity, own, other, show);
  const panels = other ? [own, other] : [own];
  const range = { lo: 0, hi: 1 };
  return {
    quantity: a.quantity,
    panels,
    scale: { ...range, palette: paletteOf(cividis) },
    ...countsOf(panels, range, false),
  };
}

function panelOf(
  id: "A" | "B",
  { run, places, steps, quantity }: RunPlaces,
  layers: readonly LayerRecord[],
): NormPanel {
  const names = new Map(layers.map(({ path, name }) => [path, name]));
  const groups = places.map(({ row: { layer } }, i) => {
    const name = names.get(layer) ?? layer;
    return { name, short: name, layer, path: layer, places: [i] };
  });
  const rows = places.map(({ values }, i) => ({
    name: groups[i]!.name,
    short: groups[i]!.short,
    steps,
    values: isShare(quantity) ? values : logs(values),
  }));
  return { id, run, groups, rows, values: places.map(({ values }) => values) };
}
