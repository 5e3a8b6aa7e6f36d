import { TraceBuilder } from "../trace-builder.ts";
import type { ReadOptions, TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import type { JsonRow } from "./json-rows.ts";
import { readJsonRows } from "./json-rows.ts";

/**
 * Applied Compute agentic sessions (engine-reference §2.5): a row is a session of num_turns + 1 requests. Each prompt
 * is the one before it, the answer to it and a tool's output; the next request comes when the tool has run
 * (`tool_call_latency`, s). There are no arrival times: such a trace needs a closed loop.
 */
export const appliedComputeAgenticFormat: TraceFormat = {
  name: "applied_compute_agentic",
  description: "Applied Compute sessions: num_turns, input_prompt_length, tool_call_latency (s), ...",
  detect: (head) => /"input_prompt_length"\s*:/.test(firstLine(head)) && /"num_turns"\s*:/.test(firstLine(head)),
  async read(source, options) {
    // Prompts grow token by token, so their sharing is told in blocks of the engine's own size.
    const builder = new TraceBuilder(source.name, options.engineBlockSize, source.sizeHint);
    let sessions = 0;
    await readJsonRows(source, (row) => addSession(row, sessions++, builder, options));
    return builder.finish(source.name, options.arrivals);
  },
};

function addSession(row: JsonRow, index: number, builder: TraceBuilder, options: ReadOptions): void {
  const turns = row.tokens("num_turns");
  const initial = row.tokens("input_prompt_length");
  if (initial === 0) row.fail("input_prompt_length", "must be positive, found 0");
  const answers = integers(row, "assistant_response_length", turns);
  const toolOutputs = integers(row, "tool_call_output_length", turns);
  const latencies = numbers(row, "tool_call_latency", turns);
  const last = row.tokens("final_assistant_response_length");
  const session = builder.sessions.indexOf(`applied_compute_agentic_session_${index + 1}`);
  const group = options.numPrefixGroups > 0 ? index % options.numPrefixGroups : -1;
  const traceBlockSize = options.traceBlockSize ?? 512;
  // Whole trace blocks are shared: a last partial one also in later turns, which fill it.
  const sharedBlocks = Math.round(Math.ceil(initial / traceBlockSize) * options.sharedPrefixRatio);
  const shared = group < 0 ? 0 : sharedBlocks * traceBlockSize;
  let prompt = initial;
  for (let turn = 0; turn <= turns; turn++) {
    builder.sessions.addTurn(session, turn === 0 ? 0 : latencies[turn - 1]! * 1000, Number.NaN);
    pushPrompt(builder, { tokens: prompt, shared, group, session: index, turn });
    builder.addRow(row.line, Number.NaN, prompt, turn < turns ? answers[turn]! : last);
    if (turn < turns) prompt += answers[turn]! + toolOutputs[turn]!;
  }
}

interface Prompt {
  readonly tokens: number;
  /** Leading tokens that all sessions of the group have. */
  readonly shared: number;
  readonly group: number;
  readonly session: number;
  readonly turn: number;
}

/** Blocks of the group, of the session, and a last partial one of this turn alone, kept apart by halves of their ids. */
function pushPrompt(builder: TraceBuilder, { tokens, shared, group, session, turn }: Prompt): void {
  const { blockSize } = builder;
  const whole = Math.floor(tokens / blockSize);
  for (let block = 0; block < whole; block++) {
    if ((block + 1) * blockSize <= shared) builder.pushBlock(2 ** 31 + group, block);
    else builder.pushBlock(session + 1, block);
  }
  if (whole * blockSize < tokens) builder.pushBlock(session + 1, 2 ** 31 + turn);
}

function integers(row: JsonRow, name: string, turns: number): number[] {
  return numbers(row, name, turns).map((value, index) => {
    if (!Number.isInteger(value) || value > 2 ** 31 - 1)
      row.fail(`${name}[${index}]`, `must be an integer, found ${value}`);
    return value;
  });
}

function numbers(row: JsonRow, name: string, turns: number): number[] {
  const list = row.list(name);
  if (list.length !== turns) row.fail(name, `has ${list.length} entries, but num_turns is ${turns}`);
  return list.map((value, index) => {
    if (typeof value !== "number" || !(value >= 0) || !Number.isFinite(value)) {
      row.fail(`${name}[${index}]`, `must be a finite number of at least 0, found ${JSON.stringify(value)}`);
    }
    return value;
  });
}
