import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readOfferedTraffic } from "../trace/offered-traffic.ts";
import { intervalsOf } from "../planner/dynamo/warm-up.ts";
import { traceShards } from "./trace-shards.ts";

let folder: string;
const file = (...parts: string[]) => join(folder, ...parts);
const mooncake = (timestamp: number, input: number) =>
  `${JSON.stringify({ timestamp, input_length: input, output_length: 1, hash_ids: [1] })}\n`;
const dynamo = (receivedMs: number, input: number) =>
  `${JSON.stringify({
    event: {
      schema: "dynamo.request.trace.v1",
      event_type: "request_end",
      request: { request_received_ms: receivedMs, output_tokens: 2, replay: { input_length: input } },
    },
  })}\n`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "windtunnel-shards-"));
  mkdirSync(file("deep", "er"), { recursive: true });
  mkdirSync(file("copies"));
  writeFileSync(file("a1.jsonl"), mooncake(0, 100));
  writeFileSync(file("a2.jsonl"), mooncake(5000, 300) + mooncake(35_000, 500));
  writeFileSync(file("note.txt"), "");
  writeFileSync(file("deep", "er", "b.jsonl"), "");
  writeFileSync(file("copies", "c.jsonl"), mooncake(0, 1));
  writeFileSync(file("copies", "c.jsonl.gz"), "");
});

describe("§8.31 the files of a warm-up trace", () => {
  it("are the one named, those of a folder, or those of a pattern", () => {
    expect(traceShards(file("a1.jsonl"))).toEqual([file("a1.jsonl")]);
    expect(traceShards(file("deep"))).toEqual([file("deep", "er", "b.jsonl")]);
    expect(traceShards(file("a?.jsonl"))).toEqual([file("a1.jsonl"), file("a2.jsonl")]);
    expect(traceShards(file("**", "*.jsonl"))).toContain(file("deep", "er", "b.jsonl"));
    expect(traceShards(file("a[2-9].*"))).toEqual([file("a2.jsonl")]);
    expect(traceShards(file("a[!2].jsonl"))).toEqual([file("a1.jsonl")]);
  });

  it("come in order of their names, wherever they lie", () => {
    mkdirSync(file("many", "part"), { recursive: true });
    for (const name of ["part.jsonl", "part/0.jsonl", "a.jsonl"]) writeFileSync(file("many", name), "");
    expect(traceShards(file("many"))).toEqual(
      ["a.jsonl", "part.jsonl", "part/0.jsonl"].map((name) => file("many", name)),
    );
  });

  it("must be there, and not both plain and compressed", () => {
    expect(() => traceShards(file("z*"))).toThrow("no .jsonl");
    expect(() => traceShards(file("copies"))).toThrow(/found both .*c\.jsonl and .*c\.jsonl\.gz/);
  });
});

describe("§8.31 the traffic of a warm-up trace", () => {
  const intervals = async (...names: string[]) => intervalsOf(await readOfferedTraffic(names.map((n) => file(n))), 10);

  it("of Mooncake files counts from their zero: bins of 10 s", async () => {
    const found = await intervals("a1.jsonl", "a2.jsonl");
    expect(found.map(({ requests }) => requests)).toEqual([2, 0, 0, 1]);
    expect(found.map(({ inputTokens }) => inputTokens)).toEqual([200, 0, 0, 500]);
    writeFileSync(file("late.jsonl"), mooncake(38_000, 7) + mooncake(51_000, 7));
    expect((await intervals("late.jsonl")).map(({ requests }) => requests)).toEqual([1, 0, 1]);
  });

  it("of Dynamo shards counts from the earliest request of all", async () => {
    // Ten seconds of the clock begin between the first two; ten of the recording do not.
    writeFileSync(file("s1.jsonl"), dynamo(1_000_000_025_000, 10));
    writeFileSync(file("s2.jsonl"), dynamo(1_000_000_004_000, 20) + dynamo(1_000_000_013_000, 40));
    const found = await intervals("s1.jsonl", "s2.jsonl");
    expect(found).toEqual([
      { requests: 2, inputTokens: 30, outputTokens: 2 },
      { requests: 0, inputTokens: 0, outputTokens: 0 },
      { requests: 1, inputTokens: 10, outputTokens: 2 },
    ]);
  });

  it.each([
    ["nan.jsonl", `${mooncake(0, 1)}{"timestamp": NaN, "input_length": 1, "output_length": 1}\n`, ":2: "],
    ["inf.jsonl", '{"timestamp": 1e999, "input_length": 1, "output_length": 1, "hash_ids": []}\n', ":1: timestamp"],
    ["negative.jsonl", '{"timestamp": 0, "input_length": -1, "output_length": 1}\n', ":1: input_length"],
    ["odd.jsonl", '{"hello": 1}\n', ":1: timestamp is missing"],
    ["mixed.jsonl", mooncake(0, 1) + dynamo(0, 1), ":2: timestamp is missing"],
  ])("%s is refused with file and line", async (name, text, words) => {
    writeFileSync(file(name), text);
    await expect(intervals(name)).rejects.toThrow(name + words);
  });

  it("of two formats is refused", async () => {
    await expect(intervals("a1.jsonl", "s1.jsonl")).rejects.toThrow("is dynamo, but mooncake in the files before");
  });
});
