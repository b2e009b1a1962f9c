import { firstAtLeast } from "../../state/selectors.ts";
import type { TimeAxis } from "../../state/time_axis.ts";

/** Index of the logged step that is nearest on the axis, as the eye measures it. */
export function snapIndex(steps: readonly number[], axis: TimeAxis, share: number): number {
  const above = Math.min(steps.length - 1, firstAtLeast(steps, axis.toStep(share)));
  const below = above - 1;
  if (below < 0) return above;
  const distance = (i: number): number => Math.abs(axis.toShare(steps[i] as number) - share);
  return distance(below) <= distance(above) ? below : above;
}

/** Ticks as one SVG path; several within 1.5 px are drawn once. */
export function tickPath(steps: readonly number[], axis: TimeAxis, width: number, top: number, height: number): string {
  let path = "";
  let before = -Infinity;
  for (const step of steps) {
    const x = Math.round(axis.toShare(step) * width * 2) / 2;
    if (x - before < 1.5) continue;
    path += `M${x} ${top}v${height}`;
    before = x;
  }
  return path;
}

/** A mark on the axis, and the steps that it stands for. */
export interface WeightMark {
  readonly x: number;
  readonly steps: readonly [number, ...number[]];
}

/** Where weights were set without an update; marks that would cover each other are one. */
export function weightMarks(steps: readonly number[], axis: TimeAxis, width: number): WeightMark[] {
  const marks: { x: number; steps: [number, ...number[]] }[] = [];
  for (const step of steps) {
    const x = Math.round(axis.toShare(step) * width * 2) / 2;
    const last = marks.at(-1);
    if (last && x - last.x < 6) last.steps.push(step);
    else marks.push({ x, steps: [step] });
  }
  return marks;
}
