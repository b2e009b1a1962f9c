import type { Fields, ValuesOf } from "../state/fields.ts";
import { SessionElement } from "../state/session_element.ts";
import { viewStatusOf } from "../state/view_status.ts";
import type { ViewDefinition } from "../state/view_definition.ts";

export type { ViewDefinition };

/**
 * A view. The frame shows it only while there is something to show: `session.runA` and `session.detailA` are then not
 * null, and, unless its scope is the network, neither are `session.layer` and `session.step`, and the layer is one of
 * those that the view can show. It is updated at every change of the session. Failures of its RecordsControllers are told by the frame.
 */
export abstract class ViewElement<F extends Fields = Fields> extends SessionElement {
  abstract readonly definition: ViewDefinition<F>;

  /** This view's own part of the URL state. */
  get options(): ValuesOf<F> {
    return this.session.options(this.definition);
  }

  setOptions(patch: Partial<ValuesOf<F>>): void {
    this.session.setOptions(this.definition, patch);
  }

  /** The view's picture for the PNG button; a view without one leaves this away. The frame names the file. */
  savePng?(): Promise<Blob>;

  /** The view's chart as an SVG document for the SVG button; a view without one leaves this away. */
  saveSvg?(): string | Promise<string>;

  /** The view's numbers for the CSV button. */
  saveCsv?(): string | Promise<string>;

  /** A key that the frame does not use itself; true when the view did something with it. */
  handleKey?(event: KeyboardEvent): boolean;

  /** Never while there is nothing to show, so that a view need not ask. */
  protected override shouldUpdate(): boolean {
    const situation = viewStatusOf(this.session);
    return situation.is === "ready" && situation.view.id === this.definition.id;
  }
}
