/** Sizes as people read them, in powers of 1024 as the callback's arguments are. */
const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "640 B", "3.1 MB", "2 GB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1023.5 && unit < UNITS.length - 1; unit++) value /= 1024;
  const text = value < 9.95 && unit > 0 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0);
  return `${text} ${UNITS[unit]}`;
}
