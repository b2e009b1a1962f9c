/** A table as CSV with CRLF after each row (RFC 4180). */
export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");
}

/** Quoted where it must be; what a spreadsheet would take for a formula is kept from being one. */
export function csvCell(value: string | number): string {
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
