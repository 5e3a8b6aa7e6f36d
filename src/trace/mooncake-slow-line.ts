import { parseJsonFields } from "./json-line.ts";
import { given } from "./mooncake-row.ts";
import type { LineMistakes } from "./line-mistakes.ts";
import type { MooncakeRow } from "./mooncake-row.ts";
import type { TraceBuilder } from "./trace-builder.ts";
import { maxTokens } from "./trace-builder.ts";
import { quoted, TraceError } from "./trace-error.ts";
import type { UnknownKeys } from "./unknown-keys.ts";

const largestId = 2n ** 64n - 1n;

/** Names of each field; the first is the one errors use. */
const names = {
  timestamp: ["timestamp", "created_time"],
  inputLength: ["input_length", "input_tokens"],
  outputLength: ["output_length", "output_tokens"],
  hashIds: ["hash_ids"],
  session: ["session_id"],
  delay: ["delay", "delay_ms"],
} as const;

/** Names of each field a Mooncake row may have. */
export const mooncakeFields: readonly (readonly string[])[] = [
  ...Object.values(names),
  ["priority"],
  ["strict_priority"],
  ["policy_class"],
  ["output_token_ids"],
];

/**
 * Reads Mooncake rows by way of a JSON parser, with every check; takes any valid row and explains invalid ones. Null
 * counts as absent, as in the reference.
 */
export class MooncakeSlowLine {
  readonly #builder: TraceBuilder;
  readonly #row: MooncakeRow;
  readonly #unknown: UnknownKeys;
  readonly #mistakes: LineMistakes;

  constructor(builder: TraceBuilder, row: MooncakeRow, unknown: UnknownKeys, mistakes: LineMistakes) {
    this.#builder = builder;
    this.#row = row;
    this.#unknown = unknown;
    this.#mistakes = mistakes;
  }

  /**
   * Reads one row; its mistakes go where they are collected.
   * @returns false when it has any
   * @throws TraceError when they are enough
   */
  read(text: string, line: number): boolean {
    const row = this.#row;
    const builder = this.#builder;
    const mistakes = this.#mistakes;
    const { file } = builder;
    row.fields = 0;
    builder.dropPendingBlocks();
    const before = mistakes.count;
    let fields: Map<string, string>;
    try {
      fields = parseJsonFields(text, file, line);
    } catch (error) {
      mistakes.add(error);
      return false;
    }
    this.#unknown.look(fields, line, builder);
    for (const read of readers) {
      try {
        read(fields, line, row, builder);
      } catch (error) {
        mistakes.add(error);
      }
    }
    const has = (aliases: readonly string[]) => aliases.some((name) => (fields.get(name) ?? "null") !== "null");
    for (const aliases of [names.outputLength, names.hashIds]) {
      if (has(aliases)) continue;
      const hint = this.#unknown.hint(fields, aliases) || (aliases === names.hashIds ? lengthsHint(has) : "");
      mistakes.add(new TraceError(file, line, `${aliases[0]} is missing${hint}`));
    }
    return mistakes.count === before;
  }
}

const lengthsOnly = " (where prompts are known by length only: --trace-format log)";
const ownLog = " (for a log of your own name its columns: --trace-columns time=NAME,input=NAME,output=NAME)";

/** What a row without hash ids may be instead. */
function lengthsHint(has: (aliases: readonly string[]) => boolean): string {
  if (has(names.inputLength) && has(names.outputLength)) return lengthsOnly;
  return has(names.inputLength) || has(names.outputLength) || has(names.timestamp) ? "" : ownLog;
}

type FieldReader = (fields: Map<string, string>, line: number, row: MooncakeRow, builder: TraceBuilder) => void;

/** Each reads a field, or fields that depend on each other. @throws TraceError */
const readers: readonly FieldReader[] = [
  readTimestamp,
  readDelay,
  readInput,
  readOutput,
  readSession,
  readPriority,
  readHashes,
];

function readTimestamp(fields: Map<string, string>, line: number, row: MooncakeRow, { file }: TraceBuilder): void {
  const timestamp = pick(fields, names.timestamp, file, line);
  if (timestamp === null) return;
  row.times[0] = milliseconds(timestamp, file, line);
  row.fields |= given.timestamp;
}

function readDelay(fields: Map<string, string>, line: number, row: MooncakeRow, { file }: TraceBuilder): void {
  const delay = pick(fields, names.delay, file, line);
  if (delay === null) return;
  row.times[1] = milliseconds(delay, file, line);
  row.fields |= given.delay;
}

function readInput(fields: Map<string, string>, line: number, row: MooncakeRow, { file }: TraceBuilder): void {
  const input = pick(fields, names.inputLength, file, line);
  if (input === null) return;
  // May exceed what its blocks can hold by any amount: it is clamped.
  row.inputLength = Math.min(maxTokens, tokens(input, file, line, Number.MAX_VALUE));
  row.fields |= given.inputLength;
}

