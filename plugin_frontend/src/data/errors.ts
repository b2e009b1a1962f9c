/** A request that did not give what was asked for, in words for a person. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    /** The HTTP status; 0 where no answer came. */
    readonly status: number,
    /** The plugin's short name of the error, or "offline", "malformed". */
    readonly code: string,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Bytes that are no binary answer of ours. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}
