import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared-data.ts";
import { damagedReads, formatWriters, readText, writtenRows } from "../../../test/format-writers.ts";
import { openTrace } from "../open-trace.ts";
import { traceFormats } from "../trace-formats.ts";

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
  expect([...Object.keys(formatWriters), ...others].toSorted()).toEqual(
    traceFormats.map(({ name }) => name).toSorted(),
  );
});

it.each([
  [
    "agentic_mooncake",
    '{"request_id":"b","input_length":512,"output_length":3,"hash_ids":[3],"wait_for":["a"],"delay":10}',
  ],
  ["agentic_mooncake", '{"schema":"dynamo.agentic_mooncake","version":2,"block_size":64}'],
  ["applied_compute_agentic", '{"num_turns":0,"input_prompt_length":5}'],
  ["dynamo", '{"schema":"dynamo.request.trace.v1","event_type":"request_end"}'],
])("recognises %s, as no other format, by %s", (name, head) => {
  expect(traceFormats.filter((format) => format.detect(head)).map((format) => format.name)).toEqual([name]);
});

describe.each(Object.entries(formatWriters))("%s", (name, write) => {
  it("is recognised, by no other format", () => {
    const head = write(writtenRows);
    expect(traceFormats.filter((format) => format.detect(head)).map((format) => format.name)).toEqual([name]);
  });

  it("gives back what was written", async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (written) => {
        const trace = await readText(write(written));
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
      await expect(readText(write(writtenRows), { format: other.name })).rejects.toThrow(
        `is not ${other.name} but ${name}`,
      );
    }
  });

  it("is read or cleanly refused however it is damaged", async () => {
    expect(await damagedReads(name, 1000)).toBeGreaterThan(100);
  });
});

