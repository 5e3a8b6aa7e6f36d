import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunResult } from "../result/schema.ts";
import { comparedMetrics, difference, differingSettings } from "./compared-metrics.ts";
import { compareTable, comparison } from "./compare-table.ts";
import { readResult } from "./read-result.ts";

const first = readResult(join(import.meta.dirname, "../../test/fixtures/result-v1.json"));
const second: RunResult = {
  ...first,
  gpu_hours: first.gpu_hours * 1.25,
  mean_ttft_ms: first.mean_ttft_ms / 2,
  sla: { ...first.sla!, attainment: { ...first.sla!.attainment, all: first.sla!.attainment.all - 0.05 } },
  config: { ...first.config, "planner.ttft_ms": { value: 900, from: "given" } },
};
const runs = [
  { label: "before", result: first },
  { label: "after", result: second },
];

describe("compareTable", () => {
  test("shows figures with their difference from the first run", () => {
    const lines = compareTable(runs).split("\n");
    expect(lines[0]).toMatch(/^ +before +after$/);
    expect(lines.find((line) => line.startsWith("  GPU-hours "))).toMatch(/\(\+25\.0 %\)$/);
    expect(lines.find((line) => line.startsWith("  TTFT mean"))).toMatch(/\(−50\.0 %\)$/);
    expect(lines.find((line) => line.startsWith("  SLA met, all bounds"))).toMatch(/\(−5\.0 points\)$/);
    expect(lines.find((line) => line.startsWith("  requests "))).not.toContain("(");
    expect(lines.filter((line) => line.startsWith("  planner."))).toEqual([
      expect.stringMatching(/^ {2}planner\.ttft_ms +300 +900$/),
    ]);
  });

  test("shows what clients and failing workers did, of the runs that had any", () => {
    const failure = { t_s: 60, pool: "agg", worker: 0, state: "active", requests: 2, replacement: 1 } as const;
    const disruptions = {
      timed_out_requests: 3,
      canceled_requests: 0,
      lost_requests: 1,
      retried_requests: 2,
      retries: 4,
      migrations: 5,
      wasted_output_tokens: 70,
      worker_failures: [failure, { ...failure, state: "absent" as const, requests: 0, replacement: null }],
    };
    const disrupted = { label: "storm", result: { ...second, disruptions } };
    const text = compareTable([runs[0]!, disrupted]);
    const rows = text.slice(text.indexOf("Disruptions")).split("\n").slice(1, 8);
    expect(rows.map((row) => row.trim().split(/ {2,}/))).toEqual([
      ["timed out", "–", "3"],
      ["given up by users", "–", "0"],
      ["tried again", "–", "2"],
      ["workers failed", "–", "1"],
      ["moved to another worker", "–", "5"],
      ["lost with a worker", "–", "1"],
      ["tokens that went to nobody", "–", "70"],
    ]);
    expect(compareTable(runs)).not.toContain("Disruptions");
  });

  test("counts requests that failed or were refused against the good ones", () => {
    // Of 100 that left, 30 were good; 60 completed.
    const hard: RunResult = {
      ...first,
      gpu_hours: 3,
      completed_requests: 60,
      rejected_requests: 30,
      failed_requests: 10,
      sla: { ...first.sla!, attainment: { ...first.sla!.attainment, all: 0.3 } },
    };
    const lines = compareTable([
      { label: "hard", result: hard },
      { label: "harder", result: { ...hard, completed_requests: 0 } },
    ]).split("\n");
    const cells = (name: string) =>
      lines
        .find((line) => line.startsWith(`  ${name} `))!
        .trim()
        .split(/ {2,}/);
    expect(cells("GPU-hours per 1,000 good requests")[1]).toBe("100");
    expect(cells("GPU-hours per 1,000 completed")).toEqual(["GPU-hours per 1,000 completed", "50", "–"]);
    // Latencies of nothing are none.
    expect(cells("TTFT p99 (ms)")[2]).toBe("–");
  });

  test("cuts settings longer than 40 characters", () => {
    const named = (length: number) => ({
      ...first,
      config: { ...first.config, "decode.model": { value: "m".repeat(length), from: "given" as const } },
    });
    const table = compareTable([
      { label: "a", result: named(40) },
      { label: "b", result: named(41) },
    ]);
    expect(table).toContain(`${"m".repeat(40)}  ${"m".repeat(39)}…\n`);
  });

  test("leaves out what no run has", () => {
    const bare = runs.map(({ label, result }) => ({ label, result: { ...result, sla: null } }));
    expect(compareTable(bare)).not.toContain("SLA");
    expect(compareTable(bare)).not.toContain("good requests");
    expect(compareTable(bare)).toContain("GPU-hours per 1,000 completed");
  });
});

