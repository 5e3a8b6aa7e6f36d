import { decodeLine } from "./json-line.ts";
import type { LineSource } from "./line-source.ts";
import { MooncakeFastLine } from "./mooncake-fast-line.ts";
import { given, MooncakeRow } from "./mooncake-row.ts";
import { readMooncakeLine } from "./mooncake-slow-line.ts";
import { TraceBuilder } from "./trace-builder.ts";
import type { TraceFormat } from "./trace-format.ts";

/**
 * Mooncake JSONL (FAST '25 traces and the reference's extensions; engine-reference §2.1): one request a line with
 * `timestamp` (ms), `input_length`, `output_length`, `hash_ids` (one id per `traceBlockSize` tokens), and for sessions
 * `session_id` and `delay` (ms).
 */
export const mooncakeFormat: TraceFormat = {
  name: "mooncake",
  description: "Mooncake JSONL: timestamp (ms), input_length, output_length, hash_ids",
  detect: (head) => /"hash_ids"\s*:/.test(head) && /"output_(length|tokens)"\s*:/.test(head) && !hasOtherMarks(head),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, options.traceBlockSize ?? 512, source.sizeHint);
    await readMooncakeRows(source, builder, 1);
    return builder.finish(source.name, options.arrivals);
  },
};

/** Whether rows have keys of formats that resemble Mooncake but mean something else. */
function hasOtherMarks(head: string): boolean {
  return /"(parent_chat_id|wait_for|branches|prefix_reset|tool_wait_ms|dependencies|play_id|schema)"\s*:/.test(head);
}

const newline = 10;

/** Reads all rows; a timestamp of 1 stands for `timeUnitMs` ms. */
export async function readMooncakeRows(source: LineSource, builder: TraceBuilder, timeUnitMs: number): Promise<void> {
  const row = new MooncakeRow();
  const fast = new MooncakeFastLine(builder, row);
  await source.readAll((bytes, start, end, firstLine) => {
    let line = firstLine;
    for (let at = start; at < end; line++) {
      let next = fast.read(bytes, at);
      if (next < 0) {
        next = bytes.indexOf(newline, at) + 1;
        builder.dropPendingBlocks();
        const text = decodeLine(bytes, at, next - 1, builder.file, line);
        if (text.trim() === "") {
          at = next;
          continue;
        }
        readMooncakeLine(text, line, row, builder);
      }
      addRow(row, line, builder, timeUnitMs);
      at = next;
    }
    return line - firstLine;
  });
}

/** Applies the rules that hold between fields, and ends the row. */
function addRow(row: MooncakeRow, line: number, builder: TraceBuilder, timeUnitMs: number): void {
  const { fields } = row;
  if ((fields & given.outputLength) === 0) builder.fail(line, "output_length is missing");
  if ((fields & given.hashIds) === 0) builder.fail(line, "hash_ids is missing");
  const room = builder.pendingBlocks * builder.blockSize;
  const asked = (fields & given.inputLength) === 0 ? room : row.inputLength;
  const input = Math.min(asked, room);
  if (input === 0) {
    builder.fail(
      line,
      builder.pendingBlocks === 0
        ? "hash_ids is empty: a prompt needs at least one block"
        : "input_length must be positive, found 0",
    );
  }
  if (input < asked) builder.countClamped();
  builder.keepBlocks(Math.ceil(input / builder.blockSize));
  const time = (fields & given.timestamp) === 0 ? Number.NaN : row.times[0]! * timeUnitMs;
  if ((fields & given.session) !== 0) {
    addTurn(row, line, time, builder);
  } else {
    if ((fields & given.delay) !== 0) checkDelay(row.times[1]!, true, "a request without session_id", line, builder);
    if (builder.hasSessions) builder.sessions.addLone();
  }
  if ((fields & given.priority) !== 0) {
    builder.priorities.set(builder.count, row.boostSeconds, row.strictPriority, row.policyClass);
  }
  builder.addRow(line, time, input, row.outputLength);
}

/** Think time: the explicit delay, else the distance to the session's last timestamp, else none. */
function addTurn(row: MooncakeRow, line: number, time: number, builder: TraceBuilder): void {
  const sessions = builder.sessions;
  const session = sessions.indexOf(row.session);
  const first = sessions.turns(session) === 0;
  let delay = 0;
  if ((row.fields & given.delay) !== 0) {
    delay = row.times[1]!;
    checkDelay(delay, first, `the first turn of session ${row.session}`, line, builder);
  } else if (!first && time === time) {
    const last = sessions.lastTimeMs(session);
    if (last !== last) {
      builder.fail(line, `no turn of session ${row.session} before this one has a timestamp: give it a delay`);
    }
    delay = time - last;
    if (delay < 0) {
      builder.fail(
        line,
        `timestamp lies ${-delay} ms before the turn before it in session ${row.session}: a delay must not be negative`,
      );
    }
  }
  sessions.addTurn(session, delay, time);
}

function checkDelay(delay: number, mustBeZero: boolean, whose: string, line: number, builder: TraceBuilder): void {
  if (delay < 0) builder.fail(line, `delay must be non-negative, found ${delay}`);
  if (mustBeZero && delay > 0) builder.fail(line, `delay must be 0 for ${whose}, found ${delay}`);
}
