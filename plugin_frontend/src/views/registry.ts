import { COMPARE_VIEW } from "./compare/compare_view.ts";
import { FILTERS_VIEW } from "./filters/filters_view.ts";
import { GRADIENTS_VIEW } from "./gradients/gradients_view.ts";
import { LAB_VIEW } from "./lab/lab_view.ts";
import { MAPS_VIEW } from "./maps/maps_view.ts";
import { MODEL_VIEW } from "./model/model_view.ts";
import type { ViewDefinition } from "./view.ts";

/**
 * The views that exist, in the order of their tabs. A view is added here and nowhere else:
 * import { FILTERS_VIEW } from "./filters/filters_view.ts", whose module also defines the custom element.
 */
export const VIEWS: readonly ViewDefinition[] = [
  MODEL_VIEW,
  FILTERS_VIEW,
  MAPS_VIEW,
  LAB_VIEW,
  GRADIENTS_VIEW,
  COMPARE_VIEW,
];
