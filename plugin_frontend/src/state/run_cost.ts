import type { DataRecord } from "../data/binary.ts";

/** What logging took of a run until its newest pictures, from its `cost` record. Null: that was not logged. */
export interface RunCost {
  readonly step: number;
  /** Seconds since fit began: of the training, and of logging in its thread. */
  readonly training: number | null;
  readonly logging: number | null;
  /** Of the newest pictures: seconds in the training's thread, and bytes. */
  readonly pictures: number | null;
  readonly bytes: number | null;
  /** The share of the training's time that pictures may take. */
  readonly overhead: number | null;
  /** How many times more rarely than wanted pictures are taken; 1: as wanted. */
  readonly thinning: number;
  /** Bytes of the run's records, of at most so many. */
  readonly log: number | null;
  readonly most: number | null;
  /** Steps between two records of statistics; 1: every one. */
  readonly stride: number;
}

/** A log is never trusted: what is no number of seconds or bytes is not known. */
export function runCostOf({ step, attributes }: DataRecord): RunCost {
  const size = (name: string): number | null => {
    const value = attributes[name];
    return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
  };
  return {
    step,
    training: size("training_s"),
    logging: size("logging_s"),
    pictures: size("pictures_s"),
    bytes: size("bytes"),
    overhead: size("overhead"),
    thinning: Math.max(1, size("thinning") ?? 1),
    log: size("log_bytes"),
    most: size("max_log_bytes"),
    stride: Math.max(1, size("statistics_stride") ?? 1),
  };
}

/** The share of the training's time that logging took; null where it is not known. */
export function costShare({ training, logging }: RunCost): number | null {
  return training && logging !== null ? logging / training : null;
}
