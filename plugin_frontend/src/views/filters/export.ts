/** The view's picture and numbers as files. */
import type { GridElement } from "../../canvas/grid_element.ts";
import { readTheme, setFont } from "../../canvas/grid_theme.ts";
import { formatSigned } from "../../math/format.ts";
import { csvCell } from "../../parts/csv.ts";
import { boundAt, clips } from "./bounds.ts";
import { kernelSize, tileSize, type Kernels } from "./kernels.ts";
import type { Panel, Picture } from "./picture.ts";

const MARGIN = 16;
const HEAD = 44;
const FOOT = 48;
const RAMP = 240;

export interface PictureFile {
  readonly title: string;
  readonly panels: readonly { readonly grid: GridElement; readonly caption: string }[];
  readonly picture: Picture;
}

/** All panels side by side at their fitted size, with title and colour scale. */
export async function pngOf({ title, panels, picture }: PictureFile): Promise<Blob> {
  const parts = panels.flatMap(({ grid, caption }) => {
    const canvas = grid.toCanvas();
    return canvas ? [{ canvas, caption }] : [];
  });
  const theme = readTheme(panels[0]!.grid);
  const captions = parts.length > 1 ? 18 : 0;
  const width = Math.max(RAMP + 60, sum(parts.map(({ canvas }) => canvas.width)) + MARGIN * (parts.length - 1));
  const height = Math.max(0, ...parts.map(({ canvas }) => canvas.height));
  const whole = new OffscreenCanvas(width + 2 * MARGIN, HEAD + captions + height + FOOT + MARGIN);
  const context = whole.getContext("2d")!;
  context.fillStyle = theme.page;
  context.fillRect(0, 0, whole.width, whole.height);
  context.fillStyle = theme.ink;
  setFont(context, theme, 13, true);
  context.fillText(title, MARGIN, 28);
  let x = MARGIN;
  for (const { canvas, caption } of parts) {
    setFont(context, theme, 12);
    if (captions) context.fillText(caption, x, HEAD + 10);
    context.drawImage(canvas, x, HEAD + captions);
    x += canvas.width + MARGIN;
  }
  drawRamp(context, picture, HEAD + captions + height + MARGIN, theme.ink);
  return whole.convertToBlob({ type: "image/png" });
}

function drawRamp(context: OffscreenCanvasRenderingContext2D, picture: Picture, top: number, ink: string): void {
  const { map } = picture.palette;
  for (let i = 0; i < 256; i++) {
    context.fillStyle = `#${map.rgb.slice(6 * i, 6 * i + 6)}`;
    context.fillRect(MARGIN + (i * RAMP) / 256, top, RAMP / 256 + 0.5, 10);
  }
  const { bounds, kernels } = picture.panels[0]!;
  const single = bounds.each.length === 1;
  const bound = boundAt(bounds, kernels, 0, 0);
  const end = single ? formatSigned(bound, 2) : `+ largest of each ${bounds.scale}`;
  const start = single ? formatSigned(-bound, 2) : "−";
  context.fillStyle = ink;
  context.fillText(`${single && clips(bounds) ? "≤ " : ""}${start}`, MARGIN, top + 26);
  context.textAlign = "center";
  context.fillText("0", MARGIN + RAMP / 2, top + 26);
  context.textAlign = single ? "right" : "left";
  context.fillText(
    `${single && clips(bounds) ? "≥ " : ""}${end}`,
    single ? MARGIN + RAMP : MARGIN + RAMP / 2 + 16,
    top + 26,
  );
}

/** A row for each kernel slice: panel, filter, input, slice, filter norm, whether it is practically dead, its weights in full. */
export function csvOf(panels: readonly Panel[], names: (panel: Panel) => string): string {
  const lines: string[] = [];
  const [first] = panels as [Panel, ...Panel[]];
  const cells = Array.from(
    { length: tileSize(first.kernels) },
    (_, i) => `w_${Math.floor(i / first.kernels.width)}_${i % first.kernels.width}`,
  );
  lines.push(["run", "step", "filter", "input", "slice", "filter_norm", "practically_dead", ...cells].join(","));
  for (const panel of panels) addKernels(lines, panel.kernels, csvCell(names(panel)));
  return lines.join("\r\n") + "\r\n";
}

function addKernels(lines: string[], kernels: Kernels, name: string): void {
  const area = tileSize(kernels);
  for (let tile = 0; tile * area < kernels.values.length; tile++) {
    const kernel = Math.floor((tile * area) / kernelSize(kernels));
    const filter = Math.floor(kernel / kernels.inputs);
    const weights = Array.from(kernels.values.subarray(tile * area, (tile + 1) * area), plain);
    const head = [name, kernels.step, filter, kernel % kernels.inputs, tile % kernels.slices];
    lines.push([...head, plain(kernels.norms[filter]!), kernels.dead[filter], ...weights].join(","));
  }
}

/** The shortest text that reads back as the same float32. */
function plain(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return String(short);
  }
  return String(value);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
