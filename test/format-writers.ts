import { Readable } from "node:stream";
import * as fc from "./seeded-properties.ts";
import { expect } from "vitest";
import { openTrace, type OpenTraceOptions } from "../src/trace/open-trace.ts";
import { TraceError } from "../src/trace/trace-error.ts";

/** What every trace format can say of a request. */
export interface Row {
  readonly arrivalMs: number;
  readonly input: number;
  readonly output: number;
}

/** A writer for each format: what the property tests write and the damage tests damage. */
export const formatWriters: Record<string, (rows: readonly Row[]) => string> = {
  mooncake: (rows) =>
    rows
      .map(
        ({ arrivalMs, input, output }, index) =>
          `{"timestamp":${arrivalMs},"input_length":${input},"output_length":${output},"hash_ids":[${Array.from({ length: Math.ceil(input / 512) }, (_, block) => index * 100_000 + block).join(",")}]}\n`,
      )
      .join(""),
  qwen_bailian: (rows) =>
    rows
      .map(({ arrivalMs, input, output }, index) => {
        const hashes = Array.from({ length: Math.ceil(input / 16) }, (_, block) => index * 100_000 + block);
        return `{"chat_id": ${index}, "parent_chat_id": -1, "timestamp": ${arrivalMs / 1000}, "input_length": ${input}, "output_length": ${output}, "type": "text", "turn": 1, "hash_ids": [${hashes.join(", ")}]}\n`;
      })
      .join(""),
  azure_llm: (rows) =>
    `TIMESTAMP,ContextTokens,GeneratedTokens\n${rows
      .map(({ arrivalMs, input, output }) => {
        const iso = new Date(Date.UTC(2023, 10, 16) + arrivalMs).toISOString();
        return `${iso.slice(0, 10)} ${iso.slice(11, 23)}0000,${input},${output}\n`;
      })
      .join("")}`,
  burst_gpt: (rows) =>
    `Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n${rows
      .map(
        ({ arrivalMs, input, output }) =>
          `${arrivalMs / 1000},,1.5,ChatGPT,${input},${output},${input + output},Conversation log\n`,
      )
      .join("")}`,
  vidur: (rows) =>
    `,arrived_at,num_prefill_tokens,num_decode_tokens,pd_ratio\n${rows
      .map(({ arrivalMs, input, output }, index) => `${index},${arrivalMs / 1000},${input}.0,${output},1.5\n`)
      .join("")}`,
  blis: (rows) =>
    `request_id,prefix_group,prefix_length,input_tokens,output_tokens,server_input_tokens,arrival_time_us,send_time_us,status\n${rows
      .map(({ arrivalMs, input, output }, index) => `${index},,0,${input},${output},0,${arrivalMs * 1000},0,ok\n`)
      .join("")}`,
  csv: (rows) =>
    `arrival_ms,input_length,output_length,"note, quoted"\n${rows
      .map(({ arrivalMs, input, output }) => `${arrivalMs},${input},${output},"a ""b"", c"\n`)
      .join("")}`,
  log: (rows) =>
    `Date;Model;Prompt Tokens;Completion Tokens\n${rows
      .map(({ arrivalMs, input, output }) => {
        const [day, time] = new Date(Date.UTC(2026, 4, 31, 23, 50) + arrivalMs).toISOString().split("T");
        return `${day!.split("-").toReversed().join(".")} ${time!.slice(0, 12).replace(".", ",")};"a;b";${input};${output}\n`;
      })
      .join("")}`,
  llm_serving_sim: (rows) =>
    rows
      .map(
        ({ arrivalMs, input, output }) =>
          `${JSON.stringify({ input_toks: input, output_toks: output, arrival_time_ns: Math.round(arrivalMs * 1e6) })}\n`,
      )
      .join(""),
  aibrix: (rows) =>
    rows
      .map(
        ({ arrivalMs, input, output }) =>
          `${JSON.stringify({ timestamp: arrivalMs, requests: [{ prompt: "x", prompt_length: input, output_length: output }] })}\n`,
      )
      .join(""),
  aiperf: (rows) =>
    rows
      .map(
        ({ arrivalMs, input, output }) =>
          `{"metadata": {"benchmark_phase": "profiling", "request_start_ns": 1763306523${String(Math.round(arrivalMs * 1e3)).padStart(9, "0")}, "was_cancelled": false}, "metrics": {"input_sequence_length": {"value": ${input}, "unit": "tokens"}, "output_sequence_length": ${output}}, "error": null}\n`,
      )
      .join(""),
};

/** A few requests, out of order. */
export const writtenRows: readonly Row[] = [
  { arrivalMs: 250, input: 700, output: 12 },
  { arrivalMs: 0, input: 40, output: 3 },
  { arrivalMs: 125, input: 1500, output: 1 },
];

/** Reads a trace from memory. */
export function readText(content: string | Uint8Array, options: OpenTraceOptions = {}) {
  return openTrace("-", { stdin: Readable.from([Buffer.from(content)]), ...options });
}

/** A line for each mistake of a trace from standard input, ten at most, and one that says so. */
export const oneOrMoreLines = /^stdin(:\d+)?: [^\n]+(\nstdin(:\d+)?: [^\n]+){0,10}$/;

/** Copies of a written trace, damaged in up to three random places. */
export function damagedCopies(good: Buffer): fc.Arbitrary<Buffer> {
  const damage = fc.record({
    at: fc.nat(good.length - 1),
    cut: fc.nat(12),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom("{", "}", "[", "]", ",", '"', "-", ".", "e9", "\n", "null", "NaN", "1e999", "\u0000"),
    ),
  });
  return fc.array(damage, { minLength: 1, maxLength: 3 }).map((damages) => {
    let bytes = good;
    for (const { at, cut, put } of damages) {
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(put as Uint8Array), bytes.subarray(at + cut)]);
    }
    return bytes;
  });
}

/**
 * Damages a trace in random places `runs` times and reads it: it must give a usable trace, or lines that name the file
 * and, where there is one, the line.
 * @returns how many were refused
 */
export async function readDamaged(good: Buffer, options: OpenTraceOptions, runs: number): Promise<number> {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damagedCopies(good), async (bytes) => {
      try {
        const trace = await readText(bytes, options);
        expect(trace.count).toBeGreaterThan(0);
        expect(trace.inputLength.every((length) => length > 0)).toBe(true);
        expect(trace.outputLength.every((length) => length >= 0)).toBe(true);
        expect(trace.sessions?.delayMs.every((delay) => delay >= 0) ?? true).toBe(true);
        // Requests that wait for others have no time of their own, and where times are optional none needs one.
        const mayLackTimes = trace.sessions !== null || options.arrivals === "optional";
        const timely = trace.arrivalMs.every((at) => Number.isFinite(at) || (mayLackTimes && Number.isNaN(at)));
        expect(timely).toBe(true);
      } catch (error) {
        refused += 1;
        expect(error).toBeInstanceOf(TraceError);
        expect((error as Error).message).toMatch(oneOrMoreLines);
      }
    }),
    { numRuns: runs },
  );
  return refused;
}

/** The same for a few requests in the format of a name. */
export function damagedReads(name: string, runs: number): Promise<number> {
  return readDamaged(Buffer.from(formatWriters[name]!(writtenRows)), { format: name }, runs);
}
