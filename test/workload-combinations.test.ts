import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ReplayOptions } from "../src/config/replay-options.ts";
import { resolveReplay } from "../src/config/resolve-replay.ts";
import { loadWorkload, runReplay } from "../src/replay.ts";
import { requestRows } from "../src/report/request-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-workloads-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, rows: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

const delta = Array.from({ length: 24 }, (_, i) => ({
  session_id: `s${i % 5}`,
  ...(i < 5 ? { timestamp: i * 40 } : { delay: 30 }),
  input_length: 200 + 13 * i,
  output_length: 20 + i,
  hash_ids: [i % 3, 100 + i],
}));
const agentic = Array.from({ length: 24 }, (_, i) => ({
  request_id: `r${i}`,
  input_length: 300 + i,
  output_length: 15 + i,
  hash_ids: [i % 4],
  ...(i % 6 === 0
    ? { timestamp: i * 15 }
    : { wait_for: [`r${i - 1}`, ...(i % 6 > 2 ? [`r${i - 3}`] : [])], tool_wait_ms: i }),
}));
const dynamo = Array.from({ length: 18 }, (_, i) => ({
  schema: "dynamo.request.trace.v1",
  event_type: "request_end",
  event_time_unix_ms: 1e12 + 200 * i + 150,
  agent_context: { session_id: `s${i % 3}`, ...(i % 3 === 2 ? { parent_session_id: "s0" } : {}) },
  request: {
    request_id: `d${i}`,
    output_tokens: 12,
    request_received_ms: 1e12 + 200 * i,
    replay: { trace_block_size: 64, input_length: 128, input_sequence_hashes: [1, 2 + (i % 4)] },
  },
}));
const compute = Array.from({ length: 6 }, (_, i) => ({
  num_turns: 2,
  input_prompt_length: 300 + 50 * i,
  assistant_response_length: [20, 30],
  tool_call_output_length: [40, 10],
  tool_call_latency: [0.2, 0.1],
  final_assistant_response_length: 9,
}));
const synthetic = { inputTokens: 300, outputTokens: 30, requestCount: 20 };

const workloads: readonly (readonly [string, ReplayOptions])[] = [
  ["mooncake-delta", { trace: file("delta.jsonl", delta), traceFormat: "mooncake-delta" }],
  [
    "mooncake-delta, closed loop",
    { trace: join(folder, "delta.jsonl"), traceFormat: "mooncake-delta", replayConcurrency: 2 },
  ],
  ["agentic_mooncake", { trace: file("agentic.jsonl", agentic) }],
  ["agentic_mooncake, closed loop", { trace: join(folder, "agentic.jsonl"), replayConcurrency: 2 }],
  ["dynamo agents", { trace: file("dynamo.jsonl", dynamo) }],
  ["applied_compute_agentic", { trace: file("compute.jsonl", compute), replayConcurrency: 3 }],
  ["synthetic, Poisson", { ...synthetic, requestRate: 20 }],
  ["synthetic, bursts", { ...synthetic, requestRate: 20, burstiness: 0.2 }],
  ["synthetic, constant", { ...synthetic, arrivalIntervalMs: 30 }],
  [
    "synthetic, cumulative turns",
    {
      ...synthetic,
      requestCount: 6,
      turnsPerSession: 4,
      requestRate: 10,
      interTurnDelayMs: 40,
      cumulativePrompts: true,
    },
  ],
];

const engine = { block_size: 64, num_gpu_blocks: 2000 };
const planned: ReplayOptions = {
  policy: "static",
  numWorkers: 2,
  extraEngineArgs: engine,
  policyConfig: { replicas: 3 },
};
const disaggregated = {
  prefillEngineArgs: engine,
  decodeEngineArgs: engine,
  numPrefillWorkers: 2,
  numDecodeWorkers: 2,
};
const systems: readonly (readonly [string, ReplayOptions])[] = [
  ["round robin", { numWorkers: 2, extraEngineArgs: engine }],
  ["KV router", { numWorkers: 3, routerMode: "kv_router", extraEngineArgs: engine }],
  ["planner", planned],
  ["disaggregated", disaggregated],
  ["disaggregated KV router", { ...disaggregated, routerMode: "kv_router" }],
  [
    "SGLang",
    { numWorkers: 2, extraEngineArgs: { engine_type: "sglang", sglang: { page_size: 16 }, num_gpu_blocks: 8000 } },
  ],
  [
    "clients and faults",
    {
      numWorkers: 2,
      extraEngineArgs: { ...engine, startup_time: 0.2 },
      clientConfig: { timeout_ms: 400, max_retries: 2, cancel_share: 0.1, cancel_after_ms: 500 },
      faultConfig: { failures: ["0.3s:agg:0"], migration_limit: 1, startup_variation: 0.3 },
    },
  ],
];

describe.each(workloads)("%s", (_, workload) => {
  test.each(systems)("runs with %s, gives a row for each request, and the same digest again", async (name, system) => {
    const run = async () => {
      const resolved = await resolveReplay({ ...workload, ...system, seed: 3 });
      return runReplay(resolved, await loadWorkload(resolved));
    };
    const { outcome, result } = await run();
    const ended = result.completed_requests + result.rejected_requests + result.failed_requests;
    expect(ended).toBe(result.num_requests);
    if (name !== "clients and faults") expect(result.completed_requests).toBe(outcome.trace.count);
    const rows = [...requestRows(outcome)].join("").trim().split("\n");
    expect(rows).toHaveLength(result.num_requests);
    expect(rows.map((row) => (JSON.parse(row) as { terminal_status: string }).terminal_status)).not.toContain(
      "undefined",
    );
    expect((await run()).result.digest).toBe(result.digest);
  });
});

test("cumulative turns find what came before them in the cache, answers too where the engine keeps them", async () => {
  const chat = { inputTokens: 128, outputTokens: 64, requestCount: 1, turnsPerSession: 4, arrivalIntervalMs: 0 };
  const resolved = await resolveReplay({ ...chat, cumulativePrompts: true, extraEngineArgs: engine });
  const { outcome } = await runReplay(resolved, await loadWorkload(resolved));
  expect([...outcome.trace.inputLength]).toEqual([128, 320, 512, 704]);
  // Of the last token before a turn the key-value entries are missing: the block it is in is not full.
  expect([...outcome.ledger.reusedTokens]).toEqual([0, 128, 320, 512]);
});
