import { formatNumber } from "./format.ts";

/** A number that somebody chose or a round one: without the zeros that say how exact it is. 0.6, 1,000, 2·10⁻⁵. */
export function formatPlain(value: number, digits = 4): string {
  return formatNumber(value, { digits })
    .replace(/(\.\d*?)0+(?=$|·)/, "$1")
    .replace(/\.(?=$|·)/, "");
}
