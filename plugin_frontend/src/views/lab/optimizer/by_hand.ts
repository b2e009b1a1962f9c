/** Settings that a person wrote over, as text in the URL. */
import type { OptimizerId } from "../../../math/optimizer_ids.ts";
import { OPTIMIZERS } from "../../../math/optimizers.ts";

export type ByHand = ReadonlyMap<string, number>;

export const RATE = "rate";
const MOST_RATE = 1e6;

export const keyOf = (id: OptimizerId, key: string): string => `${id}.${key}`;

/** Bounds of a setting, of the learning rate too; null where the optimizer has none of that name. */
export function boundsOf(id: OptimizerId, key: string): readonly [least: number, most: number] | null {
  if (key === RATE) return [0, MOST_RATE];
  const setting = OPTIMIZERS[id].settings.find((each) => each.key === key);
  return setting ? [setting.least, setting.most] : null;
}

/** What is malformed or out of bounds is left out: a link may hold anything. */
export function parseByHand(text: string): ByHand {
  const found = new Map<string, number>();
  for (const part of text.split(";")) {
    const match = /^([a-z]+)\.([a-z_0-9]+)=([-+.\deE]+)$/.exec(part);
    const [, id = "", key = "", number = ""] = match ?? [];
    if (!match || !Object.hasOwn(OPTIMIZERS, id)) continue;
    const [bounds, value] = [boundsOf(id as OptimizerId, key), Number(number)];
    if (bounds && value >= bounds[0] && value <= bounds[1]) found.set(`${id}.${key}`, value);
  }
  return found;
}

export function formatByHand(values: ByHand): string {
  return Array.from(values, ([key, value]) => `${key}=${value}`).join(";");
}
