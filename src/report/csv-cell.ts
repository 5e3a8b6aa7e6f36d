/**
 * A value as a cell of a CSV file (RFC 4180). Spreadsheets take text that begins with = + - @ for a formula, so such
 * text gets an apostrophe before it; numbers stay as they are, and null and undefined are empty.
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
