import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { oneOrMoreLines } from "../../../test/format-writers.ts";
import { requestOnCycle } from "../dependency-graph.ts";
import { mooncakeLines } from "../mooncake-writer.ts";
import { openTrace } from "../open-trace.ts";
import type { OpenTraceOptions } from "../open-trace.ts";
import { TraceError } from "../trace-error.ts";
import { traceFormats } from "../trace-formats.ts";
import { mergeTraces } from "../transform/merge-traces.ts";
import { sampleTrace } from "../transform/sample-trace.ts";
import { scaleTrace } from "../transform/scale-trace.ts";
import { sliceTrace } from "../transform/slice-trace.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-agents-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Uint8Array, options: OpenTraceOptions = {}) {
  return openTrace("-", { stdin: Readable.from([Buffer.from(content)]), ...options });
}

function damagedOrClean(good: Buffer, format: string): Promise<void> {
  const damage = fc.record({
    at: fc.nat(good.length - 1),
    cut: fc.nat(12),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom("{", "}", "[", "]", ",", '"', "-", ".", "e9", "\n", "null", "1e999"),
    ),
  });
  return fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      let bytes = good;
      for (const { at, cut, put } of damages) {
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(put as Uint8Array), bytes.subarray(at + cut)]);
      }
      try {
        const trace = await read(bytes, { format, arrivals: "optional" });
        expect(trace.count).toBeGreaterThan(0);
        expect(trace.inputLength.every((length) => length > 0)).toBe(true);
        expect(trace.sessions?.delayMs.every((delay) => delay >= 0) ?? true).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(TraceError);
        expect((error as Error).message).toMatch(oneOrMoreLines);
      }
    }),
    { numRuns: 1000 },
  );
}

describe("applied_compute_agentic", () => {
  const session = {
    num_turns: 2,
    input_prompt_length: 1000,
    assistant_response_length: [100, 50],
    tool_call_output_length: [200, 300],
    tool_call_latency: [1.5, 0.25],
    final_assistant_response_length: 20,
  };
  const text = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const closed = { arrivals: "optional", engineBlockSize: 64 } as const;

  it("makes a session of growing prompts, with tool times between (engine-reference §2.5)", async () => {
    const trace = await read(text(session), closed);
    expect([...trace.inputLength]).toEqual([1000, 1300, 1650]);
    expect([...trace.outputLength]).toEqual([100, 50, 20]);
    expect([...trace.sessions!.turnOf]).toEqual([0, 1, 2]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 1500, 250]);
    expect(trace.sessions!.names).toEqual(["applied_compute_agentic_session_1"]);
    const { ids, offsets } = trace.blocks!;
    const prompt = (request: number) => [...ids.subarray(offsets[request]!, offsets[request + 1]!)];
    // 1000 tokens are 15 whole blocks of 64, 1300 are 20; the partial block behind them is nobody's.
    expect(
      prompt(1)
        .slice(0, 16)
        .map((id, index) => id === prompt(0)[index]),
    ).toEqual([...Array<boolean>(15).fill(true), false]);
    expect(
      prompt(2)
        .slice(0, 21)
        .map((id, index) => id === prompt(1)[index]),
    ).toEqual([...Array<boolean>(20).fill(true), false]);
  });

  it("shares the first blocks of a group", async () => {
    const trace = await read(text(session, session, session), {
      ...closed,
      sharedPrefixRatio: 0.5,
      numPrefixGroups: 2,
    });
    const { ids, offsets } = trace.blocks!;
    const first = (row: number) => [...ids.subarray(offsets[row * 3]!, offsets[row * 3]! + 9)];
    // Half of two blocks of 512 tokens: 8 blocks of 64.
    expect(first(2).map((id, index) => id === first(0)[index])).toEqual([...Array<boolean>(8).fill(true), false]);
    expect(first(1).some((id) => first(0).includes(id))).toBe(false);
  });

  it.each([
    [{ ...session, input_prompt_length: 0 }, "stdin:1: input_prompt_length must be positive, found 0"],
    [
      { ...session, tool_call_latency: [1.5, -1] },
      "stdin:1: tool_call_latency[1] must be a finite number of at least 0",
    ],
    [{ ...session, assistant_response_length: [1] }, "has 1 entries, but num_turns is 2"],
    [{ ...session, tool_call_output_length: [1.5, 2] }, "tool_call_output_length[0] must be an integer, found 1.5"],
  ])("refuses %j", async (row, problem) => {
    await expect(read(text(row), closed)).rejects.toThrow(problem);
  });

  it("cannot run in an open loop", async () => {
    await expect(read(text(session))).rejects.toThrow("stdin:1: timestamp is missing");
  });

  it("is read or cleanly refused however it is damaged", () =>
    damagedOrClean(Buffer.from(text(session, session)), "applied_compute_agentic"));
});