function readOutput(fields: Map<string, string>, line: number, row: MooncakeRow, { file }: TraceBuilder): void {
  const output = pick(fields, names.outputLength, file, line);
  if (output === null) return;
  row.outputLength = tokens(output, file, line, maxTokens);
  row.fields |= given.outputLength;
  const answer = pick(fields, ["output_token_ids"], file, line);
  if (answer === null) return;
  const ids = JSON.parse(answer.text) as unknown;
  if (!Array.isArray(ids)) throw new TraceError(file, line, "output_token_ids must be an array of integers");
  if (ids.length !== row.outputLength) {
    throw new TraceError(
      file,
      line,
      `output_length ${row.outputLength} differs from the ${ids.length} entries of output_token_ids`,
    );
  }
}

function readSession(fields: Map<string, string>, line: number, row: MooncakeRow, { file }: TraceBuilder): void {
  const session = pick(fields, names.session, file, line);
  if (session === null) return;
  if (!session.text.startsWith('"')) {
    throw new TraceError(file, line, `session_id must be a string, found ${quoted(session.text)}`);
  }
  row.session = JSON.parse(session.text) as string;
  row.fields |= given.session;
}

function readHashes(fields: Map<string, string>, line: number, row: MooncakeRow, builder: TraceBuilder): void {
  const hashes = pick(fields, names.hashIds, builder.file, line);
  if (hashes === null) return;
  readHashIds(hashes.text, line, builder);
  row.fields |= given.hashIds;
}

/** What a router that holds requests back may go by. */
function readPriority(fields: Map<string, string>, line: number, row: MooncakeRow, { file }: TraceBuilder): void {
  const priority = pick(fields, ["priority"], file, line);
  const strict = pick(fields, ["strict_priority"], file, line);
  const policyClass = pick(fields, ["policy_class"], file, line);
  if (priority === null && strict === null && policyClass === null) return;
  row.fields |= given.priority;
  // Negative priorities count as none.
  row.boostSeconds = priority === null ? 0 : Math.max(0, integer(priority, file, line, -(2 ** 31), 2 ** 31 - 1));
  row.strictPriority = strict === null ? 0 : integer(strict, file, line, 0, 2 ** 31 - 1);
  row.policyClass = null;
  if (policyClass === null) return;
  const name = JSON.parse(policyClass.text) as unknown;
  if (typeof name !== "string") {
    throw new TraceError(file, line, `policy_class must be a string, found ${quoted(policyClass.text)}`);
  }
  row.policyClass = name;
}

function integer({ name, text }: Found, file: string, line: number, least: number, most: number): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < least || value > most) {
    throw new TraceError(file, line, `${name} must be an integer from ${least} to ${most}, found ${quoted(text)}`);
  }
  return value;
}

interface Found {
  readonly name: string;
  readonly text: string;
}

function pick(fields: Map<string, string>, aliases: readonly string[], file: string, line: number): Found | null {
  let found: Found | null = null;
  for (const name of aliases) {
    const text = fields.get(name);
    if (text === undefined) continue;
    if (found !== null) throw new TraceError(file, line, `${found.name} and ${name} are the same field; give one`);
    found = { name, text };
  }
  return found === null || found.text === "null" ? null : found;
}

function milliseconds({ name, text }: Found, file: string, line: number): number {
  const value = Number(text);
  if (!/^[-\d]/.test(text) || !Number.isFinite(value)) {
    throw new TraceError(file, line, `${name} must be a finite number of milliseconds, found ${quoted(text)}`);
  }
  return value;
}

function tokens({ name, text }: Found, file: string, line: number, most: number): number {
  if (!/^\d+$/.test(text)) {
    throw new TraceError(file, line, `${name} must be a non-negative integer, found ${quoted(text)}`);
  }
  const value = Number(text);
  if (value > most) throw new TraceError(file, line, `${name} must be at most ${most}, found ${quoted(text)}`);
  return value;
}

function readHashIds(text: string, line: number, builder: TraceBuilder): void {
  if (!text.startsWith("[")) builder.fail(line, `hash_ids must be an array of integers, found ${quoted(text)}`);
  const inside = text.slice(1, -1).trim();
  if (inside === "") return;
  for (const [index, part] of inside.split(",").entries()) {
    const id = part.trim();
    const value = /^\d+$/.test(id) ? BigInt(id) : largestId + 1n;
    if (value > largestId) {
      builder.fail(line, `hash_ids[${index}] must be an integer from 0 to 2^64 - 1, found ${quoted(id)}`);
    }
    builder.pushBlock(Number(value >> 32n), Number(value & 0xffff_ffffn));
  }
}
