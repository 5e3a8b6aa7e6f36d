import { agentDependencies } from "./agent-dependencies.ts";
import { SessionBuilder } from "../session-builder.ts";
import { LineMistakes } from "../line-mistakes.ts";
import type { LineSource } from "../line-source.ts";
import type { Trace } from "../trace.ts";
import { TraceBuilder } from "../trace-builder.ts";
import { quoted, TraceError } from "../trace-error.ts";
import type { ReadOptions, TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import type { JsonRow } from "./json-rows.ts";
import { readJsonRows } from "./json-rows.ts";

const schema = "dynamo.request.trace.v1";

/**
 * Dynamo request traces (engine-reference §2.6): JSONL in one or more shards, `request_end` records with lengths and
 * chained 64-bit block hashes. Requests with an `agent_context` wait for each other as they did when they were recorded
 * (agent-dependencies).
 */
export const dynamoFormat: TraceFormat = {
  name: "dynamo",
  description: `Dynamo request trace: ${schema} records, one or more shards`,
  detect: (head) => firstLine(head).includes(`"${schema}"`),
  read: (source, options) => readShards([source], options),
  readShards,
};

interface RequestEnd {
  readonly file: string;
  readonly line: number;
  readonly id: string;
  readonly receivedMs: number;
  /** When it ended, ms; NaN when the record does not say. */
  readonly endMs: number;
  readonly inputLength: number;
  readonly outputLength: number;
  /** The hashes as they stand in the file. */
  readonly hashes: string;
  readonly session: string | null;
  readonly parentSession: string | null;
}

async function readShards(sources: readonly LineSource[], options: ReadOptions): Promise<Trace> {
  const mistakes = new LineMistakes();
  const { requests, blockSize, otherEvents } = await readRequestEnds(sources, options, mistakes);
  const name = sources.map((source) => source.name).join(", ");
  const builder = new TraceBuilder(name, blockSize ?? 1);
  if (otherEvents > 0) builder.note(`Dynamo trace: ${otherEvents} records other than request_end have no effect`);
  checkContexts(requests, mistakes);
  const ordered = requests.toSorted(
    (one, other) => one.receivedMs - other.receivedMs || one.endMs - other.endMs || (one.id < other.id ? -1 : 1),
  );
  const baseMs = ordered[0]?.receivedMs ?? 0;
  for (const request of ordered) mistakes.passes(() => addRequest(request, baseMs, builder));
  mistakes.throwIfAny();
  if (ordered[0] === undefined || ordered[0].session === null) {
    const trace = builder.finish(name, options.arrivals);
    return ordered.length === 0 ? trace : { ...trace, startUnixMs: baseMs + builder.shiftMs };
  }
  const agents = ordered.map((request) => ({ ...request, session: request.session! }));
  const sessions = new SessionBuilder(0);
  for (const { session } of agents) sessions.addTurn(sessions.indexOf(session), 0, Number.NaN);
  const trace = builder.finish(name, "optional");
  return {
    ...trace,
    startUnixMs: baseMs + builder.shiftMs,
    sessions: sessions.finish(),
    dependencies: agentDependencies(agents),
  };
}

/** The requests of all shards, in the order of their records, and the tokens of a block they agree on. */
async function readRequestEnds(sources: readonly LineSource[], options: ReadOptions, mistakes: LineMistakes) {
  const requests: RequestEnd[] = [];
  const places = new Map<string, string>();
  let blockSize: number | null = options.traceBlockSize;
  let otherEvents = 0;
  const take = (row: JsonRow, text: string) => {
    const record = unwrapped(row);
    if (!record.has("schema") || record.text("schema") !== schema) row.fail("schema", `must be "${schema}"`);
    if (record.text("event_type") !== "request_end") {
      otherEvents++;
      return;
    }
    const { request, size } = requestEnd(record, text);
    blockSize ??= size;
    if (size !== blockSize) {
      throw new TraceError(
        row.file,
        row.line,
        options.traceBlockSize === blockSize
          ? `trace_block_size is ${size}, but --trace-block-size is ${blockSize}`
          : `trace_block_size is ${size}, but ${blockSize} in the records before`,
      );
    }
    const before = places.get(request.id);
    if (before !== undefined) {
      throw new TraceError(row.file, row.line, `request_id "${quoted(request.id)}" stands in ${before} too`);
    }
    places.set(request.id, `${row.file}:${row.line}`);
    requests.push(request);
  };
  const readAll = async () => {
    for (const source of sources) await readJsonRows(source, take, mistakes);
  };
  await mistakes.tellAfter(readAll());
  return { requests, blockSize, otherEvents };
}

/** Some sinks put the record into an envelope, as `event`. */
function unwrapped(row: JsonRow): JsonRow {
  return !row.has("schema") && row.has("event") ? row.object("event") : row;
}

function requestEnd(record: JsonRow, text: string): { request: RequestEnd; size: number } {
  const request = record.object("request");
  const replay: JsonRow = request.object("replay");
  const size = replay.tokens("trace_block_size");
  const inputLength = replay.tokens("input_length");
  if (size === 0) replay.fail("trace_block_size", "must be positive, found 0");
  if (inputLength === 0) replay.fail("input_length", "must be positive, found 0");
  const expected = Math.ceil(inputLength / size);
  const found = replay.list("input_sequence_hashes").length;
  if (found !== expected) {
    replay.fail("input_sequence_hashes", `must have ${expected} entries for ${inputLength} tokens, found ${found}`);
  }
  // A double cannot hold 64 bits: the digits count.
  const hashes = /"input_sequence_hashes"\s*:\s*\[([\s\d,]*)\]/.exec(text)?.[1];
  if (hashes === undefined) replay.fail("input_sequence_hashes", "must hold integers from 0 to 2^64 - 1");
  const receivedMs = request.number("request_received_ms");
  return {
    size,
    request: {
      file: record.file,
      line: record.line,
      id: request.id("request_id"),
      receivedMs,
      endMs: endOf(record, request, receivedMs),
      inputLength,
      outputLength: request.tokens("output_tokens"),
      hashes,
      ...contextOf(record),
    },
  };
}

/** The measured duration, in whole milliseconds, counts before the moment the record was written. */
function endOf(record: JsonRow, request: JsonRow, receivedMs: number): number {
  if (request.has("total_time_ms")) return receivedMs + Math.max(0, Math.round(request.number("total_time_ms")));
  return record.has("event_time_unix_ms") ? record.number("event_time_unix_ms") : Number.NaN;
}

function contextOf(record: JsonRow): Pick<RequestEnd, "session" | "parentSession"> {
  if (!record.has("agent_context")) return { session: null, parentSession: null };
  const context = record.object("agent_context");
  const session = context.text("session_id");
  if (session.trim() === "") context.fail("session_id", "must not be empty");
  return { session, parentSession: context.has("parent_session_id") ? context.text("parent_session_id") : null };
}

function checkContexts(requests: readonly RequestEnd[], mistakes: LineMistakes): void {
  const first = requests[0]?.session ?? null;
  for (const { file, line, session } of requests) {
    if ((session === null) !== (first === null)) {
      mistakes.add(new TraceError(file, line, "requests with and without agent_context cannot be mixed in one trace"));
    }
  }
}

function addRequest(request: RequestEnd, baseMs: number, builder: TraceBuilder): void {
  const { file, line, receivedMs, inputLength, outputLength, hashes } = request;
  for (const digits of hashes.split(",")) {
    const hash = BigInt(digits.trim() || "0");
    if (hash >= 2n ** 64n) {
      throw new TraceError(
        file,
        line,
        `input_sequence_hashes must hold integers from 0 to 2^64 - 1, found ${quoted(digits.trim())}`,
      );
    }
    builder.pushBlock(Number(hash >> 32n), Number(hash & 0xffff_ffffn));
  }
  builder.addRow(line, receivedMs - baseMs, inputLength, outputLength);
}
