import type { LayerRecord } from "../../data/schema.ts";

export type ColumnId = "layer" | "output" | "window" | "field" | "parameters" | "adds" | "gradient" | "ratio" | "zeros";

export interface Column {
  readonly id: ColumnId;
  readonly title: string;
  readonly note: string;
  /** What its numbers are, in a sentence. */
  readonly words: string;
  readonly x: number;
  readonly width: number;
}

export interface Columns {
  readonly spine: number;
  readonly columns: readonly Column[];
  readonly width: number;
  /** Too narrow for blocks and bars: numbers and curves alone. */
  readonly narrow: boolean;
}

/** What the run has something of. */
export interface Has {
  readonly gradients: boolean;
  /** Maps of layers with an activation. */
  readonly zeros: boolean;
}

interface Kind {
  readonly id: ColumnId;
  readonly title: string;
  /** The title where there is little room. */
  readonly short?: string;
  readonly shortNote?: string;
  readonly note: string;
  readonly words: string;
  readonly wide: number;
  readonly narrow: number;
  /** Its part of what is left over. */
  readonly grows: number;
}

const KINDS: readonly Kind[] = [
  { id: "layer", title: "layer", note: "", words: "Name, type and activation.", wide: 126, narrow: 92, grows: 4 },
  {
    id: "output",
    title: "output",
    note: "",
    words: "Shape of one image's output. The block: its height and width, and the logarithm of its channels.",
    wide: 108,
    narrow: 70,
    grows: 1,
  },
  {
    id: "window",
    title: "window",
    note: "/ stride",
    words: "Kernel or pooling window; stride where it is not 1; padding; dilation and groups where they are not 1.",
    wide: 62,
    narrow: 54,
    grows: 1,
  },
  {
    id: "field",
    title: "receptive field",
    short: "field",
    note: "px",
    words:
      "Receptive field: the square of the image that one number can depend on, inside the whole image. Its stride, how far apart neighbours are, stands in the legend.",
    wide: 94,
    narrow: 56,
    grows: 0,
  },
  {
    id: "parameters",
    title: "parameters",
    short: "params",
    note: "",
    words: "Weights of the layer, trained or not. Bars are linear, to the largest.",
    wide: 96,
    narrow: 50,
    grows: 0,
  },
  {
    id: "adds",
    title: "multiply-adds",
    short: "adds",
    note: "an image",
    shortNote: "image",
    words: "Multiplications with weights for one image. Bars are linear, to the largest.",
    wide: 98,
    narrow: 52,
    grows: 0,
  },
  {
    id: "gradient",
    title: "gradient norm",
    short: "gradient",
    note: "training batch",
    shortNote: "batch",
    words:
      "Of the training batch, as the optimizer received it, before clipping: root of the sum of squares over the layer's variables. The number is that of the shown step; curves are logarithmic, on one scale for all layers.",
    wide: 118,
    narrow: 84,
    grows: 3,
  },
  {
    id: "ratio",
    title: "update / weight",
    short: "upd. / weight",
    note: "training batch",
    shortNote: "batch",
    words:
      "Norm of the applied update beside that of the weights, logarithmic, one scale for all layers. Dashed: 10⁻³.",
    wide: 118,
    narrow: 84,
    grows: 3,
  },
  {
    id: "zeros",
    title: "zero output",
    short: "zeros",
    note: "probe",
    words: "Share of exact zeros after the activation, over all channels, cells and probe images, at the shown step.",
    wide: 96,
    narrow: 46,
    grows: 0,
  },
];

const SPINE = { wide: 44, narrow: 38 } as const;

/** The columns of which there is anything, spread over `room` pixels. */
export function columnsOf(layers: readonly LayerRecord[], has: Has, room: number): Columns {
  const present: Readonly<Record<ColumnId, boolean>> = {
    layer: true,
    output: layers.some((layer) => layer.output_shape.length > 0),
    window: layers.some((layer) => layer.kernel_size !== null),
    field: layers.some((layer) => layer.receptive_field !== null),
    parameters: layers.some((layer) => layer.parameters > 0),
    adds: layers.some((layer) => (layer.multiply_adds ?? 0) > 0),
    gradient: has.gradients,
    ratio: has.gradients,
    zeros: has.zeros,
  };
  const kinds = KINDS.filter(({ id }) => present[id]);
  const sum = (size: "wide" | "narrow"): number => kinds.reduce((all, kind) => all + kind[size], SPINE[size] as number);
  const size = sum("wide") <= room ? "wide" : "narrow";
  const spare =
    Math.max(0, room - sum(size)) /
    Math.max(
      1,
      kinds.reduce((all, kind) => all + kind.grows, 0),
    );
  // A number stands by its name: a long line of nothing between them is no help.
  const least = {
    layer: 24,
    output: 10,
    window: 10,
    field: 0,
    parameters: 0,
    adds: 0,
    gradient: 30,
    ratio: 30,
    zeros: 0,
  };
  let x: number = SPINE[size];
  const columns = kinds.map(({ id, title, short, note, shortNote, words, grows, ...kind }): Column => {
    const width = Math.floor(kind[size] + Math.min(grows * spare, 4 * least[id]));
    const column = {
      id,
      title: size === "narrow" ? (short ?? title) : title,
      note: size === "narrow" ? (shortNote ?? note) : note,
      words,
      x,
      width,
    };
    x += width;
    return column;
  });
  return { spine: SPINE[size], columns, width: Math.max(x, Math.min(room, x + 40)), narrow: size === "narrow" };
}