describe("details", () => {
  it("reads Azure times to the digit, with and without a zone, and leaves empty prompts out", async () => {
    const trace = await readText(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
        "2023-11-16 18:15:46.6805900,374,44\n" +
        "2023-11-16 18:15:50.9951690,396,109\n" +
        "2023-11-16 19:15:51+01:00,0,1\n" +
        "2023-11-16T18:15:51.000001Z,7,1\n",
    );
    expect([...trace.arrivalMs]).toEqual([0, expect.closeTo(4314.579, 9), expect.closeTo(4319.411, 9)]);
    expect(trace.notes.join("\n")).toContain("1 row left out: ContextTokens is 0");
    expect(trace.startUnixMs).toBeCloseTo(Date.UTC(2023, 10, 16, 18, 15, 46) + 680.59, 3);
  });

  it("takes Qwen-Bailian's hashes for blocks of 16 tokens, unless told otherwise", async () => {
    const row = (chat: number, hashes: string) =>
      `{"chat_id":${chat},"parent_chat_id":-1,"timestamp":${chat},"input_length":40,"output_length":3,"type":"text","turn":1,"hash_ids":[${hashes}]}\n`;
    const text = row(1, "7,8,9") + row(2, "7,8,10");
    const trace = await readText(text);
    expect(trace.blocks).toMatchObject({ blockSize: 16, distinct: 4 });
    expect([...trace.inputLength]).toEqual([40, 40]);
    expect([...trace.arrivalMs]).toEqual([0, 1000]);
    expect((await readText(text, { format: "qwen_bailian", traceBlockSize: 32 })).blocks!.blockSize).toBe(32);
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
    [
      '{"metadata":{"request_start_ns":1.7e18},"metrics":{}}',
      "stdin:1: metadata.request_start_ns must be a non-negative",
    ],
    ['{"metadata":{"request_start_ns":-5},"metrics":{}}', "stdin:1: metadata.request_start_ns must be a non-negative"],
  ])("refuses %j", async (content, problem) => {
    await expect(readText(content)).rejects.toThrow(problem);
  });

  it("tells mistakes of several lines together, and lacking columns with what stands in their place", async () => {
    await expect(readText("arrival_ms,input_length,output_length\n0,x,1\n0,1,1\n\n0,1\n1,2,-3\n")).rejects.toThrow(
      'stdin:2: input_length must be an integer from 0 to 2147483647, found "x"\n' +
        "stdin:5: expected 3 fields as in line 1, found 2\n" +
        'stdin:6: output_length must be an integer from 0 to 2147483647, found "-3"',
    );
    await expect(readText("arrival_ms,input_lenght,out\n0,x,1\n", { format: "csv" })).rejects.toThrow(
      'stdin:1: no column input_length (found "input_lenght": did you mean "input_length"?)\n' +
        "stdin:1: no column output_length; found arrival_ms, input_lenght, out",
    );
    await expect(readText('{"input_toks":1,"output_tok":1}\n[1]\n{"input_toks":0,"output_toks":1}\n')).rejects.toThrow(
      'stdin:1: output_toks is missing (found "output_tok": did you mean "output_toks"?)\n' +
        'stdin:2: expected a JSON object, found "[1]"\n' +
        "stdin:3: input_toks must be positive, found 0",
    );
  });

  it("shares BLIS prefix groups, in front of the prompt, and leaves failed requests out", async () => {
    const trace = await readText(
      "request_id,prefix_group,prefix_length,input_tokens,output_tokens,arrival_time_us,send_time_us,status,server_input_tokens\n" +
        "0,a,40,20,5,0,1000,ok,99\n1,a,40,9,5,2000,3000,ok,99\n2,,0,30,5,5000,0,ok,33\n3,,0,30,5,5000,0,error,0\n",
    );
    expect([...trace.inputLength]).toEqual([60, 49, 33]);
    expect([...trace.arrivalMs]).toEqual([0, 2, 4]);
    expect(trace.blocks?.blockSize).toBe(16);
    expect([...trace.blocks!.ids]).toEqual([0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 8]);
    expect(trace.notes.join("\n")).toContain("1 row left out: status is not ok");
  });

  it("finds the prefixes of LLMServingSim token ids, and fills in prompts without", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => index);
    const trace = await readText(
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
    const trace = await readText(
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
    const trace = await readText(
      '{"timestamp":5,"requests":[{"Prompt Length":7,"Output Length":2},{"prompt_length":8,"output_length":null}]}\n' +
        '{"timestamp":1005,"requests":[{"prompt_length":9,"output_length":3}]}',
    );
    expect([...trace.inputLength]).toEqual([7, 9]);
    expect([...trace.arrivalMs]).toEqual([0, 1000]);
  });

  it("keeps nanoseconds of AIPerf times and leaves warm-up and failures out", async () => {
    const record = (startNs: string, phase: string, error: string) =>
      `{"metadata":{"request_start_ns":${startNs},"benchmark_phase":"${phase}"},"metrics":{"input_sequence_length":{"value":9},"output_sequence_length":{"value":3}},"error":${error}}\n`;
    const trace = await readText(
      record("1763306523123456789", "profiling", "null") +
        record("1763306523123456999", "profiling", "null") +
        record("1763306523123456999", "warmup", "null") +
        record("1763306523123456999", "profiling", '{"code":500}'),
    );
    expect([...trace.arrivalMs]).toEqual([0, expect.closeTo(0.00021, 9)]);
    expect(trace.notes).toContain("1 row left out: the request failed");
  });

  it("says which formats exist", async () => {
    await expect(readText("x", { format: "parquet" })).rejects.toThrow(
      'unknown trace format "parquet"; known: mooncake,',
    );
  });
});

describe.skipIf(!hasShared)("recorded files (needs ../shared)", () => {
  it("reads the Azure conversation trace of 2023", async () => {
    const trace = await openTrace(sharedPath("traces", "AzureLLMInferenceTrace_conv.csv"));
    expect(trace.count).toBe(19_366);
    expect(Math.max(...trace.arrivalMs) / 1000).toBeGreaterThan(3500);
  });
});
