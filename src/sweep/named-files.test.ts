import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ReplayOptions } from "../config/replay-options.ts";
import { namedFileDigests } from "./named-files.ts";
import { runKey } from "./sweep-task.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-named-"));

/** Writes a file of the test's folder; its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const tables = join(folder, "tables");
const model = join(folder, "model");
const profile = join(folder, "profile");

/** What names files, and one of the files. */
const cases: readonly (readonly [string, ReplayOptions, string])[] = [
  [
    "tables of a GPU",
    { extraEngineArgs: { perf_data: tables, aic_system: "h200" } },
    "tables/data/h200_sxm/gemm/vllm/1.0/gemm.parquet",
  ],
  [
    "versions of the tables",
    { decodeEngineArgs: { aic_system: "h200" }, perfData: tables },
    "tables/query_versions.yaml",
  ],
  ["rates of a GPU", { prefillEngineArgs: { perf_data: tables, aic_system: "h200" } }, "tables/h200_sxm.yaml"],
  ["a model", { extraEngineArgs: { aic_model_path: model } }, "model/config.json"],
  ["its quantisation", { aicModelPath: model }, "model/hf_quant_config.json"],
  ["a model's file", { aicModelPath: join(model, "config.json") }, "model/config.json"],
  ["a profile", { extraEngineArgs: { planner_profile_data: join(folder, "grid.csv") } }, "grid.csv"],
  [
    "a folder of profiling results",
    { extraEngineArgs: { planner_profile_data: profile } },
    "profile/decode_raw_data.json",
  ],
  ["a warm-up trace", { plannerConfig: { load_predictor_warmup_trace: join(folder, "warm.jsonl") } }, "warm.jsonl"],
  ["one in parts", { plannerConfig: { load_predictor_warmup_trace: join(folder, "parts/*.jsonl") } }, "parts/b.jsonl"],
  ["policies of the router", { routerPolicyConfig: join(folder, "classes.yaml") }, "classes.yaml"],
  [
    "policies its document names",
    { routerConfig: { router_policy_config: join(folder, "classes.yaml") } },
    "classes.yaml",
  ],
];
for (const [, , name] of cases) file(name, "before");
for (const name of [
  "profile/prefill_raw_data.json",
  "parts/a.jsonl",
  "model/weights.safetensors",
  "tables/data/l40s/x",
]) {
  file(name, "before");
}

describe("a run is another one when a file it names has another content:", () => {
  test.each(cases)("%s", (_, options, name) => {
    const before = runKey(options, "workload");
    expect(runKey(options, "workload")).toBe(before);
    file(name, "changed, at last");
    const after = runKey(options, "workload");
    expect(after).not.toBe(before);
    file(name, "before");
    expect(runKey(options, "workload")).toBe(before);
  });
});

test("weights, tables of other GPUs, catalogue names and files that are not there count for nothing", () => {
  expect(Object.keys(namedFileDigests({ aicModelPath: model }))).toEqual([
    join(model, "config.json"),
    join(model, "hf_quant_config.json"),
  ]);
  const read = namedFileDigests({ extraEngineArgs: { perf_data: tables, aic_system: "h200" } });
  expect(Object.keys(read).filter((path) => path.includes("l40s"))).toEqual([]);
  expect(namedFileDigests({ aicModelPath: "meta-llama/Llama-3.1-8B", aicSystem: "h200" })).toEqual({});
  expect(namedFileDigests({ plannerConfig: { load_predictor_warmup_trace: "preset:conversation" } })).toEqual({});
  const gone = join(folder, "gone.csv");
  expect(namedFileDigests({ extraEngineArgs: { planner_profile_data: gone } })).toEqual({ [gone]: null });
});
