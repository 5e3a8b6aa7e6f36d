import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readDamaged, readText } from "../../../test/format-writers.ts";
import { openTrace } from "../open-trace.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-requests-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("dynamo", () => {
  const record = (id: string, receivedMs: number, inputLength: number, hashes: string, more = "") =>
    `{"schema":"dynamo.request.trace.v1","event_type":"request_end","event_time_unix_ms":${receivedMs + 1000},"request":{"request_id":"${id}","request_received_ms":${receivedMs},"output_tokens":4,"replay":{"trace_block_size":64,"input_length":${inputLength},"input_sequence_hashes":[${hashes}]}}${more}}\n`;
  const first = record("a", 5000, 130, "18446744073709551615,2,3");
  const second = record("b", 5100, 200, "18446744073709551615,18446744073709551614,8,9");

  it("reads requests by arrival, with their block size and 64-bit hashes", async () => {
    const trace = await readText(second + first);
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
    const trace = await readText(
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

  it("takes the end from the duration, rounded to milliseconds, before the moment of the record", async () => {
    // Measured with ai-dynamo 1.4.2.
    const context = `,"agent_context":{"session_id":"s"}`;
    const delayAfter = async (totalMs: number) => {
      const one = record("a", 5000, 64, "1", context).replace(`"output`, `"total_time_ms":${totalMs},"output`);
      return (await readText(one + record("b", 6000, 64, "2", context))).dependencies!.delayMs[0];
    };
    expect(await delayAfter(500.49)).toBe(500);
    expect(await delayAfter(500.5)).toBe(499);
    expect(await delayAfter(0.5)).toBe(999);
    expect(await delayAfter(-5)).toBe(1000);
    expect(await delayAfter(1e9)).toBe(0);
  });

  it("orders requests of one moment by their ends, durations before moments, then by id", async () => {
    const at = (id: string, length: number, more: string) =>
      record(id, 5000, length, "1").replace(`"output`, `${more}"output`);
    const trace = await readText(
      at("a", 1, `"total_time_ms":1234.5,`) + at("c", 2, "") + at("b", 3, "") + at("d", 4, `"total_time_ms":50,`),
    );
    expect([...trace.inputLength]).toEqual([4, 3, 2, 1]);
  });

  it("lets a child session wait for its parent, and the parent for it", async () => {
    const context = (session: string, parent?: string) =>
      `,"agent_context":${JSON.stringify({ session_id: session, parent_session_id: parent })}`;
    const trace = await readText(
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

  it("lets a child session wait for what its parent asks at that moment, and the parent for whoever ends last", async () => {
    const context = (session: string, parent?: string) =>
      `,"agent_context":${JSON.stringify({ session_id: session, parent_session_id: parent })}`;
    const trace = await readText(
      record("a", 5000, 1, "1", context("s")) +
        record("b", 6500, 2, "2", context("s")).replace(`"output`, `"total_time_ms":2000,"output`) +
        record("c", 6500, 3, "3", context("child", "s")) +
        record("d", 9000, 4, "4", context("s")),
    );
    const { offsets, on, delayMs } = trace.dependencies!;
    const waits = (length: number) => {
      const place = trace.inputLength.indexOf(length);
      const edges = [offsets[place]!, offsets[place + 1]!] as const;
      return [
        Array.from(on.slice(...edges), (each) => trace.inputLength[each]).toSorted(),
        Array.from(delayMs.slice(...edges)),
      ];
    };
    expect(waits(3)).toEqual([[2], [0]]);
    // The request before ended at 8500, the child at 7500.
    expect(waits(4)).toEqual([
      [2, 3],
      [500, 500],
    ]);
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
    await expect(readText(content, { format: "dynamo" })).rejects.toThrow(problem);
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
    await expect(readText(first, { traceBlockSize: 512 })).rejects.toThrow(
      "stdin:1: trace_block_size is 64, but --trace-block-size is 512",
    );
  });

  it("is read or cleanly refused however it is damaged", async () => {
    expect(
      await readDamaged(Buffer.from(first + second), { format: "dynamo", arrivals: "optional" }, 1000),
    ).toBeGreaterThan(100);
  });
});
