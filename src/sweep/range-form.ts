import { nearestName, suggestion } from "../config/nearest-name.ts";

/** What a range other than low:high:step begins with. */
const rangeNames = ["lin", "log", "uniform", "loguniform"];

/** A number, one with a unit or a typing mistake, a word, or nothing; no part of a path, an address or a file's name. */
const slippedNumber = /^[-+]?(\d[\d_]*)?(\.\d+)?\s*[a-z%]*$/i;

/** Whether it names a form of ranges. */
export function isRangeName(text: string): boolean {
  return rangeNames.includes(text);
}

/** Whether a text is a number. */
export function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

/** What of a range is not as its form has it; null = nothing. */
export function formMistake(form: string, parts: readonly string[]): string | null {
  const names = form.split(":");
  const text = parts.join(":");
  if (parts.length !== names.length) return `found "${text}", expected ${form}`;
  const wrong = names.flatMap((name, place) => {
    const part = parts[place]!;
    return isRangeName(name) || isNumber(part) ? [] : [`${name} must be a number, found "${part}"`];
  });
  return wrong.length === 0 ? null : `in the range "${text}" (${form}) ${wrong.join("; ")}`;
}

/**
 * Whether text between colons is a range with a mistake: of three parts or more all are numbers but one, or all begin as
 * one. Texts have colons too (preset:NAME, host:port, 600s:agg:0).
 */
export function isMeantAsRange(parts: readonly string[]): boolean {
  const slipped = parts.filter((part) => !isNumber(part));
  if (parts.length < 3 || !slipped.every((part) => slippedNumber.test(part))) return false;
  return slipped.length === 1 || parts.every((part) => /^\s*[-+]?\.?\d/.test(part));
}

/** Whether text between colons is a range without a mistake in its numbers. */
export function isWholeRange(parts: readonly string[]): boolean {
  return parts.length > 2 && (isRangeName(parts[0]!) ? parts.slice(1) : parts).every(isNumber);
}

/** What is wrong with a range that has no known name. */
export function rangeMistake(parts: readonly string[]): string {
  const name = parts[0]!;
  const isName = /^[a-z]+$/i.test(name) && (parts.length > 3 || nearestName(name, rangeNames) !== null);
  if (!isName) return formMistake("low:high:step", parts)!;
  return `unknown range "${name}"${suggestion(name, rangeNames)}, expected ${rangeNames.join(", ")} or low:high:step`;
}
