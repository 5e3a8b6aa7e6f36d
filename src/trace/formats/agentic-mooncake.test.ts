import { describe, expect, it } from "vitest";
import { readDamaged, readText } from "../../../test/format-writers.ts";
import { requestOnCycle } from "../dependency-graph.ts";
import { mooncakeLines } from "../mooncake-writer.ts";
import { mergeTraces } from "../transform/merge-traces.ts";
import { sampleTrace } from "../transform/sample-trace.ts";
import { scaleTrace } from "../transform/scale-trace.ts";
import { sliceTrace } from "../transform/slice-trace.ts";

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
    const trace = await readText(text(...agenticRows));
    expect([...trace.arrivalMs]).toEqual([0, Number.NaN, Number.NaN]);
    expect([...trace.dependencies!.offsets]).toEqual([0, 0, 1, 3]);
    expect([...trace.dependencies!.on]).toEqual([0, 0, 1]);
    expect([...trace.dependencies!.delayMs]).toEqual([15, 0, 0]);
    expect(trace.sessions!.names).toEqual(["a", "b", "s"]);
    expect([...trace.priorities!.boostSeconds]).toEqual([2, 0, 0]);
    const again = await readText([...mooncakeLines(trace)].join(""));
    expect({ ...again, notes: trace.notes }).toEqual(trace);
  });

  it("writes the version that can say it: earliest times of requests that wait need the second", async () => {
    const plain = await readText(text(header, node("a", 0), node("b", 500, after("a"))));
    expect([...plain.dependencies!.notBeforeMs]).toEqual([0, 500]);
    const lines = [...mooncakeLines(plain)].join("");
    expect(JSON.parse(lines.split("\n")[0]!)).toMatchObject({ version: 2 });
    const again = await readText(lines);
    expect({ ...again, notes: plain.notes }).toEqual(plain);
    // A part that begins later than what one of its requests had to wait for.
    const earlier = { ...plain, dependencies: { ...plain.dependencies!, notBeforeMs: Float64Array.of(0, -20) } };
    expect([...(await readText([...mooncakeLines(earlier)].join(""))).dependencies!.notBeforeMs]).toEqual([0, 0]);
  });

  it("counts times of version 1 from the earliest row; roots without one start then", async () => {
    const row = (request_id: string, timestamp?: number, ...wait_for: string[]) => ({
      request_id,
      timestamp,
      input_length: 64,
      output_length: 3,
      hash_ids: [1],
      wait_for: wait_for.length === 0 ? undefined : wait_for,
    });
    // ai-dynamo 1.4.2 runs the first two together (34.71 ms) and the third at 990 ms (it ends at 1024.71).
    const mixed = await readText(text(row("a", 10), row("b"), row("c", 1000)), { format: "agentic_mooncake" });
    expect([...mixed.arrivalMs]).toEqual([0, 0, 990]);
    // It ends these at 514.71 ms, 34.71 after the last root.
    const early = await readText(text(row("a", 100), row("b", 20, "a"), row("c", 500)));
    expect([...early.arrivalMs]).toEqual([80, 0, 480]);
  });

  it("reads version 2: triggers, delays of each edge, earliest times, and gives it back", async () => {
    const trace = await readText(
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
    const again = await readText([...mooncakeLines(trace)].join(""));
    expect({ ...again, notes: trace.notes }).toEqual(trace);
  });

  it("tells several mistakes together, of rows and then between them, but nothing after a header it cannot read", async () => {
    const bad = [
      { ...agenticRows[0], request_id: 3, hash_ids: "x" },
      agenticRows[1]!,
      { ...agenticRows[2], wait_for: 1 },
    ];
    await expect(readText(text(...bad))).rejects.toThrow(
      'stdin:1: hash_ids must be an array of integers, found "x"\n' +
        "stdin:1: request_id must be a string, found 3\n" +
        "stdin:3: wait_for must be an array, found 1",
    );
    const waits = [agenticRows[0]!, { ...agenticRows[0], wait_for: ["x", "y"] }];
    await expect(readText(text(...waits))).rejects.toThrow(
      'stdin:2: request_id "a" stands in line 1 too\n' +
        'stdin:2: request "a" waits for "x", which is no request here\n' +
        'stdin:2: request "a" waits for "y", which is no request here',
    );
    await expect(readText(text({ ...header, version: 3 }, { x: 1 }))).rejects.toThrow(
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
    await expect(readText(content, { format: "agentic-mooncake" })).rejects.toThrow(problem);
  });

  it("keeps plays whole when it is cut and sampled, and side by side when merged", async () => {
    const other = agenticRows.map((row) => ({
      ...row,
      request_id: `${row.request_id}2`,
      wait_for: row.wait_for?.map((id) => `${id}2`),
    }));
    const trace = await readText(text(...agenticRows, { ...other[0], timestamp: 1007 }, ...other.slice(1)));
    expect(sliceTrace(trace, { fromSeconds: 0.5 }).dependencies!.names).toEqual(["a2", "b2", "c2"]);
    expect(sliceTrace(trace, { maxRequests: 4 }).dependencies!.names).toEqual(["a", "b", "c"]);
    expect([3, 6]).toContain(sampleTrace(trace, 0.8, 1).count);
    expect(scaleTrace(trace, 2).dependencies!.delayMs[0]).toBe(7.5);
    const merged = mergeTraces([trace, trace]);
    expect(merged.count).toBe(12);
    expect(merged.dependencies!.on).toHaveLength(12);
    expect(requestOnCycle(merged.dependencies!)).toBe(-1);
  });

  it.each([
    ["version 1", text(...agenticRows)],
    ["version 2", text(header, node("a", 0), node("b", 0, after("a")))],
  ])("is read or cleanly refused however it is damaged: %s", async (_, content) => {
    const options = { format: "agentic_mooncake", arrivals: "optional" } as const;
    expect(await readDamaged(Buffer.from(content), options, 1000)).toBeGreaterThan(100);
  });
});
