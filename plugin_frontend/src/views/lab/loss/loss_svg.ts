/** The picture above: the image, its prediction row by row, and the error that starts back-propagation. */
import { svg, type SVGTemplateResult } from "lit";
import { formatCount, formatNumber, formatSigned } from "../../../math/format.ts";
import { along, CAPTION, numberEnd, ROW, type LossLayout, type Span } from "./loss_layout.ts";
import type { LossRow, LossShown } from "./loss_view_model.ts";
import { errorHeading, errorNote, imageLines, lossLine, named, shortened } from "./loss_words.ts";

export interface DrawnPicture {
  readonly href: string;
  readonly width: number;
  readonly height: number;
  readonly words: string;
}

export function predictionSvg(
  shown: LossShown,
  layout: LossLayout,
  pictures: readonly DrawnPicture[],
  names: readonly string[],
): SVGTemplateResult {
  const { rows, all } = shown;
  const { head } = shown.source;
  const { logit, power, share, error, rows: place } = layout;
  const given = head === "linear" ? "prediction" : "logit z";
  return svg`
    ${imageSvg(shown, layout, pictures, names)}
    ${title(logit, given, shown.source.given === "logits" ? "as the network gave it" : head === "linear" ? "bar; line: its label" : "computed back from p")}
    ${power && title(power, "→ eᶻ", "always positive")}
    ${share && title(share, "→ p", power ? "eᶻ / sum" : head === "sigmoid" ? "1 / (1 + e⁻ᶻ)" : "mean")}
    ${title(error, `→ ${errorHeading(shown)}`, errorNote(shown))}
    ${rows.map((row, i) => rowSvg(shown, layout, row, place.y + i * ROW))}
    ${power && svg`<text class="quiet-text" x=${numberEnd(power)} y=${place.below + 14} text-anchor="end">sum ${formatNumber(sumOfPowers(shown), { digits: 3 })}</text>`}
    <text class="quiet-text" x=${layout.width} y=${place.below + 14} text-anchor="end">this is what starts back-propagation</text>
    ${rows.length < all.length ? svg`<text class="quiet-text" x=${layout.label.x} y=${place.below + 14}>${rows.length} of ${formatCount(all.length)} classes: the largest p, the true one</text>` : null}
    <text class="answer" x=${layout.label.x} y=${place.below + 36}>${lossLine(shown)}</text>`;
}

function title({ x, width }: Span, name: string, note: string): SVGTemplateResult {
  return svg`<text class="strong" x=${x} y="12">${name}</text><text class="quiet-text" x=${x} y="26">${shortened(note, Math.floor((width + 50) / 5.6))}</text>`;
}

/** e^z may leave the numbers: the text then says its power. */
function powerWords(z: number): string {
  const power = Math.exp(z);
  return power === Infinity && z < Infinity
    ? `e^${formatNumber(z, { digits: 3 })}`
    : formatNumber(power, { digits: 3 });
}

function sumOfPowers({ source, image, focus }: LossShown): number {
  // e^z / p is the sum, whichever row it is taken of; the moved row's own p is of the moved logits.
  const { z, p } = focus;
  return source.examples[image] && p > 0 ? Math.exp(z) / p : NaN;
}

