import { decodeLine } from "../json-line.ts";
import { LineMistakes } from "../line-mistakes.ts";
import type { LineSource } from "../line-source.ts";
import { maxTokens } from "../trace-builder.ts";
import { quoted, TraceError } from "../trace-error.ts";
import { hintFrom } from "../unknown-keys.ts";
import { calendarMs, plainCalendarMs } from "./calendar-time.ts";

const quote = 34;
const newline = 10;
const zero = 48;

/** One line of a CSV file, its fields still bytes until they are asked for. Reused for every line. */
class CsvLine {
  readonly file: string;
  /** Number of the line in the file, from 1. */
  line = 0;
  /** Names of the columns, as the header has them. */
  readonly names: readonly string[];
  readonly #separator: string;
  readonly #separatorByte: number;
  readonly #lacking: TraceError[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  /** Start of each field and, last, one past the end of the last field and its separator. */
  readonly #starts: Int32Array;
  /** The fields as text when the line has quotes. */
  #texts: string[] | null = null;

  constructor(file: string, names: readonly string[], separator: string) {
    this.file = file;
    this.names = names;
    this.#separator = separator;
    this.#separatorByte = separator.charCodeAt(0);
    this.#starts = new Int32Array(names.length + 1);
  }

  /** Index of a column, −1 when the file has none of that name. Names match whatever their case. */
  column(...aliases: readonly string[]): number {
    return this.names.findIndex((name) => aliases.some((alias) => alias.toLowerCase() === name.toLowerCase()));
  }

  /** Index of a column the file must have; −1 and a mistake of the header when it lacks it. */
  required(...aliases: readonly [string, ...string[]]): number {
    const index = this.column(...aliases);
    if (index < 0) {
      const hint = hintFrom(this.names, aliases[0]);
      const found = hint === "" ? `; found ${quoted(this.names.join(", "))}` : hint;
      this.#lacking.push(new TraceError(this.file, 1, `no column ${aliases.join(" or ")}${found}`));
    }
    return index;
  }

  /** @throws TraceError when the file lacks columns that were required */
  checkHeader(): void {
    if (this.#lacking.length > 0) throw TraceError.together(this.#lacking);
  }

  /** Takes the line at `start`, which ends before `end`. */
  set(bytes: Uint8Array, start: number, end: number, line: number): void {
    this.#bytes = bytes;
    this.line = line;
    this.#texts = null;
    const separator = this.#separatorByte;
    let field = 0;
    this.#starts[0] = start;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === separator) {
        field += 1;
        if (field < this.#starts.length) this.#starts[field] = at + 1;
      } else if (byte === quote) {
        this.#texts = splitQuoted(decodeLine(bytes, start, end, this.file, line), this.#separator);
        field = this.#texts.length - 1;
        break;
      }
    }
    if (field + 1 !== this.names.length) {
      throw new TraceError(this.file, line, `expected ${this.names.length} fields as in line 1, found ${field + 1}`);
    }
    this.#starts[field + 1] = end + 1;
  }

  /** Whether a field has no value, in any of the ways data frames write that. */
  isEmpty(column: number): boolean {
    const first = this.#texts === null ? this.#bytes[this.#starts[column]!]! - zero : -1;
    if (first >= 0 && first <= 9) return false;
    return /^(null|none|nan|-)?$/i.test(this.text(column));
  }

