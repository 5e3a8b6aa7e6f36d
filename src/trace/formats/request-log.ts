import type { LineSource } from "../line-source.ts";
import type { Trace } from "../trace.ts";
import { TraceBuilder } from "../trace-builder.ts";
import { TraceError } from "../trace-error.ts";
import type { ReadOptions, TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import { headerOf, readCsv } from "./csv-lines.ts";
import { readJsonRows } from "./json-rows.ts";
import { chooseLogColumns, hasLogColumns, type LogColumns } from "./log-columns.ts";
import { LogClock } from "./log-time.ts";
import { SessionPrompts } from "./session-prompts.ts";

/** Tokens of a block of prompts whose sessions are told, unless --trace-block-size says otherwise. */
const sessionBlockSize = 16;

/**
 * A log of one's own: CSV (comma, semicolon or tab) or JSONL with a time, prompt tokens and output tokens under names
 * that are known by sight or told (`--trace-columns`), times in any usual notation (`--trace-time-format`).
 *
 * @param others Formats that mean something more special; their files are theirs.
 */
export function requestLogFormat(others: readonly TraceFormat[]): TraceFormat {
  return {
    name: "log",
    description:
      "a log of your own: CSV or JSONL with a time, prompt tokens, output tokens (--trace-columns names them)",
    detect(head) {
      const names = namesOf(head);
      return hasLogColumns(names) && !isMooncakeLike(names, head) && !others.some((format) => format.detect(head));
    },
    read: (source, options) => readLogs([source], options),
    readShards: readLogs,
  };
}

/** Rows whose fields are looked at: the first may be of requests that failed, without counts. */
const rowsLookedAt = 50;

/** Names of the columns of a CSV header, or of the fields of the first JSON rows, those within objects as paths. */
function namesOf(head: string): string[] {
  const text = head.trimStart();
  if (!text.startsWith("{")) return headerOf(firstLine(text));
  const names = new Set<string>();
  for (const line of text.split("\n", rowsLookedAt)) {
    try {
      const row: unknown = JSON.parse(line);
      if (isObject(row)) for (const name of fieldNames(row, "")) names.add(name);
    } catch {
      // The last line may be cut; others are told of when they are read.
    }
  }
  return [...names];
}

function fieldNames(value: object, path: string): string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    isObject(inner) && path.split(".").length < 4 ? fieldNames(inner, `${path}${key}.`) : [`${path}${key}`],
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Rows of Mooncake's shape that lack hash_ids are mistakes of a Mooncake trace, unless the user says otherwise. */
function isMooncakeLike(names: readonly string[], head: string): boolean {
  return head.trimStart().startsWith("{") && names.includes("input_length") && names.includes("output_length");
}

/** What a log says of one request; null = it says nothing. */
interface LogRow {
  /** As it stands, or as read already. */
  readonly time: string | number | { readonly sinceOriginMs: number } | null;
  readonly input: number | null;
  readonly output: number | null;
  readonly session: string | null;
}

class LogReader {
  readonly #builder: TraceBuilder;
  readonly clock: LogClock;
  readonly #columns: LogColumns;
  readonly #sessions: SessionPrompts | null;

  constructor(sources: readonly LineSource[], columns: LogColumns, options: ReadOptions) {
    const blockSize = options.traceBlockSize ?? sessionBlockSize;
    this.#columns = columns;
    this.clock = new LogClock(columns.time!, options.traceTimeFormat);
    this.#sessions = options.traceColumns?.session === undefined ? null : new SessionPrompts(blockSize);
    const name = sources.map((source) => source.name).join(", ");
    this.#builder = new TraceBuilder(name, this.#sessions === null ? 1 : blockSize, sources[0]!.sizeHint);
  }

  add({ file, line }: { readonly file: string; readonly line: number }, row: LogRow): void {
    const builder = this.#builder;
    // A request that failed has no counts.
    if (row.input === null) return builder.skip(`${this.#columns.input} is empty`);
    if (row.output === null) return builder.skip(`${this.#columns.output} is empty`);
    if (row.time === null) return builder.skip(`${this.#columns.time} is empty`);
    const arrivalMs = this.#time(file, line, row.time);
    if (row.input === 0) return builder.skip(`${this.#columns.input} is 0`);
    if (row.session !== null) this.#sessions?.pushPrompt(builder, row.session, row.input);
    builder.addRow(line, arrivalMs, row.input, row.output);
  }

  #time(file: string, line: number, found: string | number | { readonly sinceOriginMs: number }): number {
    if (typeof found === "object") return found.sinceOriginMs;
    try {
      return this.clock.ms(found);
    } catch (error) {
      throw new TraceError(file, line, (error as Error).message);
    }
  }

  finish(options: ReadOptions): Trace {
    const { time, input, output, session } = this.#columns;
    this.#builder.note(
      `Log: arrival from "${time}" (${this.clock.format}), prompt tokens from "${input}", output tokens from "${output}"`,
    );
    if (this.#sessions !== null) {
      this.#builder.note(`Log: a prompt longer than the one before it in its "${session}" is taken to begin with that`);
    } else {
      const cure = session === undefined ? "" : `; --trace-columns session=${session} lets the prompts of one share`;
      this.#builder.note(`Log: every prompt is taken as new (no prefix sharing)${cure}`);
    }
    const trace = this.#builder.finish(this.#builder.file, options.arrivals);
    const { originUnixMs } = this.clock;
    return originUnixMs === null ? trace : { ...trace, startUnixMs: originUnixMs + this.#builder.shiftMs };
  }
}

