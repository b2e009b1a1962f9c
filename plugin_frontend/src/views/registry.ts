import type { ViewDefinition } from "../state/view_definition.ts";
import { COMPARE_VIEW } from "./compare/compare_definition.ts";
import { FILTERS_VIEW } from "./filters/filters_definition.ts";
import { GRADIENTS_VIEW } from "./gradients/gradients_definition.ts";
import { LAB_VIEW } from "./lab/lab_definition.ts";
import { MAPS_VIEW } from "./maps/maps_definition.ts";
import { MODEL_VIEW } from "./model/model_definition.ts";

/** The views that there are, in the order of their tabs. A view is added here and nowhere else. */
export const VIEWS: readonly ViewDefinition[] = [
  MODEL_VIEW,
  FILTERS_VIEW,
  MAPS_VIEW,
  LAB_VIEW,
  GRADIENTS_VIEW,
  COMPARE_VIEW,
];