  text(column: number): string {
    if (this.#texts !== null) return this.#texts[column]!.trim();
    return decodeLine(this.#bytes, this.#starts[column]!, this.#starts[column + 1]! - 1, this.file, this.line).trim();
  }

  /** A count of tokens. @throws TraceError when the field is no integer from 0 to 2^31 − 1. */
  tokens(column: number): number {
    if (this.#texts === null) {
      const end = this.#starts[column + 1]! - 1;
      let value = 0;
      let at = this.#starts[column]!;
      if (at < end && end - at <= 9) {
        for (; at < end; at++) {
          const digit = this.#bytes[at]! - zero;
          if (digit < 0 || digit > 9) break;
          value = value * 10 + digit;
        }
        if (at === end) return value;
      }
    }
    const text = this.text(column);
    const value = Number(text);
    // Data frames write integers as 12.0 once a column has had a gap.
    if (!/^\d+(\.0*)?$/.test(text) || value > maxTokens) {
      this.fail(column, text, `an integer from 0 to ${maxTokens}`);
    }
    return value;
  }

  /** A calendar time, ms since the whole second `baseMs`. @throws TraceError */
  calendarMs(column: number, baseMs: number): number {
    if (this.#texts === null) {
      const plain = plainCalendarMs(this.#bytes, this.#starts[column]!, this.#starts[column + 1]! - 1, baseMs);
      if (!Number.isNaN(plain)) return plain;
    }
    const text = this.text(column);
    const value = calendarMs(text, baseMs);
    if (Number.isNaN(value)) this.fail(column, text, "a time like 2023-11-16 18:15:46.6805900");
    return value;
  }

  /** The same for a time in its usual shape; NaN for anything else. */
  plainCalendarMs(column: number, baseMs: number): number {
    if (this.#texts !== null) return Number.NaN;
    return plainCalendarMs(this.#bytes, this.#starts[column]!, this.#starts[column + 1]! - 1, baseMs);
  }

  /** A finite number. @throws TraceError */
  number(column: number): number {
    const text = this.text(column);
    const value = Number(text);
    if (text === "" || !Number.isFinite(value) || !/^[-+.\d]/.test(text)) this.fail(column, text, "a finite number");
    return value;
  }

  fail(column: number, found: string, allowed: string): never {
    throw new TraceError(this.file, this.line, `${this.names[column]} must be ${allowed}, found "${quoted(found)}"`);
  }
}

/**
 * Reads a CSV file with a header line; blank lines are passed over.
 *
 * @param onHeader Called once, to look up columns; returns what takes every line.
 * @throws TraceError of all mistakes of the header, or else of the lines, up to a limit
 */
export async function readCsv(source: LineSource, onHeader: (line: CsvLine) => () => void): Promise<void> {
  const mistakes = new LineMistakes();
  let row: CsvLine | null = null;
  let take = () => {};
  const reading = source.readAll((bytes, start, end, firstLineNumber) => {
    let line = firstLineNumber;
    for (let at = start; at < end; line++) {
      const next = bytes.indexOf(newline, at) + 1;
      let last = next - 1;
      while (last > at && bytes[last - 1]! <= 32) last -= 1;
      if (last > at) {
        if (row === null) {
          const header = decodeLine(bytes, at, last, source.name, line).replace(/^\uFEFF/, "");
          row = new CsvLine(source.name, headerOf(header), separatorOf(header));
          take = onHeader(row);
          row.checkHeader();
        } else {
          try {
            row.set(bytes, at, last, line);
            take();
          } catch (error) {
            mistakes.add(error);
          }
        }
      }
      at = next;
    }
    return line - firstLineNumber;
  });
  await mistakes.tellAfter(reading);
}

/** Names of the columns of a header line. */
export function headerOf(line: string): string[] {
  return splitQuoted(line.replace(/^\uFEFF/, ""), separatorOf(line)).map((name) => name.trim());
}

/** What separates the fields: a comma, or where the header has none a semicolon or a tab. */
function separatorOf(header: string): string {
  return [",", ";", "\t"].find((separator) => header.includes(separator)) ?? ",";
}

/** Fields of a line with quoted fields (RFC 4180; no line breaks inside them). */
function splitQuoted(text: string, separator: string): string[] {
  const fields: string[] = [];
  let field = "";
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      if (inside && text[at + 1] === '"') field += text[++at]!;
      else inside = !inside;
    } else if (character === separator && !inside) {
      fields.push(field);
      field = "";
    } else {
      field += character;
    }
  }
  return [...fields, field];
}
