/** The painted pages of a sheet at every halving, kept while they fit a budget; those drawn longest ago go first. */
import { halve } from "./reduce.ts";
import { PAGE, paintPatch, sheetGeometry, type Patch } from "./sheet.ts";
import type { GridScene } from "./grid_scene.ts";

const BUDGET_PIXELS = 64 << 20;

export interface Page {
  readonly canvas: OffscreenCanvas;
  /** The part of the sheet it shows, in unreduced pixels. */
  readonly patch: Patch;
}

export class SheetPages {
  private readonly pages = new Map<string, Page>();
  private pixels = 0;
  private readonly scene: GridScene;
  private readonly hatch: number;

  constructor(scene: GridScene, hatch: number) {
    this.scene = scene;
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

  private page(column: number, row: number, level: number): Page | undefined {
    const key = `${level}/${column}/${row}`;
    const known = this.pages.get(key);
    if (known) {
      this.pages.delete(key);
      this.pages.set(key, known);
      return known;
    }
    const sheet = sheetGeometry(this.scene);
    const [x, y] = [column * PAGE, row * PAGE];
    const patch = { x, y, width: Math.min(PAGE, sheet.width - x), height: Math.min(PAGE, sheet.height - y) };
    if (x < 0 || y < 0 || patch.width <= 0 || patch.height <= 0) return undefined;
    const page = { canvas: this.paint(patch, level), patch };
    this.keep(key, page);
    return page;
  }

  private paint(patch: Patch, level: number): OffscreenCanvas {
    let { width, height } = patch;
    let pixels: Uint32Array = new Uint32Array(width * height);
    paintPatch(this.scene, patch, pixels, this.hatch);
    for (let i = 0; i < level; i++) {
      pixels = halve(pixels, width, height);
      [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
    }
    const canvas = new OffscreenCanvas(width, height);
    const bytes = new Uint8ClampedArray(pixels.buffer as ArrayBuffer, 0, 4 * width * height);
    canvas.getContext("2d")!.putImageData(new ImageData(bytes, width, height), 0, 0);
    return canvas;
  }

  private keep(key: string, page: Page): void {
    this.pages.set(key, page);
    this.pixels += page.canvas.width * page.canvas.height;
    for (const [old, { canvas }] of this.pages) {
      if (this.pixels <= BUDGET_PIXELS || old === key) break;
      this.pages.delete(old);
      this.pixels -= canvas.width * canvas.height;
    }
  }
}
