import type { LayerRecord } from "../../data/schema.ts";
import type { ValuesOf } from "../../state/fields.ts";
import type { Session } from "../../state/session.ts";
import type { LAB_FIELDS } from "./lab_definition.ts";

export type LabOptions = ValuesOf<typeof LAB_FIELDS>;

/** What the shell hands to every mode. */
export interface LabBase {
  readonly session: Session;
  /** Run and step that the Lab shows: the session may be on its way to another view already, whose steps are others. */
  readonly run: string;
  readonly step: number;
  readonly layer: LayerRecord;
  readonly options: LabOptions;
  set(patch: Partial<LabOptions>): void;
}
