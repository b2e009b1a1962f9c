import { formatPlain } from "../../math/plain_number.ts";

/** A run's hyper-parameters, as the model record has them. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

const SHORT: Readonly<Record<string, string>> = { learning_rate: "lr", optimizer: "" };

/**
 * Keys that tell these runs apart: their values differ among the runs that have them, or among runs of one optimizer.
 * What one optimizer alone has, and always alike, its name says already.
 */
export function differingKeys(all: readonly (Settings | null)[]): string[] {
  const known = all.filter((each) => each !== null);
  const keys = new Set(known.flatMap((each) => Object.keys(each)));
  const values = (runs: readonly Settings[], key: string): number =>
    new Set(runs.map((each) => JSON.stringify(each[key]))).size;
  const optimizers = [...new Set(known.map((each) => each["optimizer"]))].map((name) =>
    known.filter((each) => each["optimizer"] === name),
  );
  const differs = (key: string): boolean =>
    values(
      known.filter((each) => Object.hasOwn(each, key)),
      key,
    ) > 1 || optimizers.some((runs) => values(runs, key) > 1);
  return [...keys].filter(differs).sort(byImportance);
}

/** "Adam, lr 0.0015, rho 0.9": the values of these keys. */
export function settingsInWords(settings: Settings | null, keys: readonly string[]): string {
  if (!settings) return "";
  const said = keys
    .filter((key) => Object.hasOwn(settings, key))
    .map((key) => `${Object.hasOwn(SHORT, key) ? SHORT[key] : key} ${valueInWords(settings[key]!)}`.trim());
  return said.join(", ");
}

function byImportance(a: string, b: string): number {
  const rank = (key: string): number => (key === "optimizer" ? 0 : key === "learning_rate" ? 1 : 2);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function valueInWords(value: string | number | boolean): string {
  if (typeof value !== "number") return String(value);
  // Settings are typed by people, and float32 noise behind them says nothing.
  return formatPlain(value);
}

/** What can be said about the order of runs: how many settings there are, and how many of them ran more than once. */
export function repeatsOf(all: readonly (Settings | null)[]): { settings: number; repeated: number } {
  const counts = new Map<string, number>();
  for (const [i, settings] of all.entries()) {
    const plain = Object.entries(settings ?? {})
      .filter(([key]) => !/seed/i.test(key))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const key = plain.length ? JSON.stringify(plain) : `unknown ${i}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { settings: counts.size, repeated: [...counts.values()].filter((count) => count > 1).length };
}

/** Whether the order of the runs can be trusted, in one or two sentences. */
export function howSure(all: readonly (Settings | null)[]): string {
  const { settings, repeated } = repeatsOf(all);
  if (all.length < 2) return "";
  if (repeated === 0)
    return "It cannot be told: each setting ran with one seed. A repeat with another seed may change the order.";
  return (
    `${repeated} of ${settings} settings ran more than once. A difference between settings that is smaller than the one ` +
    "between their repeats says nothing."
  );
}
