import type { RunResult } from "../result/schema.ts";

/** Text gathered before it is handed on, characters. */
const PIECE_LENGTH = 1 << 16;
/** Longer lists are written item by item, so that no text holds a whole long run. */
const LONG_LIST = 100;

/**
 * A result as a file holds it, in pieces: sorted keys, indent 2; lists of numbers stay on one line. Ends in a line end.
 * Weeks under a planner have more ticks than one string can hold.
 */
export function* resultJson(result: RunResult): Generator<string> {
  let gathered = "";
  for (const piece of pieces(result, "")) {
    gathered += piece;
    if (gathered.length < PIECE_LENGTH) continue;
    yield gathered;
    gathered = "";
  }
  yield `${gathered}\n`;
}

function* pieces(value: unknown, indent: string): Generator<string> {
  const inner = `${indent}  `;
  if (Array.isArray(value) && value.length > LONG_LIST && value.some(isObject)) {
    for (const [place, item] of value.entries()) yield `${place === 0 ? "[" : ","}\n${inner}${indented(item, inner)}`;
    yield `\n${indent}]`;
  } else if (isObject(value) && !Array.isArray(value) && Object.values(value).some(isObject)) {
    for (const [place, [key, item]] of sortedEntries(value).entries()) {
      yield `${place === 0 ? "{" : ","}\n${inner}${JSON.stringify(key)}: `;
      yield* pieces(item, inner);
    }
    yield `\n${indent}}`;
  } else yield indented(value, indent);
}

function indented(value: unknown, indent: string): string {
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (!value.some(isObject)) return JSON.stringify(value);
    return `[\n${value.map((item) => inner + indented(item, inner)).join(",\n")}\n${indent}]`;
  }
  const entries = sortedEntries(value);
  if (entries.length === 0) return "{}";
  const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${indented(item, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What an object holds, by key in code-unit order; undefined is left out. */
function sortedEntries(value: object): [string, unknown][] {
  const source = value as Record<string, unknown>;
  const keys = Object.keys(source).filter((key) => source[key] !== undefined);
  return keys.toSorted().map((key) => [key, source[key]]);
}
