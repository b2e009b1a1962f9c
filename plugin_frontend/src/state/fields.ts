/** One entry of the URL: how its text becomes a value and back. Hostile text gives undefined, hence the fallback. */
export interface Field<T> {
  readonly fallback: T;
  parse(text: string): T | undefined;
  format(value: T): string;
}

// oxlint-disable-next-line typescript/no-explicit-any -- a record of fields of unlike types has no narrower bound
export type Fields = Readonly<Record<string, Field<any>>>;
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: F[K]["fallback"] };

const MAX_TEXT = 16_384;

/** Any text, such as the name of a run; null where none is chosen. */
export function name(): Field<string | null> {
  return {
    fallback: null,
    parse: (raw) => (raw === "" || raw.length > MAX_TEXT ? undefined : raw),
    format: (value) => value ?? "",
  };
}

/** Free text that may be empty. */
export function text(fallback = ""): Field<string> {
  return { fallback, parse: (raw) => (raw.length > MAX_TEXT ? undefined : raw), format: (value) => value };
}

/** One of a closed set; the first is the fallback. */
export function choice<const T extends string>(...options: readonly [T, ...T[]]): Field<T> {
  const plain = (word: string): string => word.toLowerCase();
  return {
    fallback: options[0],
    // Links may spell a name in capitals, as colour maps once were.
    parse: (raw) => options.find((option) => plain(option) === plain(raw)),
    format: (value) => value,
  };
}

/** An integer between least and most. */
export function integer(fallback: number, least = 0, most = Number.MAX_SAFE_INTEGER): Field<number> {
  return { fallback, parse: (raw) => parseInteger(raw, least, most), format: String };
}

/** An integer, or null where nothing is chosen. */
export function optionalInteger(least = 0, most = Number.MAX_SAFE_INTEGER): Field<number | null> {
  return {
    fallback: null,
    parse: (raw) => parseInteger(raw, least, most),
    format: (value) => (value === null ? "" : String(value)),
  };
}

export function flag(fallback = false): Field<boolean> {
  return {
    fallback,
    parse: (raw) => (raw === "1" ? true : raw === "0" ? false : undefined),
    format: (value) => (value ? "1" : "0"),
  };
}

/** A step, or "last": follow the run. */
export type Step = number | "last";

export function step(): Field<Step> {
  return {
    fallback: "last",
    parse: (raw) => (raw === "last" ? "last" : parseInteger(raw, 0, Number.MAX_SAFE_INTEGER)),
    format: String,
  };
}

/** A list of texts, kept as JSON, because a name may hold any separator. */
export function list(most = 2000): Field<readonly string[]> {
  return {
    fallback: [],
    parse: (raw) => {
      try {
        const items: unknown = raw.length > 1 << 20 ? null : JSON.parse(raw);
        return Array.isArray(items) && items.length <= most && items.every((item) => typeof item === "string")
          ? items
          : undefined;
      } catch {
        return undefined;
      }
    },
    format: (value) => JSON.stringify(value),
  };
}

function parseInteger(raw: string, least: number, most: number): number | undefined {
  if (!/^-?\d{1,16}$/.test(raw)) return undefined;
  const value = Number(raw);
  return value >= least && value <= most ? value : undefined;
}

/** Every field's value from raw texts; what is missing or hostile takes its fallback. */
export function parseFields<F extends Fields>(fields: F, raw: ReadonlyMap<string, string>, prefix = ""): ValuesOf<F> {
  const values: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const found = raw.get(prefix + key);
    const parsed: unknown = found === undefined ? undefined : field.parse(found);
    values[key] = parsed === undefined ? field.fallback : parsed;
  }
  return values as ValuesOf<F>;
}

/** Raw texts with these values written over them; a value at its fallback leaves the URL. */
export function formatFields<F extends Fields>(
  fields: F,
  values: Partial<ValuesOf<F>>,
  raw: ReadonlyMap<string, string>,
  prefix = "",
): Map<string, string> {
  const next = new Map(raw);
  for (const [key, value] of Object.entries(values)) {
    const field = fields[key];
    if (!field || value === undefined) continue;
    const formatted = field.format(value);
    if (formatted === field.format(field.fallback)) next.delete(prefix + key);
    else next.set(prefix + key, formatted);
  }
  return next;
}
