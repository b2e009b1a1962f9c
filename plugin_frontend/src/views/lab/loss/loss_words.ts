/** What is said in the picture and beside it. */
import { counted, formatCount, formatNumber } from "../../../math/format.ts";
import { formatPercent } from "../../../math/percent.ts";
import { isolated } from "../../../parts/isolated.ts";
import { hasPlaces, placeWord } from "./loss_rows.ts";
import type { LossPanel, LossShown } from "./loss_view_model.ts";

/** At most so many characters, cut at the end. */
export function shortened(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, Math.max(1, most - 1)).join("")}…`;
}

/** A name from a log, cut and kept to itself. */
export const named = (name: string, most: number): string => isolated(shortened(name, most));

/** "categorical cross-entropy" in two lines. */
export function twoLines(title: string): readonly [string, string] {
  const at = title.lastIndexOf(" ");
  return at < 0 ? [title, ""] : [title.slice(0, at), title.slice(at + 1)];
}

export const inputName = ({ source }: LossShown): string => (source.head === "linear" ? "p" : "z");

/** What the bars at the right are. */
export function errorHeading({ isDifference, source, drawn }: LossShown): string {
  if (!isDifference || hasPlaces(source)) return source.head === "linear" ? "∂loss/∂p" : "∂loss/∂z";
  return drawn.name === "binary_crossentropy" && source.classes > 1 ? "(p − y) / K" : "p − y";
}

export function errorNote({ isDifference, source }: LossShown): string {
  if (hasPlaces(source)) return `summed over ${placeWord(source)}s`;
  if (source.head === "linear") return "slope of the loss";
  return isDifference ? "= ∂loss/∂z" : "not p − y";
}

/** "−log p = −log 0.83 = 0.186 = loss". */
export function lossLine(shown: LossShown): string {
  const { drawn, panels, rows, source } = shown;
  const value = `${formatNumber(panels[0]!.value, { digits: 4 })}${source.own === drawn ? "" : ", not the run’s own"}`;
  const truth = rows.find(({ isTrue }) => isTrue);
  if (drawn.name === "categorical_crossentropy" && truth && !hasPlaces(source) && source.config.smoothing === 0)
    return `loss = −log p of the true class = −log ${formatNumber(truth.p, { digits: 3 })} = ${value}`;
  return `loss = ${value}, ${drawn.title}`;
}

export function imageLines(
  { rows, source, image, focus }: LossShown,
  names: readonly string[],
  most: number,
): [string, string][] {
  if (hasPlaces(source)) return [];
  if (source.head === "linear")
    return [
      ["strong", `image ${image}`],
      ["", `label ${formatNumber(focus.y, { digits: 3 })}`],
    ];
  if (source.classes === 1) {
    const of = (k: number): string => names[k] ?? `class ${k}`;
    const said = focus.p >= 0.5 ? 1 : 0;
    return [
      ["strong", `is ${named(of(focus.y >= 0.5 ? 1 : 0), most - 3)}`],
      ["", `taken for ${named(of(said), most - 10)}`],
      ["", formatPercent(said ? focus.p : 1 - focus.p)],
    ];
  }
  const truth = rows.find(({ isTrue }) => isTrue);
  const top = rows.reduce((best, each) => (each.p > best.p ? each : best));
  return [
    ["strong", truth ? `is ${named(truth.label, most - 3)}` : `image ${image}`],
    ["", `taken for ${named(top.label, most - 10)}`],
    ["", formatPercent(top.p)],
  ];
}

/** The one thing to see, with the numbers shown. */
export function lesson(shown: LossShown): string {
  const { source, panels, focus, wrongP } = shown;
  const of = (name: string): LossPanel | undefined => panels.find(({ loss }) => loss.name === name);
  const squared = of("mean_squared_error");
  if (source.head === "linear") {
    const huber = of("huber");
    const most = formatNumber(1 / source.classes, { digits: 2 });
    return `The slope of mean squared error grows with the error (here ${formatNumber(squared?.byInput ?? NaN, { digits: 2 })}); that of Huber stops at ${most} (here ${formatNumber(huber?.byInput ?? NaN, { digits: 2 })}), so that one label far off pulls less.`;
  }
  const few = hasPlaces(source) && source.classes === 1 ? fewPositives(shown) : null;
  if (few) return few;
  const cross = of("categorical_crossentropy") ?? of("binary_crossentropy");
  if (!squared || !cross || !Number.isFinite(squared.atWrong) || !Number.isFinite(cross.atWrong)) return "";
  const [kept, full] = [formatPercent(squared.atWrong), formatPercent(cross.atWrong)];
  const end = `Where the prediction is most wrong (${named(focus.label, 40)} at p = ${formatNumber(wrongP, { digits: 2 })})`;
  const less = squared.atWrong < cross.atWrong / 2 ? ": it hardly learns from the worst mistake" : "";
  return `${end}, mean squared error keeps ${kept} of its steepest slope${less}. ${sentence(cross.loss.title)} keeps ${full}.`;
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** What a mask of few positives does to a mean over pixels, and not to Dice. */
function fewPositives({ source, image, rows }: LossShown): string | null {
  const positives = rows[0]!.count;
  const total = source.examples[image]!.y.length;
  if (positives === 0)
    return `No ${placeWord(source)} of this image is labelled 1: Dice is 1 whatever is predicted, and has no slope.`;
  const share = positives / total;
  return (
    `${formatCount(positives)} of ${counted(total, placeWord(source))} are labelled 1 (${formatPercent(share)}). A network that marks none of them ` +
    `has a mean squared error of only ${formatNumber(share, { digits: 2 })}, the share of what it missed, but a Dice loss of 1, since Dice counts only what is marked or labelled.`
  );
}