/** Reads the files of one log, whose times are of one clock. */
async function readLogs(sources: readonly LineSource[], options: ReadOptions): Promise<Trace> {
  let reader: LogReader | null = null;
  // The columns of the first file say how all are read.
  const readerOf = (columns: LogColumns) => (reader ??= new LogReader(sources, columns, options));
  const given = options.traceColumns ?? {};
  for (const source of sources) {
    const head = new TextDecoder().decode(await source.head()).trimStart();
    const isJson = head.startsWith("{");
    if (!isJson && firstLine(head).startsWith("[")) {
      const problem = "is a list; expected CSV with a header, or JSON Lines, an object on each line";
      throw new TraceError(source.name, 1, problem);
    }
    if (isJson) {
      const columns = chooseLogColumns(namesOf(head), given, source.name, 1);
      await readJsonLog(source, columns, readerOf(columns));
    } else {
      await readCsvLog(source, given, readerOf);
    }
  }
  if (reader === null) throw new TraceError(sources.map(({ name }) => name).join(", "), null, "holds no requests");
  return (reader as LogReader).finish(options);
}

async function readCsvLog(
  source: LineSource,
  given: LogColumns,
  readerOf: (columns: LogColumns) => LogReader,
): Promise<void> {
  await readCsv(source, (row) => {
    const columns = chooseLogColumns(row.names, given, source.name, 1);
    const reader = readerOf(columns);
    const [time, input, output] = [row.column(columns.time!), row.column(columns.input!), row.column(columns.output!)];
    const session = columns.session === undefined ? -1 : row.column(columns.session);
    return () => {
      const plain = row.plainCalendarMs(time, reader.clock.isoOriginMs);
      reader.add(row, {
        time: Number.isNaN(plain) ? (row.isEmpty(time) ? null : row.text(time)) : { sinceOriginMs: plain },
        input: row.isEmpty(input) ? null : row.tokens(input),
        output: row.isEmpty(output) ? null : row.tokens(output),
        session: session < 0 || row.isEmpty(session) ? null : row.text(session),
      });
    };
  });
}

async function readJsonLog(source: LineSource, columns: LogColumns, reader: LogReader): Promise<void> {
  await readJsonRows(source, (row) => {
    const time = row.at(columns.time!);
    const input = row.at(columns.input!);
    const output = row.at(columns.output!);
    const session = columns.session === undefined ? null : row.at(columns.session);
    reader.add(row, {
      time: time === null ? null : time.row.isNumber(time.name) ? time.row.number(time.name) : time.row.text(time.name),
      input: input === null ? null : input.row.tokens(input.name),
      output: output === null ? null : output.row.tokens(output.name),
      session: session === null ? null : session.row.id(session.name),
    });
  });
}
