import type { Rect } from "../../../canvas/grid_layout.ts";
import { frameHere, readTheme, setFont, type PaintTheme } from "../../../canvas/grid_theme.ts";
import { formatNumber, formatSigned } from "../../../math/format.ts";
import type { Picture } from "../../../parts/picture.ts";
import type { Lab } from "../lab_mode.ts";
import { agreementText } from "./legend.ts";
import { mapPicture, type Colouring } from "./map_picture.ts";
import { windowRect, type Shown } from "./view_model.ts";
import { fitMap, type Extent } from "./sizes.ts";
import { activationName, arithmeticOf, termsOf } from "./labels.ts";

const DENSITY = 2;
const MARGIN = 16;
const SIDE = 288;
const TOP = 64;
const TILE = 84;
const LINE = 18;
/** Channels whose products are drawn; of more than that, the first of the list. */
const ROWS = 4;
const WIDTH = 2 * SIDE + 4 * MARGIN + 3 * TILE + 220;

type Context = OffscreenCanvasRenderingContext2D;

/** Input with the window, the products of the first channels of the list, the output, and the sum in words, on one sheet. */
export async function convolutionPng(host: Element, lab: Lab, shown: Shown, reached: number): Promise<Blob> {
  const theme = readTheme(host);
  const { it, place } = shown;
  const rows = Math.min(ROWS, shown.order.length);
  const notes = notesOf(lab, shown, rows);
  const height = TOP + Math.max(SIDE, rows * (TILE + 8)) + 24 + notes.length * LINE + MARGIN;
  const canvas = new OffscreenCanvas(WIDTH * DENSITY, height * DENSITY);
  const context = canvas.getContext("2d")!;
  context.scale(DENSITY, DENSITY);
  context.fillStyle = theme.page;
  context.fillRect(0, 0, WIDTH, height);
  write(
    context,
    theme,
    `${lab.run}, ${lab.layer.name}, filter ${it.index}, step ${lab.operation.step}`,
    MARGIN,
    MARGIN + 12,
    true,
  );
  const { planes, grid } = it;
  const room: Extent = { width: SIDE, height: SIDE };
  write(
    context,
    theme,
    shown.image ? "input: probe image 0" : `input: ${shown.names[shown.chosen]} of ${lab.inputName}`,
    MARGIN,
    TOP - 8,
  );
  drawPicture(
    context,
    shown.input,
    { x: MARGIN, y: TOP, ...fitMap(planes.rows, planes.columns, room) },
    theme,
    windowRect(it, place),
  );
  const right = WIDTH - MARGIN - SIDE;
  const output = mapPicture(it.map, grid.columns.output, shown.output, "output", { shown: reached });
  write(context, theme, `output before activation, ${ends(shown.output)}`, right, TOP - 8);
  drawPicture(context, output, { x: right, y: TOP, ...fitMap(grid.rows.output, grid.columns.output, room) }, theme, {
    x: place.column,
    y: place.row,
    width: 1,
    height: 1,
  });
  drawProducts(context, theme, shown, rows);
  for (const [i, note] of notes.entries())
    write(context, theme, note, MARGIN, height - MARGIN - (notes.length - 1 - i) * LINE);
  return canvas.convertToBlob({ type: "image/png" });
}

function ends({ range }: Colouring): string {
  return `${formatSigned(range.lo, 2)} to ${formatSigned(range.hi, 2)}`;
}

function notesOf(lab: Lab, shown: Shown, rows: number): string[] {
  const { it, cell, names, place } = shown;
  const terms = termsOf(cell, it.filter, (channel) => names[channel - it.filter.from] ?? "", it.kernel.bias !== null);
  const sum = terms.map(
    ({ value, name }, i) =>
      `${i === 0 ? formatNumber(value, { digits: 3 }) : `${value < 0 ? "−" : "+"} ${formatNumber(Math.abs(value), { digits: 3 })}`} ${name}`,
  );
  const name = activationName(lab.layer);
  const value = it.activation?.(cell.total);
  const after = name === null || value === undefined ? "" : ` → ${name} → ${formatNumber(value, { digits: 3 })}`;
  return [
    `row ${place.row}, column ${place.column}: ${sum.join(" ")} = ${formatSigned(cell.total, 3)}${after}`,
    ...arithmeticOf(it, lab.layer).map(({ name: what, lines }) => `${what}: ${lines.join("; ")}`),
    ...(rows < shown.order.length
      ? [`Products of ${rows} of ${shown.order.length} channels, those of the list's top.`]
      : []),
    agreementText(lab, it),
  ];
}

function drawProducts(context: Context, theme: PaintTheme, shown: Shown, rows: number): void {
  const { cell, it, names } = shown;
  const { filter } = it;
  const size = filter.rows * filter.columns;
  const left = 2 * MARGIN + SIDE + 64;
  for (let i = 0; i < rows; i++) {
    const channel = shown.order[i]!;
    const y = TOP + i * (TILE + 8);
    const part = (values: Float32Array | Float64Array) => values.subarray(channel * size, (channel + 1) * size);
    write(context, theme, names[channel] ?? "", left - 64, y + TILE / 2);
    const tiles: [Float32Array | Float64Array, Colouring, string][] = [
      [cell.window, shown.window, "×"],
      [filter.weights, shown.kernel, "="],
      [cell.products, shown.product, formatSigned(cell.sums[channel]!, 3)],
    ];
    for (const [place, [values, colours, sign]] of tiles.entries()) {
      const x = left + place * (TILE + 20);
      const inside = place === 1 ? null : cell.inside;
      const extent = fitMap(filter.rows, filter.columns, { width: TILE, height: TILE });
      drawPicture(
        context,
        mapPicture(part(values), filter.columns, colours, "", { inside }),
        { x, y, ...extent },
        theme,
        null,
      );
      write(context, theme, sign, x + TILE + 6, y + TILE / 2, place === 2);
    }
  }
}

function write(context: Context, theme: PaintTheme, text: string, x: number, y: number, bold = false): void {
  context.fillStyle = bold ? theme.ink : theme.ink2;
  setFont(context, theme, bold ? 13 : 11, bold);
  context.fillText(text, x, y, WIDTH - x - MARGIN);
}

function drawPicture(context: Context, picture: Picture, rect: Rect, theme: PaintTheme, frame: Rect | null): void {
  const small = new OffscreenCanvas(picture.width, picture.height);
  const bytes = new Uint8ClampedArray(picture.pixels.slice().buffer as ArrayBuffer);
  small.getContext("2d")!.putImageData(new ImageData(bytes, picture.width, picture.height), 0, 0);
  context.fillStyle = theme.line;
  context.fillRect(rect.x, rect.y, rect.width, rect.height);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, rect.x, rect.y, rect.width, rect.height);
  if (!frame) return;
  const [across, down] = [rect.width / picture.width, rect.height / picture.height];
  frameHere(
    context,
    {
      x: rect.x + frame.x * across,
      y: rect.y + frame.y * down,
      width: frame.width * across,
      height: frame.height * down,
    },
    theme,
    2,
  );
}
