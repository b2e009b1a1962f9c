import { edgesOf } from "../../math/edges.ts";
import { memoizeLast } from "../../math/memoize_last.ts";
import type { LayerRecord } from "../../data/schema.ts";
import { hasKind } from "../../state/selectors.ts";
import { runStyle } from "../../state/run_style.ts";
import type { Session } from "../../state/session.ts";
import { spatialSide } from "../../state/shapes.ts";
import { timeAxis } from "../../state/time_axis.ts";
import { columnsOf } from "./columns.ts";
import { sumOf, type Drawing } from "./drawing.ts";
import { inputShape } from "./facts.ts";
import type { ModelData } from "./model_data.ts";
import { hasZeros } from "./queries.ts";
import { curvesOf, numbersOf, type RowNumbers } from "./row_numbers.ts";
import { NOTHING_FOLDED, rowOf, rowsOf, type MapRow } from "./rows.ts";
import { SPARK_HEIGHT, sparkWidth } from "./table_svg.ts";

/** What a person points at, by the rows' keys. */
export interface Pointing {
  readonly cursor: string | null;
  readonly hovered: string | null;
}

/** Puts together what is drawn; what did not change is not computed again. */
export class Drawings {
  readonly #edges = memoizeLast(edgesOf);
  readonly #axis = memoizeLast(timeAxis);
  readonly #curves = memoizeLast(curvesOf);
  readonly #numbers = memoizeLast(numbersOf);
  readonly #each = memoizeLast((layers: readonly LayerRecord[]) => rowsOf(layers, NOTHING_FOLDED, new Set()));
  readonly #eachNumbers = memoizeLast(numbersOf);

  of(
    session: Session,
    data: ModelData,
    rows: readonly MapRow[],
    pointing: Pointing,
    width: number,
    font: string,
  ): Drawing {
    const { detailA, layers, runA } = session;
    const columns = columnsOf(layers, { gradients: hasKind(detailA, "gradients"), zeros: hasZeros(session) }, width);
    const axis = this.#axis(session.state.axis, session.stepsOf(runA, "gradients", null).at(-1) ?? 0);
    const spark = columns.columns.find(({ id }) => id === "gradient");
    const model = detailA?.model ?? null;
    const { series, gradients, maps } = data;
    const cursor = pointing.cursor === null ? -1 : rows.findIndex((row) => row.key === pointing.cursor);
    const here = rowOf(rows, session.layer?.path ?? null);
    return {
      rows,
      columns,
      here,
      font,
      edges: this.#edges(rows),
      input: inputShape(layers),
      largest: Math.max(1, ...layers.map((layer) => spatialSide(layer) ?? 0)),
      mostParameters: Math.max(...rows.map((row) => sumOf(row, (layer) => layer.parameters))),
      mostAdds: Math.max(...rows.map((row) => sumOf(row, (layer) => layer.multiply_adds))),
      numbers: this.#numbers(rows, model, gradients, maps),
      curves: series && spark ? this.#curves(rows, model, series, axis, sparkWidth(spark), SPARK_HEIGHT) : null,
      share: gradients && axis.toShare(gradients.step),
      colour: runStyle(runA ?? "").colour,
      cursor: cursor >= 0 ? cursor : here,
      hovered: rows.findIndex((row) => row.key === pointing.hovered),
    };
  }

  /** Of every layer, folded away or not, by its path. */
  numbersByLayer(session: Session, data: ModelData): ReadonlyMap<string, RowNumbers> {
    return this.#eachNumbers(this.#each(session.layers), session.detailA?.model ?? null, data.gradients, data.maps);
  }
}
