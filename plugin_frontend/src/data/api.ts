import { decodeRecords, type DataRecord } from "./binary.ts";
import { ApiError, DecodeError } from "./errors.ts";
import { Patience } from "./patience.ts";
import type { Failure, Kind, RunDetail, RunList, RunPage, RunVerdicts } from "./schema.ts";

/** Records of one kind: of every layer at every step, layers outermost. No layers: a kind of the whole model. */
export interface RecordsQuery {
  readonly run: string;
  readonly kind: Kind;
  readonly layers: readonly string[];
  readonly steps: readonly number[];
}

export interface SeriesQuery {
  readonly run: string;
  readonly kind: "losses" | "epochs" | "gradients" | "gradient_norms" | "activations" | "errors";
  /** Default: all. */
  readonly columns?: readonly string[];
  /** At most so many rows, thinned by keeping extremes. Default: all. */
  readonly points?: number;
  /** Of gradients, the place of the only variable asked for; its columns are [m, 1]. Default: all. */
  readonly variable?: number;
}

/** The followed weights of one variable, by its place in the model record. */
export interface WeightsQuery {
  readonly run: string;
  readonly variable: number;
}

/** The plugin's routes. Every method throws ApiError, or an AbortError when `signal` fires. */
export interface Api {
  /** All runs, however many answers that takes. */
  runs(signal?: AbortSignal): Promise<RunList>;
  run(name: string, signal?: AbortSignal): Promise<RunDetail>;
  records(query: RecordsQuery, signal?: AbortSignal): Promise<DataRecord[]>;
  series(query: SeriesQuery, signal?: AbortSignal): Promise<DataRecord>;
  /** Gradient, value and update of weights over all steps, as one record. */
  weights(query: WeightsQuery, signal?: AbortSignal): Promise<DataRecord>;
  /** What the doctor says of a run. */
  verdicts(run: string, signal?: AbortSignal): Promise<RunVerdicts>;
}

const ROUTE = "/plugin/cnnviz/";

/** The address under which the routes lie, from the address of one of our own modules. */
export function baseOf(moduleUrl: string): string {
  const url = new URL(moduleUrl);
  const at = url.pathname.lastIndexOf(ROUTE);
  const folder = url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1);
  return url.origin + (at < 0 ? folder : url.pathname.slice(0, at + ROUTE.length));
}

export class HttpApi implements Api {
  constructor(
    private readonly base: string,
    private readonly fetcher: typeof fetch = (...args) => fetch(...args),
    /** Asks again where the server is busy. */
    private readonly patience = new Patience(),
  ) {}

  async runs(signal?: AbortSignal): Promise<RunList> {
    const first = await this.#runsAfter(null, signal);
    const byName = new Map(first.runs.map((run) => [run.name, run]));
    for (let next = first.next; next;) {
      const page = await this.#runsAfter(next, signal);
      for (const run of page.runs) if (!byName.has(run.name)) byName.set(run.name, run);
      next = page.runs.length ? page.next : null;
    }
    return { schema: first.schema, version: first.version, runs: [...byName.values()] };
  }

  async #runsAfter(after: string | null, signal?: AbortSignal): Promise<RunPage> {
    const list = (await this.#json("runs", after === null ? [] : [["after", after]], signal)) as RunPage;
    if (!Array.isArray(list?.runs)) throw new ApiError(200, "malformed", "The list of runs is malformed.");
    return list;
  }

  async run(name: string, signal?: AbortSignal): Promise<RunDetail> {
    const detail = (await this.#json("run", [["run", name]], signal)) as RunDetail;
    if (!Array.isArray(detail?.kinds)) throw new ApiError(200, "malformed", "The answer about the run is malformed.");
    return detail;
  }

  async records(query: RecordsQuery, signal?: AbortSignal): Promise<DataRecord[]> {
    return this.#binary(
      "records",
      [
        ["run", query.run],
        ["kind", query.kind],
        ...query.layers.map((layer): [string, string] => ["layer", layer]),
        ...query.steps.map((step): [string, string] => ["step", String(step)]),
      ],
      signal,
    );
  }

  async series(query: SeriesQuery, signal?: AbortSignal): Promise<DataRecord> {
    const parameters: [string, string][] = [
      ["run", query.run],
      ["kind", query.kind],
      ...(query.columns ?? []).map((column): [string, string] => ["column", column]),
    ];
    if (query.points !== undefined) parameters.push(["points", String(query.points)]);
    if (query.variable !== undefined) parameters.push(["variable", String(query.variable)]);
    const [record] = await this.#binary("series", parameters, signal);
    if (!record) throw new ApiError(200, "malformed", "The answer holds no series.");
    return record;
  }

  async weights({ run, variable }: WeightsQuery, signal?: AbortSignal): Promise<DataRecord> {
    const parameters: [string, string][] = [
      ["run", run],
      ["variable", String(variable)],
    ];
    const [record] = await this.#binary("weights", parameters, signal);
    if (!record) throw new ApiError(200, "malformed", "The answer holds no weights.");
    return record;
  }

  async verdicts(run: string, signal?: AbortSignal): Promise<RunVerdicts> {
    const answer = (await this.#json("verdicts", [["run", run]], signal)) as RunVerdicts;
    if (!Array.isArray(answer?.verdicts))
      throw new ApiError(200, "malformed", "The answer about verdicts is malformed.");
    return answer;
  }

  async #json(route: string, parameters: [string, string][], signal?: AbortSignal): Promise<unknown> {
    const response = await this.#get(route, parameters, signal);
    try {
      return await response.json();
    } catch (error) {
      throw translate(error, "malformed", "The answer is no JSON.");
    }
  }

  async #binary(route: string, parameters: [string, string][], signal?: AbortSignal): Promise<DataRecord[]> {
    const response = await this.#get(route, parameters, signal);
    try {
      return decodeRecords(await response.arrayBuffer());
    } catch (error) {
      const why = error instanceof DecodeError ? error.message : "the connection broke";
      throw translate(error, "malformed", `The answer cannot be read: ${why}.`);
    }
  }

  async #get(route: string, parameters: [string, string][], signal?: AbortSignal): Promise<Response> {
    const query = new URLSearchParams(parameters).toString();
    const url = this.base + route + (query ? `?${query}` : "");
    let response: Response;
    try {
      response = await this.patience.ask(() => this.fetcher(url, signal ? { signal } : {}), signal);
    } catch (error) {
      throw translate(error, "offline", "TensorBoard does not answer. Is it still running?");
    }
    if (response.ok) return response;
    const failure = await failureOf(response);
    throw new ApiError(response.status, failure.error, failure.reason);
  }
}

async function failureOf(response: Response): Promise<Failure> {
  try {
    const body = (await response.json()) as Partial<Failure>;
    if (typeof body.error === "string" && typeof body.reason === "string") return body as Failure;
  } catch {
    // The status says it then.
  }
  return { error: "http", reason: `The server answered ${response.status} ${response.statusText}`.trim() + "." };
}

function translate(error: unknown, code: string, reason: string): unknown {
  if (error instanceof DOMException && error.name === "AbortError") return error;
  return error instanceof ApiError ? error : new ApiError(0, code, reason);
}
