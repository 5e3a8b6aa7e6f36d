import { Readable } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared-data.ts";
import { openTrace } from "../open-trace.ts";
import type { OpenTraceOptions } from "../open-trace.ts";
import { TraceError } from "../trace-error.ts";
import { traceFormats } from "../trace-formats.ts";

function read(content: string | Uint8Array, options: OpenTraceOptions = {}) {
  return openTrace("-", { stdin: Readable.from([Buffer.from(content)]), ...options });
}

interface Row {
  readonly arrivalMs: number;
  readonly input: number;
  readonly output: number;
}

/** A writer for each format: what the property tests write and the damage tests damage. */
const writers: Record<string, (rows: readonly Row[]) => string> = {
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

const rows: readonly Row[] = [
  { arrivalMs: 250, input: 700, output: 12 },
  { arrivalMs: 0, input: 40, output: 3 },
  { arrivalMs: 125, input: 1500, output: 1 },
];

const anyRows = fc.array(
  fc.record({
    arrivalMs: fc.integer({ min: 0, max: 800_000 }),
    input: fc.integer({ min: 1, max: 3000 }),
    output: fc.integer({ min: 1, max: 3000 }),
  }),
  { minLength: 1, maxLength: 12 },
);

it("has a writer for every format but those with tests of their own", () => {
  const others = ["agentic_mooncake", "applied_compute_agentic", "dynamo", "mooncake_delta", "servegen"];
  expect([...Object.keys(writers), ...others].toSorted()).toEqual(traceFormats.map(({ name }) => name).toSorted());
});

describe.each(Object.entries(writers))("%s", (name, write) => {
  it("is recognised, by no other format", () => {
    const head = write(rows);
    expect(traceFormats.filter((format) => format.detect(head)).map((format) => format.name)).toEqual([name]);
  });

  it("gives back what was written", async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (written) => {
        const trace = await read(write(written));
        const earliest = Math.min(...written.map(({ arrivalMs }) => arrivalMs));
        // AIPerf rows count microseconds as if they were nanoseconds, to stay short.
        const unit = name === "aiperf" ? 1000 : 1;
        expect([...trace.inputLength]).toEqual(written.map(({ input }) => input));
        expect([...trace.outputLength]).toEqual(written.map(({ output }) => output));
        for (const [index, { arrivalMs }] of written.entries()) {
          expect(trace.arrivalMs[index]).toBeCloseTo((arrivalMs - earliest) / unit, 6);
        }
        expect(trace.blocks).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it("is never read as another format without a word", async () => {
    for (const other of traceFormats) {
      if (other.name === name || other.alsoReads?.includes(name) === true) continue;
      await expect(read(write(rows), { format: other.name })).rejects.toThrow(`is not ${other.name} but ${name}`);
    }
  });

  it("is read or cleanly refused however it is damaged", async () => {
    const good = Buffer.from(write(rows));
    const damage = fc.record({
      at: fc.nat(good.length - 1),
      cut: fc.nat(12),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.constantFrom("{", "}", "[", "]", ",", '"', "-", ".", "e9", "\n", "null", "NaN", "1e999", "\u0000"),
      ),
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        let bytes = good;
        for (const { at, cut, put } of damages) {
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(put as Uint8Array), bytes.subarray(at + cut)]);
        }
        try {
          const trace = await read(bytes, { format: name });
          expect(trace.count).toBeGreaterThan(0);
          expect(trace.inputLength.every((length) => length > 0)).toBe(true);
          expect(trace.outputLength.every((length) => length >= 0)).toBe(true);
          expect(trace.arrivalMs.every(Number.isFinite)).toBe(true);
        } catch (error) {
          refused += 1;
          expect(error).toBeInstanceOf(TraceError);
          expect((error as Error).message).toMatch(/^stdin(:\d+)?: [^\n]+$/);
        }
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe("details", () => {
  it("reads Azure times to the digit, with and without a zone, and leaves empty prompts out", async () => {
    const trace = await read(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
        "2023-11-16 18:15:46.6805900,374,44\n" +
        "2023-11-16 18:15:50.9951690,396,109\n" +
        "2023-11-16 19:15:51+01:00,0,1\n" +
        "2023-11-16T18:15:51.000001Z,7,1\n",
    );
    expect([...trace.arrivalMs]).toEqual([0, expect.closeTo(4314.579, 9), expect.closeTo(4319.411, 9)]);
    expect(trace.notes.join("\n")).toContain("1 rows left out: ContextTokens is 0");
  });

  it.each([
    ["TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-31 18:15:46,3,4\n", "stdin:2: TIMESTAMP must be a time like"],
    [
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,-3,4\n",
      "stdin:2: ContextTokens must be an integer",
    ],
    [
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,3\n",
      "stdin:2: expected 3 fields as in line 1, found 2",
    ],
    ["TIMESTAMP,ContextTokens,GeneratedTokens\n", "stdin: holds no requests"],
    [
      "Timestamp,Model,Request tokens,Response tokens\n5,m,9,0\n",
      "stdin: holds no usable requests (Response tokens is 0",
    ],
    [
      "Timestamp,Model,Request tokens,Response tokens\nNaN,m,9,1\n",
      'stdin:2: Timestamp must be a finite number, found "NaN"',
    ],
    ["num_prefill_tokens,num_decode_tokens\n5,6\n", "stdin:2: timestamp is missing"],
    [
      '{"input_toks":3,"output_toks":1,"arrival_time_ns":0,"input_tok_ids":[1,2]}',
      "stdin:1: input_tok_ids has 2 entries",
    ],
    ['{"timestamp":0,"requests":[{"prompt_length":3,"output_length":1},7]}', "stdin:1: requests[1] must be an object"],
    ['{"metadata":{"request_start_ns":-5},"metrics":{}}', "stdin:1: metadata.request_start_ns must be a non-negative"],
  ])("refuses %j", async (content, problem) => {
    await expect(read(content)).rejects.toThrow(problem);
  });

  it("shares BLIS prefix groups, in front of the prompt, and leaves failed requests out", async () => {
    const trace = await read(
      "request_id,prefix_group,prefix_length,input_tokens,output_tokens,arrival_time_us,send_time_us,status,server_input_tokens\n" +
        "0,a,40,20,5,0,1000,ok,99\n1,a,40,9,5,2000,3000,ok,99\n2,,0,30,5,5000,0,ok,33\n3,,0,30,5,5000,0,error,0\n",
    );
    expect([...trace.inputLength]).toEqual([60, 49, 33]);
    expect([...trace.arrivalMs]).toEqual([0, 2, 4]);
    expect(trace.blocks?.blockSize).toBe(16);
    expect([...trace.blocks!.ids]).toEqual([0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 8]);
    expect(trace.notes.join("\n")).toContain("1 rows left out: status is not ok");
  });

  it("finds the prefixes of LLMServingSim token ids, and fills in prompts without", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => index);
    const trace = await read(
      [
        { input_toks: 20, output_toks: 1, arrival_time_ns: 0 },
        { input_toks: 40, output_toks: 1, arrival_time_ns: 2e6, input_tok_ids: ids },
        {
          input_toks: 40,
          output_toks: 1,
          arrival_time_ns: 1e6,
          input_tok_ids: [...ids.slice(0, 20), ...ids.slice(0, 20)],
        },
      ]
        .map((row) => JSON.stringify(row))
        .join("\n"),
    );
    expect([...trace.arrivalMs]).toEqual([0, 2, 1]);
    expect([...trace.blocks!.offsets]).toEqual([0, 2, 5, 8]);
    expect([...trace.blocks!.ids]).toEqual([5, 6, 0, 1, 2, 0, 3, 4]);
    expect(trace.blocks!.distinct).toBe(7);
  });

  it("reads LLMServingSim sessions as turns with tool time between them", async () => {
    const trace = await read(
      `{"input_toks":5,"output_toks":1,"arrival_time_ns":3000000}
{"session_id":"s","arrival_time_ns":1000000,"sub_requests":[{"input_toks":5,"output_toks":2,"tool_duration_ns":7000000},{"input_toks":9,"output_toks":2}]}`,
      { format: "llm_serving_sim" },
    );
    expect(trace.sessions?.names).toEqual(["request_1", "s"]);
    expect([...trace.sessions!.turnOf]).toEqual([0, 0, 1]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 0, 7]);
    expect(trace.arrivalMs[1]).toBe(0);
  });

  it("lists AIBrix requests of one instant, in either spelling", async () => {
    const trace = await read(
      '{"timestamp":5,"requests":[{"Prompt Length":7,"Output Length":2},{"prompt_length":8,"output_length":null}]}\n' +
        '{"timestamp":1005,"requests":[{"prompt_length":9,"output_length":3}]}',
    );
    expect([...trace.inputLength]).toEqual([7, 9]);
    expect([...trace.arrivalMs]).toEqual([0, 1000]);
  });

  it("keeps nanoseconds of AIPerf times and leaves warm-up and failures out", async () => {
    const record = (startNs: string, phase: string, error: string) =>
      `{"metadata":{"request_start_ns":${startNs},"benchmark_phase":"${phase}"},"metrics":{"input_sequence_length":{"value":9},"output_sequence_length":{"value":3}},"error":${error}}\n`;
    const trace = await read(
      record("1763306523123456789", "profiling", "null") +
        record("1763306523123456999", "profiling", "null") +
        record("1763306523123456999", "warmup", "null") +
        record("1763306523123456999", "profiling", '{"code":500}'),
    );
    expect([...trace.arrivalMs]).toEqual([0, expect.closeTo(0.00021, 9)]);
    expect(trace.notes).toContain("1 rows left out: the request failed");
  });

  it("says which formats exist", async () => {
    await expect(read("x", { format: "parquet" })).rejects.toThrow('unknown trace format "parquet"; known: mooncake,');
  });
});

describe.skipIf(!hasShared)("recorded files (needs ../shared)", () => {
  it("reads the Azure conversation trace of 2023", async () => {
    const trace = await openTrace(sharedPath("traces", "AzureLLMInferenceTrace_conv.csv"));
    expect(trace.count).toBe(19_366);
    expect(Math.max(...trace.arrivalMs) / 1000).toBeGreaterThan(3500);
  });
});
