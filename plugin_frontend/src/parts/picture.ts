import { css, html, LitElement } from "lit";
import { base } from "./styles.ts";

/** A small picture: pixels as 0xaabbggrr, row after row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
  /** What it shows, in words. */
  readonly words: string;
}

/** Draws a small picture, each pixel a sharp square. Its size comes from the outside. */
export class PictureElement extends LitElement {
  static override properties = { picture: { attribute: false } };
  declare picture: Picture | null;

  constructor() {
    super();
    this.picture = null;
  }

  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      canvas {
        display: block;
        width: 100%;
        height: 100%;
        image-rendering: pixelated;
      }
    `,
  ];

  override render(): unknown {
    return html`<canvas aria-hidden="true"></canvas>`;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    const { picture } = this;
    if (!canvas || !picture) return;
    canvas.width = picture.width;
    canvas.height = picture.height;
    const bytes = new Uint8ClampedArray(
      picture.pixels.buffer as ArrayBuffer,
      picture.pixels.byteOffset,
      picture.pixels.byteLength,
    );
    canvas.getContext("2d")?.putImageData(new ImageData(bytes, picture.width, picture.height), 0, 0);
  }
}

customElements.define("cnn-picture", PictureElement);
