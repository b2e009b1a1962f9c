import type { Spacing } from "../../canvas/grid_scene.ts";

/** Between maps, with room below each for its channel and mean. */
export const SPACING = {
  gap: 0.5,
  smallestGap: 8,
  largestGap: 12,
  footer: 18,
  wholeCells: false,
} as const satisfies Spacing;