describe("dynamo", () => {
  const record = (id: string, receivedMs: number, inputLength: number, hashes: string, more = "") =>
    `{"schema":"dynamo.request.trace.v1","event_type":"request_end","event_time_unix_ms":${receivedMs + 1000},"request":{"request_id":"${id}","request_received_ms":${receivedMs},"output_tokens":4,"replay":{"trace_block_size":64,"input_length":${inputLength},"input_sequence_hashes":[${hashes}]}}${more}}\n`;
  const first = record("a", 5000, 130, "18446744073709551615,2,3");
  const second = record("b", 5100, 200, "18446744073709551615,18446744073709551614,8,9");

  it("reads requests by arrival, with their block size and 64-bit hashes", async () => {
    const trace = await read(second + first);
    expect([...trace.arrivalMs]).toEqual([0, 100]);
    expect([...trace.inputLength]).toEqual([130, 200]);
    expect(trace.blocks?.blockSize).toBe(64);
    expect([...trace.blocks!.ids]).toEqual([0, 1, 2, 0, 3, 4, 5]);
    expect(trace.sessions).toBeNull();
  });

  it("reads shards, gzip among them, and records in envelopes; passes over other events", async () => {
    const one = join(folder, "shard.000000.jsonl.gz");
    const two = join(folder, "shard.000001.jsonl");
    writeFileSync(one, gzipSync(`{"timestamp":1,"event":${first.trim()}}\n`));
    writeFileSync(
      two,
      `${second}{"schema":"dynamo.request.trace.v1","event_type":"tool_end","event_time_unix_ms":9}\n`,
    );
    expect([...(await openTrace([one, two], { format: "dynamo" })).arrivalMs]).toEqual([0, 100]);
    writeFileSync(two, record("b", 5100, 100, "1,2").replace('"trace_block_size":64', '"trace_block_size":50'));
    await expect(openTrace([one, two], { format: "dynamo" })).rejects.toThrow(
      "shard.000001.jsonl:1: trace_block_size is 50, but 64 in the records before",
    );
  });

  it("makes turns of the requests of a session, as far apart as recorded", async () => {
    const context = (session: string) => `,"agent_context":{"session_id":"${session}"}`;
    const trace = await read(
      record("a", 5000, 64, "1", context("s")) +
        record("b", 7100, 128, "1,2", context("s")) +
        record("c", 5500, 64, "5", context("t")) +
        record("d", 7900, 64, "1", context("s")),
    );
    expect(trace.sessions!.names).toEqual(["s", "t"]);
    expect([...trace.sessions!.sessionOf]).toEqual([0, 1, 0, 0]);
    const { offsets, on, delayMs } = trace.dependencies!;
    expect([...offsets]).toEqual([0, 0, 0, 1, 2]);
    expect([...on]).toEqual([0, 2]);
    // 7100 is 1100 ms after the end at 6000; 7900 lies before the end at 8100.
    expect([...delayMs]).toEqual([1100, 0]);
  });

  it("lets a child session wait for its parent, and the parent for it", async () => {
    const context = (session: string, parent?: string) =>
      `,"agent_context":${JSON.stringify({ session_id: session, parent_session_id: parent })}`;
    const trace = await read(
      record("a", 5000, 64, "1", context("s")) +
        record("b", 6500, 64, "2", context("child", "s")) +
        record("c", 9000, 64, "3", context("s")) +
        record("d", 5000, 64, "4", context("orphan", "nowhere")),
    );
    const { offsets, on, delayMs } = trace.dependencies!;
    expect([...trace.arrivalMs]).toEqual([0, 0, 1500, 4000]);
    expect([...offsets]).toEqual([0, 0, 0, 1, 3]);
    expect([...on]).toEqual([0, 0, 2]);
    // The child came 500 ms after the parent's end; the parent went on 1500 ms after the child's.
    expect([...delayMs]).toEqual([500, 1500, 1500]);
  });

  it.each([
    [
      record("a", 5000, 130, "1,2"),
      "stdin:1: request.replay.input_sequence_hashes must have 3 entries for 130 tokens, found 2",
    ],
    [first + first, 'stdin:2: request_id "a" stands in stdin:1 too'],
    [first + record("b", 1, 64, "18446744073709551616"), "found 18446744073709551616"],
    [first + record("b", 1, 64, "1.5"), "must hold integers from 0 to 2^64 - 1"],
    [
      first + record("b", 1, 64, "1", ',"agent_context":{"session_id":"s"}'),
      "with and without agent_context cannot be mixed",
    ],
    [
      record("a", 1, 64, "1", ',"agent_context":{"session_id":"s","parent_session_id":"t"}') +
        record("b", 2, 64, "1", ',"agent_context":{"session_id":"s","parent_session_id":"u"}'),
      'stdin:2: session "s" has two parents: "t" and "u"',
    ],
    ['{"schema":"dynamo.request.trace.v1","event_type":"tool_end"}', "stdin: holds no requests"],
    [`${first}{"event_type":"request_end"}`, 'stdin:2: schema must be "dynamo.request.trace.v1"'],
  ])("refuses %j", async (content, problem) => {
    await expect(read(content, { format: "dynamo" })).rejects.toThrow(problem);
  });

  it("tells mistakes of several shards together", async () => {
    const [one, two] = ["one.jsonl", "two.jsonl"].map((name) => join(folder, name)) as [string, string];
    writeFileSync(one, `${first}${first.replace('"output_tokens":4', '"output_token":4')}`);
    writeFileSync(two, `${record("c", 1, 64, "1")}{\n${record("b", 1, 130, "1")}`);
    const problem = await openTrace([one, two]).catch((error: Error) => error.message.replaceAll(`${folder}/`, ""));
    expect(problem).toBe(
      'one.jsonl:2: request.output_tokens is missing (found "output_token": did you mean "output_tokens"?)\n' +
        "two.jsonl:2: not valid JSON: the line ends before the value is complete\n" +
        "two.jsonl:3: request.replay.input_sequence_hashes must have 3 entries for 130 tokens, found 1",
    );
  });

  it("refuses another block size than the file's", async () => {
    await expect(read(first, { traceBlockSize: 512 })).rejects.toThrow(
      "stdin:1: trace_block_size is 64, but --trace-block-size is 512",
    );
  });

  it("is read or cleanly refused however it is damaged", () => damagedOrClean(Buffer.from(first + second), "dynamo"));
});

