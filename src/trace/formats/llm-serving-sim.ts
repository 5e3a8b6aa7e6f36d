import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import type { JsonRow } from "./json-rows.ts";
import { readJsonRows } from "./json-rows.ts";

/** Prompts given as token ids are cut into blocks of this many for prefix sharing. */
const tokensPerBlock = 16;

/**
 * LLMServingSim requests (MIT): JSONL with `input_toks`, `output_toks`, `arrival_time_ns` (or `arrival_time`, s), and
 * if recorded the `input_tok_ids`; or agentic sessions with `sub_requests`, each after the one before and a tool time.
 */
export const llmServingSimFormat: TraceFormat = {
  name: "llm_serving_sim",
  description: "LLMServingSim JSONL: input_toks, output_toks, arrival_time_ns",
  detect: (head) => /"input_toks"\s*:/.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, tokensPerBlock, source.sizeHint);
    const prompts = new TokenPrefixes(builder);
    await readJsonRows(source, (row) => {
      if (!row.has("sub_requests")) {
        if (builder.hasSessions) builder.sessions.addLone();
        addRequest(row, arrivalOf(row), builder, prompts);
        return;
      }
      const session = builder.sessions.indexOf(row.has("session_id") ? row.id("session_id") : `line_${row.line}`);
      let delayMs = 0;
      for (const request of row.objects("sub_requests")) {
        const time = builder.sessions.turns(session) === 0 ? arrivalOf(row) : Number.NaN;
        builder.sessions.addTurn(session, delayMs, time);
        addRequest(request, time, builder, prompts);
        delayMs = request.has("tool_duration_ns") ? request.positive("tool_duration_ns") / 1e6 : 0;
      }
    });
    if (!prompts.used) builder.note("LLMServingSim: no token ids; every prompt is taken as new (no prefix sharing)");
    return builder.finish(source.name, options.arrivals);
  },
};

function arrivalOf(row: JsonRow): number {
  if (row.has("arrival_time_ns")) return row.positive("arrival_time_ns") / 1e6;
  return row.has("arrival_time") ? row.positive("arrival_time") * 1000 : Number.NaN;
}

function addRequest(row: JsonRow, arrivalMs: number, builder: TraceBuilder, prompts: TokenPrefixes): void {
  const input = row.tokens("input_toks");
  const output = row.tokens("output_toks");
  if (input === 0) row.fail("input_toks", "must be positive, found 0");
  if (row.has("input_tok_ids")) {
    const ids = row.list("input_tok_ids");
    if (ids.length !== input && ids.length > 0) {
      row.fail("input_tok_ids", `has ${ids.length} entries, but input_toks is ${input}`);
    }
    prompts.push(ids, row);
  }
  builder.addRow(row.line, arrivalMs, input, output);
}

/** Turns prompts given as token ids into chained blocks: a block's identity is its tokens and the block before. */
class TokenPrefixes {
  used = false;
  readonly #builder: TraceBuilder;
  /** Number of a block by that of the block before it and its tokens. */
  readonly #chains = new Map<string, number>();

  constructor(builder: TraceBuilder) {
    this.#builder = builder;
  }

  push(tokens: readonly unknown[], row: JsonRow): void {
    this.used ||= tokens.length > 0;
    let before = -1;
    for (let at = 0; at < tokens.length; at += tokensPerBlock) {
      const block = tokens.slice(at, at + tokensPerBlock);
      if (!block.every(Number.isInteger)) row.fail("input_tok_ids", "must hold integers");
      const key = `${before}:${block.join()}`;
      let number = this.#chains.get(key);
      if (number === undefined) {
        number = this.#chains.size;
        this.#chains.set(key, number);
      }
      this.#builder.pushBlock(0, number);
      before = number;
    }
  }
}