function rowSvg(shown: LossShown, layout: LossLayout, row: LossRow, y: number): SVGTemplateResult {
  const { focus, xs, source, rows } = shown;
  const { logit, power, share, error, label, width } = layout;
  const isFocus = row.index === focus.index;
  const middle = y + ROW / 2;
  const most = Math.max(...rows.map((each) => (Number.isFinite(each.z) ? each.z : -Infinity)));
  const centre = source.head === "linear" ? Math.min(Math.max(0, xs[0]!), xs.at(-1)!) : 0;
  const text = (span: Span, words: string): SVGTemplateResult =>
    svg`<text class=${isFocus ? "strong" : ""} x=${numberEnd(span)} y=${middle + 4} text-anchor="end">${words}</text>`;
  const letters = Math.floor(label.width / 6);
  return svg`<g data-row=${row.index}>
    ${isFocus ? svg`<rect class="wash" x=${label.x - 4} y=${y + 1} width=${width - label.x + 4} height=${ROW - 2}></rect>` : null}
    <text class=${isFocus ? "own" : ""} x=${label.x} y=${middle + 4}>${row.label.length > letters ? svg`<title>${row.label}</title>` : null}${named(row.label, letters)}</text>
    <path class="grid" d=${`M${along(logit, xs, centre)} ${y}v${ROW}`}></path>
    ${bar(along(logit, xs, centre), along(logit, xs, row.z), middle, "bar")}
    ${source.head === "linear" ? svg`<rect class="mark" x=${along(logit, xs, row.y) - 1} y=${y + 3} width="2" height=${ROW - 6}></rect>` : null}
    ${row.isMoved ? svg`<circle class="before" cx=${along(logit, xs, row.loggedZ)} cy=${middle} r="3.5"><title>logged: ${formatSigned(row.loggedZ, 3)}</title></circle>` : null}
    ${isFocus ? svg`<circle class="handle" cx=${along(logit, xs, row.z)} cy=${middle} r="6"></circle>` : null}
    ${text(logit, formatSigned(row.z, 3))}
    ${power && svg`${bar(power.x, power.x + power.width * (Math.exp(row.z - most) || 0), middle, "bar")}${text(power, powerWords(row.z))}`}
    ${share && svg`${bar(share.x, share.x + share.width * (row.p || 0), middle, "bar")}${text(share, formatNumber(row.p, { digits: 3 }))}`}
    ${errorSvg(shown, error, row, middle)}
    ${text(error, formatSigned(row.error, 3))}
    ${row.isTrue ? svg`<rect class="true" x=${label.x - 5} y=${y + 1} width=${width - label.x + 4} height=${ROW - 2}><title>the true class</title></rect>` : null}
  </g>`;
}

function errorSvg({ rows }: LossShown, span: Span, row: LossRow, middle: number): SVGTemplateResult {
  const sizes = rows.flatMap(({ error, logged }) => [error, logged].map(Math.abs).filter(Number.isFinite));
  const most = Math.max(...sizes, 1e-12);
  const at = (value: number): number => span.x + (span.width / 2) * (1 + Math.max(-1, Math.min(1, value / most)));
  return svg`<path class="axis" d=${`M${at(0)} ${middle - ROW / 2}v${ROW}`}></path>
    ${bar(at(0), at(row.error), middle, row.error < 0 ? "bar pull" : "bar push")}
    ${Number.isFinite(row.logged) ? svg`<circle class="logged" cx=${at(row.logged)} cy=${middle} r="4"><title>logged, times its factor: ${formatSigned(row.logged, 4)}</title></circle>` : null}`;
}

function bar(from: number, to: number, middle: number, name: string): SVGTemplateResult {
  return svg`<rect class=${name} x=${Math.min(from, to)} y=${middle - 5} width=${Math.max(0.5, Math.abs(to - from) || 0)} height="10"></rect>`;
}

function imageSvg(
  shown: LossShown,
  { image: side }: LossLayout,
  pictures: readonly DrawnPicture[],
  names: readonly string[],
): SVGTemplateResult {
  const lines = imageLines(shown, names, Math.floor(side / 6));
  let y = 0;
  const drawn = pictures.map((picture) => {
    const room = pictures.length > 1 ? side / 2 : side;
    const scale = Math.min(side / picture.width, room / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    const top = y;
    y += height + (pictures.length > 1 ? CAPTION : 4);
    return svg`<image href=${picture.href} x="0" y=${top} width=${width} height=${height} preserveAspectRatio="none" style="image-rendering:pixelated" role="img" aria-label=${picture.words}></image>
      ${pictures.length > 1 ? svg`<text class="quiet-text" x="0" y=${top + height + 11}>${picture.words}</text>` : null}`;
  });
  return svg`${drawn}${lines.map(([name, words], i) => svg`<text class=${name} x="0" y=${y + 12 + i * 15}>${words}</text>`)}`;
}