test("runs of different traces are told as such, and requests that had not ended", () => {
  const other = { ...first, trace: { ...first.trace, name: "other.jsonl" }, incomplete_requests: 4 };
  const lines = compareTable([runs[0]!, { label: "after", result: other }]).split("\n");
  const told = lines.find((line) => line.startsWith("  trace"))!;
  expect(told.trim().split(/\s{2,}/)).toEqual(["trace", first.trace.name, "other.jsonl"]);
  expect(lines.find((line) => line.startsWith("  not ended"))).toMatch(/ 4 \(\+4\)$/);
  expect(compareTable(runs)).not.toContain("  trace");
});

describe("difference", () => {
  const metric = (label: string) => comparedMetrics.find((candidate) => candidate.label === label)!;

  test("says which way is better", () => {
    expect(difference(metric("GPU-hours"), 2, 1)).toEqual({ text: "−50.0 %", verdict: "better" });
    expect(difference(metric("request throughput"), 2, 1)).toEqual({ text: "−50.0 %", verdict: "worse" });
    expect(difference(metric("scaling events"), 2, 3)).toEqual({ text: "+50.0 %", verdict: null });
    expect(difference(metric("rejected or failed"), 0, 3)).toEqual({ text: "+3", verdict: "worse" });
    expect(difference(metric("rejected or failed"), 0, 2586)).toEqual({ text: "+2586", verdict: "worse" });
    expect(difference(metric("prefix cache hits"), 0, 0.25)).toEqual({ text: "+25.0 points", verdict: "better" });
    expect(difference(metric("GPU-hours"), 2, 2)).toEqual({ text: "", verdict: null });
    expect(difference(metric("request throughput"), 3.3952, 3.3953)).toEqual({ text: "", verdict: null });
    expect(difference(metric("SLA met, all bounds"), 0.9, 0.90001)).toEqual({ text: "", verdict: null });
    expect(difference(metric("SLA met, all bounds"), null, 0.5)).toEqual({ text: "", verdict: null });
  });
});

describe("differingSettings", () => {
  test("tells of a setting all runs have, whoever chose its values", () => {
    const with_ = (value: number) => ({
      ...first,
      config: {
        "decode.num_gpu_blocks": { value, from: "derived" as const },
        same: { value: 1, from: "given" as const },
      },
    });
    expect(differingSettings([with_(100), with_(200)])).toEqual([
      { path: "decode.num_gpu_blocks", values: [100, 200] },
    ]);
  });

  test("tells of a setting only one run has when it was given", () => {
    const extra = (from: "given" | "default") => ({
      ...first,
      config: { ...first.config, "prefill.block_size": { value: 64, from } },
    });
    expect(differingSettings([first, extra("default")])).toEqual([]);
    expect(differingSettings([first, extra("given")])).toEqual([
      { path: "prefill.block_size", values: [undefined, 64] },
    ]);
  });
});

test("the same for programs, with all digits", () => {
  const other = { ...runs[1]!.result, gpu_cost: 12.345678901 };
  const { runs: told, metrics, settings } = comparison([runs[0]!, { label: "other", result: other }]);
  expect(told).toEqual([
    { label: runs[0]!.label, digest: runs[0]!.result.digest },
    { label: "other", digest: other.digest },
  ]);
  const valuesOf = (label: string) => metrics.find((metric) => metric.label === label)?.values;
  expect(valuesOf("GPU-hours")).toEqual([runs[0]!.result.gpu_hours, other.gpu_hours]);
  expect(valuesOf("cost of the GPU-hours")).toEqual([null, 12.345678901]);
  expect(valuesOf("TTFT p99")).toEqual([runs[0]!.result.p99_ttft_ms, other.p99_ttft_ms]);
  expect(JSON.parse(JSON.stringify({ metrics, settings }))).toEqual({ metrics, settings });
  expect(settings.length).toBeGreaterThan(0);
});
