import type { LayerRecord } from "../../data/schema.ts";
import { blockName, blocksOf, joinSmall } from "../../state/blocks.ts";
import { spatialShape, times } from "../../state/shapes.ts";

/** A row of the table or a box of the graph: a layer, or several that are folded to one. */
export interface MapRow {
  /** Path of its layer; of folded ones the first. */
  readonly key: string;
  readonly layers: readonly LayerRecord[];
  /** The layer whose output it hands on: of folded ones the last of the block's size, without padding for the next. */
  readonly face: LayerRecord;
  readonly folded: boolean;
  /** Of the first row of a run that is unfolded: how many layers would fold to one. */
  readonly unfolded: number;
}

/** A network of up to so many layers is shown in full. */
export const MOST_ROWS = 24;
/** A shorter run of layers is not worth folding. */
const LEAST_RUN = 3;

export const NOTHING_FOLDED: ReadonlyMap<string, string> = new Map();

/** Keys of the runs of layers that can be folded, by the path of each of their layers. */
export function foldsOf(layers: readonly LayerRecord[]): ReadonlyMap<string, string> {
  const folds = new Map<string, string>();
  if (layers.length <= MOST_ROWS) return folds;
  for (const tiles of blocksOf(joinSmall(layers, null), (tile) => tile.face)) {
    const block = tiles.flatMap((tile) => tile.layers);
    if (block.length < LEAST_RUN) continue;
    for (const layer of block) folds.set(layer.path, (block[0] as LayerRecord).path);
  }
  return folds;
}

/** Every layer in one row, in order. `open`: keys of the folds that are unfolded. */
export function rowsOf(
  layers: readonly LayerRecord[],
  folds: ReadonlyMap<string, string>,
  open: ReadonlySet<string>,
): MapRow[] {
  const rows: MapRow[] = [];
  const sizes = new Map<string, number>();
  for (const key of folds.values()) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  for (const layer of layers) {
    const fold = folds.get(layer.path);
    const last = rows.at(-1);
    if (fold === undefined || open.has(fold)) {
      rows.push({
        key: layer.path,
        layers: [layer],
        face: layer,
        folded: false,
        unfolded: fold === layer.path ? (sizes.get(fold) ?? 0) : 0,
      });
    } else if (last?.folded && last.key === fold) {
      rows[rows.length - 1] = {
        ...last,
        layers: [...last.layers, layer],
        face: isOfSize(layer, last.face) ? layer : last.face,
      };
    } else {
      rows.push({ key: fold, layers: [layer], face: layer, folded: true, unfolded: 0 });
    }
  }
  return rows;
}

function isOfSize(layer: LayerRecord, other: LayerRecord): boolean {
  return times(spatialShape(layer)) === times(spatialShape(other));
}

export function nameOf(row: MapRow): string {
  return row.folded ? blockName(row.layers) : row.face.name;
}

/** The row that holds a layer; -1 where none does. */
export function rowOf(rows: readonly MapRow[], path: string | null): number {
  return rows.findIndex((row) => row.layers.some((layer) => layer.path === path));
}
