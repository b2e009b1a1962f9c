import { LitElement } from "lit";
import type { Rect } from "../../canvas/grid_layout.ts";
import type { LabBase } from "./lab_base.ts";
import type { Operation } from "./operation.ts";
import type { Volume } from "./volume.ts";

export type { LabOptions } from "./lab_base.ts";

/** What the shell hands to a mode once the records are here. Run, layer and step are those of the records. */
export interface Lab extends LabBase {
  readonly operation: Operation;
  /** What went into the layer, or why that is not known. */
  readonly input: Volume | Error;
  /** Whose output the input is: a layer's name, or "input" for the image itself. */
  readonly inputName: string;
  /** Choose a channel of the output: a filter of a convolution. */
  choose(channel: number): void;
  /** Something has been on its way for a while: the picture is dimmed. */
  readonly slow: boolean;
}

/**
 * One thing to do in the Lab. It renders <cnn-view-layout> whole and puts `this.shell` into it: the layer's name, the
 * choice of the mode and what is to be said of the image, each with its slot.
 */
export abstract class LabMode<L extends LabBase = Lab> extends LitElement {
  static override properties = { lab: { attribute: false }, shell: { attribute: false } };
  declare lab: L;
  declare shell: unknown;

  /** For tests in a browser: what is shown; null while anything is on its way. */
  abstract get state(): object | null;
  /** For tests in a browser: the client rectangle of a cell of a part of the picture, by the part's name. */
  abstract cellRect(part: string, row: number, column: number): Rect | null;
  abstract savePng(): Promise<Blob>;
  /** Where the mode draws a chart. */
  saveSvg?(): string;
  abstract saveCsv(): string | Promise<string>;
  /** A key that the frame does not use itself; true when something was done with it. */
  handleKey?(event: KeyboardEvent): boolean;
}
