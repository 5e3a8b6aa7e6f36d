import { jsonErrorPosition } from "./json-error-position.ts";
import { quoted, TraceError } from "./trace-error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of one line without its line end. @throws TraceError for bytes that are not UTF-8. */
export function decodeLine(bytes: Uint8Array, start: number, end: number, file: string, line: number): string {
  try {
    return utf8.decode(bytes.subarray(start, end)).trimEnd();
  } catch {
    throw new TraceError(file, line, "is not UTF-8 text");
  }
}

/** The JSON value of a line. @throws TraceError that says where the line stops being JSON. */
export function parseJsonLine(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const at = jsonErrorPosition(text);
    throw new TraceError(
      file,
      line,
      at >= text.length
        ? "not valid JSON: the line ends before the value is complete"
        : `not valid JSON at column ${at + 1}: found "${quoted(text.slice(at, at + 40))}"`,
    );
  }
}

/**
 * Fields of a line that holds one JSON object, each with the source text of its value, so that integers beyond 2^53
 * keep their digits.
 *
 * @throws TraceError for invalid JSON, another kind of value, or a key that stands twice.
 */
export function parseJsonFields(text: string, file: string, line: number): Map<string, string> {
  const value = parseJsonLine(text, file, line);
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new TraceError(file, line, `expected a JSON object, found "${quoted(text)}"`);
  }
  const fields = new Map<string, string>();
  let at = text.indexOf("{") + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === "}") return fields;
    const keyEnd = afterValue(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    if (fields.has(key)) throw new TraceError(file, line, `the key "${quoted(key)}" stands twice`);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = afterValue(text, start);
    fields.set(key, text.slice(start, end));
    at = skipSpace(text, end);
    if (text[at] === ",") at += 1;
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\r" || text[at] === "\n") at++;
  return at;
}

/** Position after the value that starts at `start`, in text known to be valid JSON. */
function afterValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      do at += text[at] === "\\" ? 2 : 1;
      while (text[at] !== '"');
      if (depth === 0) return at + 1;
    } else if (character === "[" || character === "{") {
      depth += 1;
    } else if (character === "]" || character === "}") {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (character === "," || character === " " || character === "\t")) {
      return at;
    }
  }
  return text.length;
}
