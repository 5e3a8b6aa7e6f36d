import { decodeLine } from "./json-line.ts";
import { LineMistakes } from "./line-mistakes.ts";
import type { LineSource } from "./line-source.ts";
import { MooncakeFastLine } from "./mooncake-fast-line.ts";
import { given, MooncakeRow } from "./mooncake-row.ts";
import { mooncakeFields, MooncakeSlowLine } from "./mooncake-slow-line.ts";
import { TraceBuilder } from "./trace-builder.ts";
import type { TraceFormat } from "./trace-format.ts";
import { UnknownKeys } from "./unknown-keys.ts";

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

/**
 * Reads all rows; a timestamp of 1 stands for `timeUnitMs` ms.
 * @throws TraceError of all mistakes, up to a limit
 */
export async function readMooncakeRows(source: LineSource, builder: TraceBuilder, timeUnitMs: number): Promise<void> {
  const row = new MooncakeRow();
  const mistakes = new LineMistakes();
  const unknown = new UnknownKeys(mooncakeFields);
  const fast = new MooncakeFastLine(builder, row, unknown);
  const slow = new MooncakeSlowLine(builder, row, unknown, mistakes);
  // Once a row cannot be read, sessions may lack turns, and rules between them say nothing.
  let turnsKnown = true;
  const readSlowly = (bytes: Uint8Array, start: number, end: number, line: number): boolean => {
    builder.dropPendingBlocks();
    let text = "";
    const decoded = mistakes.passes(() => {
      text = decodeLine(bytes, start, end, builder.file, line);
    });
    if (decoded && text.trim() === "") return false;
    const good = decoded && slow.read(text, line);
    turnsKnown &&= good;
    return good;
  };
  const reading = source.readAll((bytes, start, end, firstLine) => {
    let line = firstLine;
    for (let at = start; at < end; line++) {
      let next = fast.read(bytes, at);
      let holdsRow = true;
      if (next < 0) {
        next = bytes.indexOf(newline, at) + 1;
        holdsRow = readSlowly(bytes, at, next - 1, line);
      }
      at = next;
      if (!holdsRow) continue;
      try {
        addRow(row, line, builder, timeUnitMs, turnsKnown);
      } catch (error) {
        mistakes.add(error);
      }
    }
    return line - firstLine;
  });
  await mistakes.tellAfter(reading);
}

/**
 * Applies the rules that hold between fields and between turns of a session, and ends the row.
 * @param turnsKnown Whether all rows before could be read
 */
function addRow(row: MooncakeRow, line: number, builder: TraceBuilder, timeUnitMs: number, turnsKnown: boolean): void {
  const { fields } = row;
  const time = (fields & given.timestamp) === 0 ? Number.NaN : row.times[0]! * timeUnitMs;
  if ((fields & given.session) !== 0) {
    addTurn(row, line, time, builder, turnsKnown);
  } else {
    if ((fields & given.delay) !== 0) checkDelay(row.times[1]!, true, "a request without session_id", line, builder);
    if (builder.hasSessions) builder.sessions.addLone();
  }
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
  if ((fields & given.priority) !== 0) {
    builder.priorities.set(builder.count, row.boostSeconds, row.strictPriority, row.policyClass);
  }
  builder.addRow(line, time, input, row.outputLength);
}

/** Think time: the explicit delay, else the distance to the session's last timestamp, else none. */
function addTurn(row: MooncakeRow, line: number, time: number, builder: TraceBuilder, turnsKnown: boolean): void {
  const sessions = builder.sessions;
  const session = sessions.indexOf(row.session);
  const first = sessions.turns(session) === 0;
  const last = sessions.lastTimeMs(session);
  const explicit = (row.fields & given.delay) !== 0;
  const delay = explicit ? row.times[1]! : first || time !== time ? 0 : time - last;
  // Also a turn at fault is one for those after it.
  sessions.addTurn(session, delay, time);
  if (explicit) {
    checkDelay(delay, first && turnsKnown, `the first turn of session ${row.session}`, line, builder);
  } else if (turnsKnown && delay !== delay) {
    builder.fail(line, `no turn of session ${row.session} before this one has a timestamp: give it a delay`);
  } else if (turnsKnown && delay < 0) {
    builder.fail(
      line,
      `timestamp lies ${-delay} ms before the turn before it in session ${row.session}: a delay must not be negative`,
    );
  }
}

function checkDelay(delay: number, mustBeZero: boolean, whose: string, line: number, builder: TraceBuilder): void {
  if (delay < 0) builder.fail(line, `delay must be non-negative, found ${delay}`);
  if (mustBeZero && delay > 0) builder.fail(line, `delay must be 0 for ${whose}, found ${delay}`);
}
