/** The painted pages of a sheet at every halving, kept while they fit a budget; those drawn longest ago go first. */
import { halve } from "./reduce.ts";
import { PAGE, paintPatch, sheetGeometry, type Patch, type SheetGeometry } from "./sheet.ts";
import type { GridScene } from "./grid_scene.ts";

const BUDGET_PIXELS = 32 << 20;

export interface Page {
  readonly canvas: OffscreenCanvas;
  /** The part of the sheet it shows, in unreduced pixels. */
  readonly patch: Patch;
}

/** A page at one halving; its canvas is made when it is first drawn. */
interface Painted {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
  page: Page | null;
}

export class SheetPages {
  private readonly painted = new Map<string, Painted>();
  private pixels = 0;
  private readonly scene: GridScene;
  private readonly sheet: SheetGeometry;
  private readonly hatch: number;

  constructor(scene: GridScene, hatch: number) {
    this.scene = scene;
    this.sheet = sheetGeometry(scene);
    this.hatch = hatch;
  }

  /** Pages, each halved `level` times, that together show a part of the sheet. */
  covering(part: Patch, level: number): Page[] {
    const found: Page[] = [];
    const right = Math.ceil((part.x + part.width) / PAGE);
    const bottom = Math.ceil((part.y + part.height) / PAGE);
    for (let row = Math.floor(part.y / PAGE); row < bottom; row++) {
      for (let column = Math.floor(part.x / PAGE); column < right; column++) {
        const page = this.page(column, row, level);
        if (page) found.push(page);
      }
    }
    return found;
  }

  private page(column: number, row: number, level: number): Page | null {
    const [x, y] = [column * PAGE, row * PAGE];
    const width = Math.min(PAGE, this.sheet.width - x);
    const height = Math.min(PAGE, this.sheet.height - y);
    if (x < 0 || y < 0 || width <= 0 || height <= 0) return null;
    const patch = { x, y, width, height };
    const painted = this.paint(`${column}/${row}`, patch, level);
    painted.page ??= { canvas: canvasOf(painted), patch };
    this.forget();
    return painted.page;
  }

  /** A coarser page is made from the next finer one, which is kept for the way back. */
  private paint(name: string, patch: Patch, level: number): Painted {
    const key = `${level}/${name}`;
    let painted = this.painted.get(key);
    if (painted) {
      this.painted.delete(key);
    } else {
      if (level > 0) {
        const finer = this.paint(name, patch, level - 1);
        painted = {
          pixels: halve(finer.pixels, finer.width, finer.height),
          width: Math.ceil(finer.width / 2),
          height: Math.ceil(finer.height / 2),
          page: null,
        };
      } else {
        painted = {
          pixels: new Uint32Array(patch.width * patch.height),
          width: patch.width,
          height: patch.height,
          page: null,
        };
        paintPatch(this.scene, patch, painted.pixels, this.hatch);
      }
      this.pixels += painted.pixels.length;
    }
    this.painted.set(key, painted);
    return painted;
  }

  private forget(): void {
    for (const [key, { pixels }] of this.painted) {
      if (this.pixels <= BUDGET_PIXELS || this.painted.size <= 1) break;
      this.painted.delete(key);
      this.pixels -= pixels.length;
    }
  }
}

function canvasOf({ pixels, width, height }: Painted): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const bytes = new Uint8ClampedArray(pixels.buffer as ArrayBuffer, pixels.byteOffset, 4 * width * height);
  canvas.getContext("2d")!.putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas;
}
