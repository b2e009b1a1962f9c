/** The page's one time axis: where a step stands, as a share of the axis' length. Scrubber, charts and heatmaps use it. */
export interface TimeAxis {
  readonly kind: "log" | "linear";
  readonly last: number;
  /** 0 at step 0, 1 at the last step. */
  toShare(step: number): number;
  /** The inverse, not rounded. */
  toStep(share: number): number;
  /** Round steps to label, so that labels are at least `gap` (a share) apart; the last step is always among them. */
  ticks(gap: number): number[];
}

/** Below so many steps a logarithmic axis is nearly linear: share = log(1 + step / KNEE). */
const KNEE = 4;

export function timeAxis(kind: "log" | "linear", last: number): TimeAxis {
  const end = Math.max(1, last);
  const scale = Math.log1p(end / KNEE);
  const toShare = kind === "log" ? (step: number) => Math.log1p(step / KNEE) / scale : (step: number) => step / end;
  const toStep = kind === "log" ? (share: number) => Math.expm1(share * scale) * KNEE : (share: number) => share * end;
  return {
    kind,
    last: end,
    toShare,
    toStep,
    ticks: (gap) => spaced(kind === "log" ? powersOfTwo(end) : roundSteps(end, gap), end, gap, toShare),
  };
}

/** Keeps 0 and the last, and of the others those that leave room, the earlier first. */
function spaced(candidates: number[], end: number, gap: number, toShare: (step: number) => number): number[] {
  const kept = [0];
  for (const step of candidates) {
    const before = kept[kept.length - 1] as number;
    if (toShare(step) - toShare(before) >= gap && 1 - toShare(step) >= gap) kept.push(step);
  }
  return [...kept, end];
}

function powersOfTwo(end: number): number[] {
  const steps = [];
  for (let step = 1; step < end; step *= 2) steps.push(step);
  return steps;
}

function roundSteps(end: number, gap: number): number[] {
  const least = end * Math.max(gap, 1e-3);
  const decade = 10 ** Math.floor(Math.log10(least));
  const stride = Math.max(1, [1, 2, 5, 10].map((m) => m * decade).find((s) => s >= least) ?? least);
  const steps = [];
  for (let step = stride; step < end; step += stride) steps.push(step);
  return steps;
}
