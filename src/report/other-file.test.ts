import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { folderWith, runCli, scratchFolder, smallTrace } from "../../test/run-cli.ts";
import { likelyFile } from "./other-file.ts";
import { readResult } from "./read-result.ts";

const root = join(import.meta.dirname, "../..");

test.each([
  ["a Mooncake trace", smallTrace, "a trace (mooncake): windtunnel replay x replays it, windtunnel trace inspect x "],
  ["a trace of one row", smallTrace.split("\n")[0]!, "a trace (mooncake): "],
  ["an Azure trace", "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00,1,2\n", "a trace (azure_llm): "],
  ["timings", "arrival_ms,input_length,output_length\n0,5,5\n", "a trace (csv): "],
  ["passes", "phase,batch,isl,latency_ms\nprefill,1,100,5\n", "measurements: windtunnel perf calibrate x fits"],
  ["measured requests", "arrival_ms,input_length,output_length,first_token_ms,last_token_ms\n", "measurements: "],
  ["a page", "<!doctype html><html></html>", "a page: give the result it was drawn from"],
  ["a study", readFileSync(join(root, "examples/policy-study.yaml"), "utf8"), "the plan of a study: windtunnel study "],
  [
    "a sweep",
    "trace: a.jsonl\nvary:\n  run.num_workers: 1,2\n",
    "the plan of a sweep: windtunnel sweep --plan x runs it",
  ],
  ["a recommendation", '{"ranking": [], "asGiven": null}', "a recommendation: "],
  ["ai-dynamo's report", '{"mean_ttft_ms": 1, "output_throughput_tok_s": 2}', "a report of ai-dynamo's own replay: "],
])("%s is told with the command that reads it", (_, text, told) => {
  expect(likelyFile("x", text)).toContain(told);
});

test.each(["", "{", "\u0000\u0001", "[1, 2]", "null", '{"a": 1}', "hello, world\n"])("%j is nothing known", (text) => {
  expect(likelyFile("x", text)).toBeNull();
});

describe("what windtunnel writes itself", () => {
  test("rows of requests, of a sweep, and its table", async () => {
    const cwd = folderWith();
    await runCli(["replay", "trace.jsonl", "--quiet", "--report-jsonl", "rows.jsonl"], { cwd });
    await runCli(["sweep", "trace.jsonl", "--vary", "run.num_workers=1,2", "--quiet", "--out", "s"], { cwd });
    const of = (name: string) => likelyFile(name, readFileSync(join(cwd, name), "utf8"));
    expect(of("rows.jsonl")).toContain("one a request: the result of the run is what --report-json wrote");
    for (const name of ["s/results.jsonl", "s/results.csv"]) expect(of(name)).toContain("the rows of a sweep or study");
    const { code, stderr } = await runCli(["compare", "rows.jsonl", "trace.jsonl"], { cwd });
    expect(code).toBe(2);
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringContaining(
        "rows.jsonl: not a result of windtunnel replay but, it seems, the rows of --report-jsonl",
      ),
      expect.stringContaining("trace.jsonl: not a result of windtunnel replay but, it seems, a trace (mooncake)"),
    ]);
  });

  test("a packed trace", () => {
    const path = join(scratchFolder(), "t.jsonl.gz");
    writeFileSync(path, gzipSync(smallTrace));
    expect(() => readResult(path)).toThrow("it seems, a trace (mooncake)");
  });
});
