import type { Curve, Real } from "../../data/schema.ts";

export interface SparkScale {
  readonly lo: number;
  readonly hi: number;
}

export interface Spark {
  readonly path: string;
  /** Where the curve ends; null where its last value is not finite. */
  readonly end: readonly [x: number, y: number] | null;
  /** Where it was NaN or infinite. */
  readonly broken: readonly number[];
}

export function realOf(value: Real): number {
  return typeof value === "number" ? value : Number(value);
}

/** One scale for all curves, so that they can be compared; its top is the 90th percentile of each curve's largest. */
export function sparkScale(curves: readonly Curve[]): SparkScale {
  const tops: number[] = [];
  let lo = Infinity;
  for (const curve of curves) {
    const finite = curve.values.map(realOf).filter(Number.isFinite);
    if (finite.length === 0) continue;
    tops.push(Math.max(...finite));
    lo = Math.min(lo, ...finite);
  }
  if (tops.length === 0) return { lo: 0, hi: 1 };
  tops.sort((a, b) => a - b);
  const hi = tops[Math.floor(0.9 * (tops.length - 1))] as number;
  return { lo, hi: hi > lo ? hi : lo + 1 };
}

/** The curve as an SVG path in a box of width × height; what lies above the scale is held at its top. */
export function sparkOf(curve: Curve, scale: SparkScale, width: number, height: number): Spark {
  const first = curve.epochs[0] ?? 0;
  const span = Math.max(1, (curve.epochs.at(-1) ?? 0) - first);
  const round = (value: number): number => Math.round(value * 10) / 10;
  const broken: number[] = [];
  let path = "";
  let end: readonly [number, number] | null = null;
  for (const [i, real] of curve.values.entries()) {
    const value = realOf(real);
    const x = round((((curve.epochs[i] ?? first) - first) / span) * width);
    if (!Number.isFinite(value)) {
      broken.push(x);
      end = null;
      continue;
    }
    const share = Math.min(1, Math.max(0, (value - scale.lo) / (scale.hi - scale.lo)));
    const y = round((1 - share) * height);
    path += `${end ? "L" : "M"}${x} ${y}`;
    end = [x, y];
  }
  return { path, end, broken };
}
