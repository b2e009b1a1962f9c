/** Where hardly any error comes back from an image: beside the others its maps look empty. */
import { html, nothing } from "lit";
import { formatNumber } from "../../math/format.ts";
import type { MapStatistics } from "../../math/map_values.ts";
import "../../parts/notice.ts";

/** Below this part of the largest error of all images a map is as good as white. */
const FAINT = 1 / 20;

export interface FaintError {
  /** The largest error's magnitude on the image that is shown. */
  readonly size: number;
  /** The image with the largest error, and its magnitude. */
  readonly image: number;
  readonly largest: number;
}

/** Null where the image's errors can be seen beside those of the others. */
export function faintError({ images, of, min, max }: MapStatistics, image: number): FaintError | null {
  const sizes = Array.from({ length: images }, (_, at) => {
    let size = 0;
    for (let i = at * of; i < (at + 1) * of; i++) {
      for (const value of [min[i]!, max[i]!]) if (Number.isFinite(value)) size = Math.max(size, Math.abs(value));
    }
    return size;
  });
  const largest = Math.max(0, ...sizes);
  const size = sizes[image] ?? 0;
  return size < FAINT * largest ? { size, image: sizes.indexOf(largest), largest } : null;
}

export interface FaintChoices {
  showImage(image: number): void;
  /** Null where each map has its own scale already. */
  readonly scaleByMap: (() => void) | null;
}

export function faintNotice(faint: FaintError | null, { showImage, scaleByMap }: FaintChoices): unknown {
  if (!faint) return nothing;
  const [own, other] = [faint.size, faint.largest].map((size) => formatNumber(size, { digits: 2 }));
  return html`<cnn-notice class="faint" heading="Hardly any error comes back from this image"
    text="Its largest is ${own}; on image ${faint.image} it is ${other}${scaleByMap ? ", and they share one scale" : ""}. So it is where the network answers nearly what the label says."
    ><button @click=${() => showImage(faint.image)}>Show image ${faint.image}</button>
    ${scaleByMap ? html`<button @click=${scaleByMap}>Scale by map</button>` : nothing}</cnn-notice>`;
}
