import { decodeLine, parseJsonLine } from "../json-line.ts";
import { LineMistakes } from "../line-mistakes.ts";
import type { LineSource } from "../line-source.ts";
import { maxTokens } from "../trace-builder.ts";
import { quoted, TraceError } from "../trace-error.ts";
import { hintFrom } from "../unknown-keys.ts";

const newline = 10;

/** A JSON object within a line of a trace, with checked access to its fields. Null counts as absent. */
export class JsonRow {
  readonly file: string;
  readonly line: number;
  readonly #value: Readonly<Record<string, unknown>>;
  /** Path of this object within the line, for errors. */
  readonly #path: string;

  constructor(value: unknown, file: string, line: number, path = "") {
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      const where = path === "" ? "" : `${path} must be an object; `;
      throw new TraceError(file, line, `${where}expected a JSON object, found "${quoted(JSON.stringify(value))}"`);
    }
    this.file = file;
    this.line = line;
    this.#value = value as Record<string, unknown>;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null;
  }

  /** Where a path such as usage.prompt_tokens leads, or a field of that very name; null when there is nothing. */
  at(path: string): { readonly row: JsonRow; readonly name: string } | null {
    if (this.has(path)) return { row: this, name: path };
    for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
      const inner = this.#value[path.slice(0, dot)];
      if (typeof inner !== "object" || inner === null || Array.isArray(inner)) continue;
      return this.object(path.slice(0, dot)).at(path.slice(dot + 1));
    }
    return null;
  }

  /** Whether a field holds a number. */
  isNumber(name: string): boolean {
    return typeof this.#value[name] === "number";
  }

  /** The first of some names for a field that the row has; the first of all when it has none. */
  pick(...aliases: readonly string[]): string {
    return aliases.find((alias) => this.has(alias)) ?? aliases[0]!;
  }

  /** A field as it stands. @throws TraceError when it is missing. */
  raw(name: string): unknown {
    if (!this.has(name)) this.fail(name, `is missing${hintFrom(Object.keys(this.#value), name)}`);
    return this.#value[name];
  }

  /** An integer from 0 to 2^31 − 1. @throws TraceError */
  tokens(name: string): number {
    const value = this.raw(name);
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > maxTokens) {
      this.fail(name, `must be an integer from 0 to ${maxTokens}, found ${quoted(JSON.stringify(value))}`);
    }
    return value;
  }

  /** A finite number. @throws TraceError */
  number(name: string): number {
    const value = this.raw(name);
    if (typeof value !== "number" || !Number.isFinite(value)) {
      this.fail(name, `must be a finite number, found ${quoted(JSON.stringify(value))}`);
    }
    return value;
  }

  /** A finite number of at least 0. @throws TraceError */
  positive(name: string): number {
    const value = this.number(name);
    if (value < 0) this.fail(name, `must not be negative, found ${value}`);
    return value;
  }

  /** Text. @throws TraceError */
  text(name: string): string {
    const value = this.raw(name);
    if (typeof value !== "string") this.fail(name, `must be a string, found ${quoted(JSON.stringify(value))}`);
    return value;
  }

  /** Text or an integer, as text. @throws TraceError */
  id(name: string): string {
    const value = this.raw(name);
    if (typeof value !== "string" && !Number.isInteger(value)) {
      this.fail(name, `must be a string or an integer, found ${quoted(JSON.stringify(value))}`);
    }
    return String(value);
  }

  /** An array. @throws TraceError */
  list(name: string): readonly unknown[] {
    const value = this.raw(name);
    if (!Array.isArray(value)) this.fail(name, `must be an array, found ${quoted(JSON.stringify(value))}`);
    return value;
  }

  /** An object within this one. @throws TraceError */
  object(name: string): JsonRow {
    return new JsonRow(this.raw(name), this.file, this.line, this.#pathOf(name));
  }

  /** Objects of an array. @throws TraceError */
  objects(name: string): JsonRow[] {
    return this.list(name).map(
      (item, index) => new JsonRow(item, this.file, this.line, `${this.#pathOf(name)}[${index}]`),
    );
  }

  fail(name: string, problem: string): never {
    throw new TraceError(this.file, this.line, `${this.#pathOf(name)} ${problem}`);
  }

  #pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

/**
 * Hands every line that is not blank to `onRow`, as text and as the object it holds. Mistakes, and TraceErrors that
 * `onRow` throws, are collected.
 *
 * @param mistakes Where they are collected, for a caller that tells them; else they are told in the end.
 * @throws TraceError of all mistakes, up to a limit
 */
export async function readJsonRows(
  source: LineSource,
  onRow: (row: JsonRow, text: string) => void,
  mistakes?: LineMistakes,
): Promise<void> {
  const found = mistakes ?? new LineMistakes();
  const reading = source.readAll((bytes, start, end, firstLine) => {
    let line = firstLine;
    for (let at = start; at < end; line++) {
      const next = bytes.indexOf(newline, at) + 1;
      try {
        const text = decodeLine(bytes, at, next - 1, source.name, line);
        if (text.trim() !== "") onRow(new JsonRow(parseJsonLine(text, source.name, line), source.name, line), text);
      } catch (error) {
        found.add(error);
      }
      at = next;
    }
    return line - firstLine;
  });
  await (mistakes === undefined ? found.tellAfter(reading) : reading);
}