const agenticRows = [
  { request_id: "a", timestamp: 7, input_length: 1024, output_length: 3, hash_ids: [1, 2], priority: 2 },
  { request_id: "b", input_length: 512, output_length: 3, hash_ids: [3], wait_for: ["a"], delay: 10, tool_wait_ms: 5 },
  { request_id: "c", session_id: "s", input_length: 600, output_length: 30, hash_ids: [3, 4], wait_for: ["a", "b"] },
];

describe("agentic_mooncake", () => {
  const text = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const header = { schema: "dynamo.agentic_mooncake", version: 2, block_size: 64, hash_id_scope: "local" };
  const node = (request_id: string, not_before_ms: number, ...dependencies: object[]) => ({
    request_id,
    play_id: "p",
    session_id: "s",
    model: "m",
    input_length: 100,
    output_length: 5,
    hash_ids: [1, 2],
    not_before_ms,
    dependencies,
  });
  const after = (request_id: string, trigger = "completion", delay_ms = 0) => ({
    request_id,
    trigger,
    delay_ms,
    relation: "sequence",
  });

  it("reads what requests wait for, and gives it back when written and read again", async () => {
    const trace = await read(text(...agenticRows));
    expect([...trace.arrivalMs]).toEqual([0, Number.NaN, Number.NaN]);
    expect([...trace.dependencies!.offsets]).toEqual([0, 0, 1, 3]);
    expect([...trace.dependencies!.on]).toEqual([0, 0, 1]);
    expect([...trace.dependencies!.delayMs]).toEqual([15, 0, 0]);
    expect(trace.sessions!.names).toEqual(["a", "b", "s"]);
    expect([...trace.priorities!.boostSeconds]).toEqual([2, 0, 0]);
    const again = await read([...mooncakeLines(trace)].join(""));
    expect({ ...again, notes: trace.notes }).toEqual(trace);
  });

  it("reads version 2: triggers, delays of each edge, earliest times, and gives it back", async () => {
    const trace = await read(
      text(
        header,
        node("a", 100),
        node("b", 130, after("a", "dispatch", 5)),
        node("c", 100, after("a", "completion", 2), after("b")),
      ),
    );
    expect(trace.blocks!.blockSize).toBe(64);
    expect([...trace.arrivalMs]).toEqual([0, 30, 0]);
    expect([...trace.dependencies!.onOffer]).toEqual([1, 0, 0]);
    expect([...trace.dependencies!.delayMs]).toEqual([5, 2, 0]);
    expect([...trace.dependencies!.notBeforeMs]).toEqual([0, 30, 0]);
    const again = await read([...mooncakeLines(trace)].join(""));
    expect({ ...again, notes: trace.notes }).toEqual(trace);
  });

  it("tells several mistakes together, of rows and then between them, but nothing after a header it cannot read", async () => {
    const bad = [
      { ...agenticRows[0], request_id: 3, hash_ids: "x" },
      agenticRows[1]!,
      { ...agenticRows[2], wait_for: 1 },
    ];
    await expect(read(text(...bad))).rejects.toThrow(
      'stdin:1: hash_ids must be an array of integers, found "x"\n' +
        "stdin:1: request_id must be a string, found 3\n" +
        "stdin:3: wait_for must be an array, found 1",
    );
    const waits = [agenticRows[0]!, { ...agenticRows[0], wait_for: ["x", "y"] }];
    await expect(read(text(...waits))).rejects.toThrow(
      'stdin:2: request_id "a" stands in line 1 too\n' +
        'stdin:2: request "a" waits for "x", which is no request here\n' +
        'stdin:2: request "a" waits for "y", which is no request here',
    );
    await expect(read(text({ ...header, version: 3 }, { x: 1 }))).rejects.toThrow(
      /^stdin:1: version must be 2, found 3$/,
    );
  });

  it.each([
    [text({ ...agenticRows[0], wait_for: ["x"] }), 'stdin:1: request "a" waits for "x", which is no request here'],
    [text(agenticRows[0]!, agenticRows[0]!), 'stdin:2: request_id "a" stands in line 1 too'],
    [text({ ...agenticRows[0], wait_for: ["b"] }, agenticRows[1]!), "waits for itself: a cycle of dependencies"],
    [text({ ...agenticRows[0], wait_for: [3] }), "stdin:1: wait_for[0] must be a string, found 3"],
    [text({ ...agenticRows[1], tool_wait_ms: -1 }), "stdin:1: tool_wait_ms must not be negative, found -1"],
    [text({ ...header, version: 3 }), "stdin:1: version must be 2, found 3"],
    [text(header, { ...node("a", 0), hash_ids: [1] }), "stdin:2: hash_ids must have 2 entries for 100 tokens, found 1"],
    [text(header, node("a", 0), node("b", 0)), 'stdin:3: play "p" has two requests that wait for nothing: "a" and "b"'],
    [
      text(header, node("a", 0), node("b", 0, after("a", "start"))),
      'must be "dispatch" or "completion", found "start"',
    ],
    [text(header, node("a", 0), { ...node("b", 0, after("a")), play_id: "q" }), "of another play"],
  ])("refuses %j", async (content, problem) => {
    await expect(read(content, { format: "agentic-mooncake" })).rejects.toThrow(problem);
  });

  it("keeps plays whole when it is cut and sampled, and side by side when merged", async () => {
    const other = agenticRows.map((row) => ({
      ...row,
      request_id: `${row.request_id}2`,
      wait_for: row.wait_for?.map((id) => `${id}2`),
    }));
    const trace = await read(text(...agenticRows, { ...other[0], timestamp: 1007 }, ...other.slice(1)));
    expect(sliceTrace(trace, { fromSeconds: 0.5 }).dependencies!.names).toEqual(["a2", "b2", "c2"]);
    expect(sliceTrace(trace, { maxRequests: 4 }).dependencies!.names).toEqual(["a", "b", "c"]);
    expect([3, 6]).toContain(sampleTrace(trace, 0.8, 1).count);
    expect(scaleTrace(trace, 2).dependencies!.delayMs[0]).toBe(7.5);
    const merged = mergeTraces([trace, trace]);
    expect(merged.count).toBe(12);
    expect(merged.dependencies!.on).toHaveLength(12);
    expect(requestOnCycle(merged.dependencies!)).toBe(-1);
  });

  it("is read or cleanly refused however it is damaged", async () => {
    await damagedOrClean(Buffer.from(text(...agenticRows)), "agentic_mooncake");
    await damagedOrClean(Buffer.from(text(header, node("a", 0), node("b", 0, after("a")))), "agentic_mooncake");
  });
});

