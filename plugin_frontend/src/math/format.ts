/** Numbers as people read them: a true minus sign, four significant digits, 9.7·10⁻⁴ for the very small. */

const MINUS = "−";
const SUPERSCRIPT: Record<string, string> = {
  "-": "⁻",
  "0": "⁰",
  "1": "¹",
  "2": "²",
  "3": "³",
  "4": "⁴",
  "5": "⁵",
  "6": "⁶",
  "7": "⁷",
  "8": "⁸",
  "9": "⁹",
};

export interface NumberStyle {
  /** Significant digits; default 4. */
  digits?: number;
  /** Put + before positive numbers; default no. */
  plus?: boolean;
}

/** Fixed notation from 0.001 up to a million, else mantissa·10ⁿ. Trailing zeros stay: they say how exact it is. */
export function formatNumber(value: number, { digits = 4, plus = false }: NumberStyle = {}): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 ? MINUS : plus && value > 0 ? "+" : "";
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return `${sign}Inf`;
  if (magnitude === 0) return "0";
  const [mantissa, power] = magnitude.toExponential(digits - 1).split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -3 || exponent > 5) return `${sign}${mantissa}·10${superscript(exponent)}`;
  return `${sign}${group(magnitude.toFixed(Math.max(0, digits - 1 - exponent)))}`;
}

/** With its sign, as weights are shown. */
export function formatSigned(value: number, digits = 4): string {
  return formatNumber(value, { digits, plus: true });
}

/** A whole number with thousands set apart by commas. */
export function formatCount(value: number): string {
  return value < 0 ? MINUS + group(String(-value)) : group(String(value));
}

/** "1 channel", "1,024 channels". */
export function counted(count: number, one: string): string {
  return `${formatCount(count)} ${one}${count === 1 ? "" : "s"}`;
}

/** For a cell with little room: "+.08", "−1.2", "12"; at most five characters for magnitudes below 1000. */
export function formatTiny(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value < 0 ? `${MINUS}Inf` : "+Inf";
  const sign = value < 0 ? MINUS : "+";
  const magnitude = Math.abs(value);
  if (magnitude >= 999.5) return `${sign}${magnitude.toExponential(0).replace("e+", "e")}`;
  const text = magnitude < 0.995 ? magnitude.toFixed(2).slice(1) : magnitude.toFixed(magnitude < 9.95 ? 1 : 0);
  return Number(text) === 0 ? text.replace(/^/, magnitude === 0 ? "" : sign) : sign + text;
}

/** In words for a screen reader: "plus 0.0123", "minus 4.5 times 10 to the minus 6". */
export function speakNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "not a number";
  const sign = value < 0 ? "minus " : value > 0 ? "plus " : "";
  if (!Number.isFinite(value)) return `${sign}infinity`;
  const text = formatNumber(Math.abs(value), { digits });
  const [mantissa, power] = text.split("·10") as [string, string | undefined];
  if (power === undefined) return sign + text;
  const exponent = Number(
    Math.abs(value)
      .toExponential(digits - 1)
      .split("e")[1],
  );
  return `${sign}${mantissa} times 10 to the ${exponent < 0 ? "minus " : ""}${Math.abs(exponent)}`;
}

export function superscript(exponent: number): string {
  return Array.from(String(exponent), (digit) => SUPERSCRIPT[digit]).join("");
}

function group(text: string): string {
  const [whole, fraction] = text.split(".") as [string, string | undefined];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A count with little room: "650", "27.7 k", "31.4 M", "138 M". */
export function formatShort(count: number): string {
  if (!Number.isFinite(count) || Math.abs(count) < 999.5) return formatCount(count);
  const units = ["k", "M", "G", "T", "P"];
  let value = count / 1000;
  let unit = 0;
  for (; Math.abs(value) >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  const digits = Math.abs(value) < 99.95 ? 1 : 0;
  return `${value < 0 ? MINUS : ""}${Math.abs(value).toFixed(digits)} ${units[unit]}`;
}
