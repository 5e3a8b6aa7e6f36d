import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { mooncakeLines } from "./mooncake-writer.ts";
import { openTrace } from "./open-trace.ts";
import type { Trace } from "./trace.ts";
import { mergeTraces } from "./transform/merge-traces.ts";
import { selectRequests } from "./transform/select-requests.ts";

function read(text: string): Promise<Trace> {
  return openTrace("-", { stdin: Readable.from([Buffer.from(text)]), format: "mooncake" });
}

const row = (id: number, more: string) =>
  `{"timestamp": ${id}, "input_length": 600, "output_length": 1, "hash_ids": [${id}, 99]${more}}\n`;
const text =
  row(0, "") +
  row(1, ', "priority": 5, "strict_priority": 2, "policy_class": "agents"') +
  row(2, ', "priority": -3') +
  row(3, ', "policy_class": "chat"') +
  row(4, ', "priority": null, "policy_class": "agents"');

function all(trace: Trace) {
  return Array.from({ length: trace.count }, (_, request) => {
    const { boostSeconds, strict, policyClasses } = trace.priorities!;
    return [boostSeconds[request], strict[request], policyClasses?.names[policyClasses.classOf[request]!] ?? null];
  });
}

describe("priorities of a trace", () => {
  it("are read from Mooncake rows, and negative ones count as none", async () => {
    expect(all(await read(text))).toEqual([
      [0, 0, null],
      [5, 2, "agents"],
      [0, 0, null],
      [0, 0, "chat"],
      [0, 0, "agents"],
    ]);
    expect((await read(row(0, "") + row(1, ""))).priorities ?? null).toBeNull();
  });

  it("survive writing, selecting and merging", async () => {
    const trace = await read(text);
    expect(all(await read([...mooncakeLines(trace)].join("")))).toEqual(all(trace));
    expect(all(selectRequests(trace, Uint32Array.from([3, 1])))).toEqual([
      [0, 0, "chat"],
      [5, 2, "agents"],
    ]);
    const plain = await read(row(0, "") + row(1, ""));
    expect(all(mergeTraces([plain, trace])).filter(([, , policyClass]) => policyClass !== null)).toHaveLength(3);
    expect(mergeTraces([plain, plain]).priorities ?? null).toBeNull();
  });

  it("are refused when they are none", async () => {
    const problem = (more: string) => read(row(0, more)).catch((error: Error) => error.message);
    expect(await problem(', "priority": 1.5')).toContain(
      "priority must be an integer from -2147483648 to 2147483647, found 1.5",
    );
    expect(await problem(', "strict_priority": -1')).toContain(
      "strict_priority must be an integer from 0 to 2147483647, found -1",
    );
    expect(await problem(', "policy_class": 3')).toContain("policy_class must be a string, found 3");
  });
});