describe("mooncake_delta", () => {
  const rows = [
    { session_id: "s", timestamp: 5, input_length: 100, output_length: 30, hash_ids: [1, 2] },
    { session_id: "s", delay: 9, input_length: 70, output_length: 1, hash_ids: [3, 4] },
  ];
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");

  it("is only read when asked for, and adds up turns and answers", async () => {
    expect([...(await read(text, { traceBlockSize: 64 })).inputLength]).toEqual([100, 70]);
    const trace = await read(text, { traceBlockSize: 64, format: "mooncake-delta", engineBlockSize: 16 });
    expect([...trace.inputLength]).toEqual([100, 200]);
    expect([...trace.arrivalMs]).toEqual([0, Number.NaN]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 9]);
    const { ids, offsets } = trace.blocks!;
    expect([...ids.subarray(offsets[1]!, offsets[1]! + 6)]).toEqual([...ids.subarray(0, 6)]);
    // The answer fills blocks 6 and 7, which the second prompt holds.
    const answer = trace.continuations!;
    expect([...ids.subarray(offsets[1]! + 6, offsets[1]! + 8)]).toEqual([...answer.ids.subarray(0, answer.offsets[1])]);
  });

  it("is read or cleanly refused however it is damaged", () => damagedOrClean(Buffer.from(text), "mooncake_delta"));
});

it("recognises each by itself alone", () => {
  const heads = [
    agenticRows.map((row) => JSON.stringify(row)).join("\n"),
    '{"schema":"dynamo.agentic_mooncake","version":2,"block_size":64}',
    '{"num_turns":0,"input_prompt_length":5}',
    '{"schema":"dynamo.request.trace.v1","event_type":"request_end"}',
  ];
  expect(heads.map((head) => traceFormats.filter((format) => format.detect(head)).map(({ name }) => name))).toEqual([
    ["agentic_mooncake"],
    ["agentic_mooncake"],
    ["applied_compute_agentic"],
    ["dynamo"],
  ]);
});
