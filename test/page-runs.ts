import { simulate } from "../src/replay.ts";
import type { RunResult } from "../src/result/schema.ts";
import type { Trace } from "../src/trace/trace.ts";

/** A quarter of an hour of requests with a rush in its middle; every figure follows from the request's place. */
export function rushTrace(count = 1500): Trace {
  const arrivalMs = new Float64Array(count);
  const inputLength = new Int32Array(count);
  const outputLength = new Int32Array(count);
  const offsets = new Float64Array(count + 1);
  const ids: number[] = [];
  let atMs = 0;
  for (let i = 0; i < count; i++) {
    arrivalMs[i] = atMs;
    const rush = i > count * 0.3 && i < count * 0.7;
    atMs += rush ? 150 + ((i * 37) % 100) : 800 + ((i * 53) % 700);
    const blocks = 2 + ((i * 7919) % 31);
    inputLength[i] = blocks * 512;
    outputLength[i] = 40 + ((i * 104_729) % 260);
    // Every other request shares its first block with all of its kind.
    for (let block = 0; block < blocks; block++) ids.push(block === 0 && i % 2 === 0 ? 0 : 1 + i * 32 + block);
    offsets[i + 1] = ids.length;
  }
  return {
    name: "rush",
    count,
    arrivalMs,
    inputLength,
    outputLength,
    blocks: { blockSize: 512, offsets, ids: Int32Array.from(ids), distinct: count * 32 + 64 },
    sessions: null,
    notes: [],
  };
}

const engine = { num_gpu_blocks: 4096, block_size: 64 };
const slaPlanner = {
  optimization_target: "sla",
  ttft_ms: 600,
  itl_ms: 20,
  enable_throughput_scaling: true,
  enable_load_scaling: true,
  throughput_adjustment_interval_seconds: 120,
  load_adjustment_interval_seconds: 10,
  pre_deployment_sweeping_mode: "none",
  load_predictor: "constant",
};

/** Runs of every kind the page has to draw. */
export const pageRuns: Readonly<Record<string, () => Promise<RunResult>>> = {
  static: () => simulate({ trace: rushTrace(), extraEngineArgs: engine, numWorkers: 2, slaTtftMs: 600, slaItlMs: 20 }),
  agg: () =>
    simulate({
      trace: rushTrace(),
      extraEngineArgs: { ...engine, startup_time: 15 },
      numWorkers: 1,
      plannerConfig: { ...slaPlanner, mode: "agg" },
    }),
  disagg: () =>
    simulate({
      trace: rushTrace(),
      prefillEngineArgs: { ...engine, worker_type: "prefill" },
      decodeEngineArgs: { ...engine, worker_type: "decode" },
      numPrefillWorkers: 1,
      numDecodeWorkers: 1,
      plannerConfig: { ...slaPlanner, mode: "disagg" },
    }),
  staticDisagg: () =>
    simulate({
      trace: rushTrace(),
      prefillEngineArgs: { ...engine, worker_type: "prefill" },
      decodeEngineArgs: { ...engine, worker_type: "decode" },
      numPrefillWorkers: 2,
      numDecodeWorkers: 2,
    }),
  disrupted: () =>
    simulate({
      trace: rushTrace(),
      extraEngineArgs: { ...engine, startup_time: 15 },
      numWorkers: 2,
      slaTtftMs: 600,
      slaItlMs: 20,
      clientConfig: { timeout_ms: 20_000, first_token_timeout_ms: 300, max_retries: 1 },
      faultConfig: { failures: ["300s:agg:0", "320s:agg:9"], migration_limit: 3 },
    }),
  easy: () =>
    simulate({
      trace: rushTrace(),
      extraEngineArgs: engine,
      numWorkers: 1,
      plannerConfig: { mode: "agg", optimization_target: "throughput", pre_deployment_sweeping_mode: "none" },
    }),
};
