import type { RecordsQuery } from "../../data/api.ts";
import type { DataRecord } from "../../data/binary.ts";
import type { Session } from "../../state/session.ts";
import { volumeOf, type Volume } from "./volume.ts";

/** A layer's exact output for the first probe image, and where its input is. */
export interface Operation {
  readonly layer: string;
  readonly step: number;
  readonly output: Volume;
  /** The input, where the record holds it itself. */
  readonly input: Volume | null;
  /** Path of the layer whose output is the input, where that is logged. */
  readonly inputLayer: string | null;
  readonly record: DataRecord;
}

const known = new WeakMap<DataRecord, Operation | Error>();

/** What a record holds, or an Error that says why it cannot be used. Computed once a record. */
export function operationOf(record: DataRecord): Operation | Error {
  let operation = known.get(record);
  if (operation === undefined) {
    try {
      operation = read(record);
    } catch (error) {
      operation = error instanceof Error ? error : new Error(String(error));
    }
    known.set(record, operation);
  }
  return operation;
}

function read(record: DataRecord): Operation {
  const { input_layer: inputLayer } = record.attributes;
  return {
    layer: record.layer ?? "",
    step: record.step,
    output: volumeOf(record.arrays["output"], "output"),
    input: record.arrays["input"] ? volumeOf(record.arrays["input"], "input") : null,
    inputLayer: typeof inputLayer === "string" ? inputLayer : null,
    record,
  };
}

export function operationQuery(session: Session): RecordsQuery | null {
  const { runA: run, layer, step } = session;
  return run === null || !layer || step === null
    ? null
    : { run, kind: "operations", layers: [layer.path], steps: [step] };
}

/** The record whose output is this one's input; null where the input is in the record itself, or nowhere. */
export function inputQuery(run: string, operation: Operation): RecordsQuery | null {
  if (operation.input || operation.inputLayer === null) return null;
  return { run, kind: "operations", layers: [operation.inputLayer], steps: [operation.step] };
}
