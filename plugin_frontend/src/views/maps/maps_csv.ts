import { classOf } from "../../math/map_classes.ts";
import { cellCount, slotOf } from "../../math/map_values.ts";
import { csvOf } from "../../parts/csv.ts";
import { deadWord, ruleOfMaps, statistic } from "./layer_maps.ts";
import type { Side } from "./view_model.ts";

/** One row a channel and run: the exact statistics of one image's maps, of all channels, kept or not. */
export function mapsCsv(layer: string, image: number, sides: readonly Side[]): string {
  const rows: (string | number)[][] = [
    ["run", "layer", "step", "image", "channel", "class", "kept", "mean", "min", "max", "zero_share", "of"],
  ];
  for (const { run, maps } of sides) {
    const cells = cellCount(maps.stack);
    for (let channel = 0; channel < maps.statistics.of; channel++) {
      rows.push([
        run,
        layer,
        maps.record.step,
        image,
        channel,
        deadWord(maps, channel) || classOf(maps.statistics, image, channel, ruleOfMaps(maps), cells),
        slotOf(maps.stack, channel) >= 0 ? 1 : 0,
        ...(["mean", "min", "max", "zeros"] as const).map((name) => statistic(maps, name, image, channel)),
        maps.isError ? "error, mean of its size" : "feature map",
      ]);
    }
  }
  return csvOf(rows);
}
