import { MAPS_VIEW } from "./maps/maps_view.ts";
import type { ViewDefinition, ViewId } from "./view.ts";

/**
 * The views that exist, in the order of their tabs. A view is added here and nowhere else:
 * import { FILTERS_VIEW } from "./filters/filters_view.ts", whose module also defines the custom element.
 */
export const VIEWS: readonly ViewDefinition[] = [MAPS_VIEW];

export function viewById(views: readonly ViewDefinition[], id: string | null): ViewDefinition | null {
  return views.find((view) => view.id === (id as ViewId)) ?? null;
}
