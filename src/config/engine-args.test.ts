import { describe, expect, test } from "vitest";
import { ProblemList } from "./config-error.ts";
import { validateEngineArgs } from "./engine-args.ts";
import type { WorkerRole } from "./validated-engine-args.ts";

const flag = "--extra-engine-args";

function problemsOf(given: unknown, role: WorkerRole = "aggregated"): string[] {
  const problems = new ProblemList();
  const args = validateEngineArgs(given, flag, role, problems);
  expect(args === null).toBe(problems.problems.length > 0);
  return problems.problems.map(({ where, message }) => `${where}: ${message}`);
}

function valid(given: object, role: WorkerRole = "aggregated") {
  const problems = new ProblemList();
  const args = validateEngineArgs(given, flag, role, problems);
  expect(problems.problems).toEqual([]);
  return args!;
}

describe("the reference's own answers about null and bounds (1.4.2)", () => {
  test("a native cache beside tiers only matters to vLLM- and TRT-LLM-like workers", () => {
    const tiers = { num_g2_blocks: 5, g1_backend: "native" };
    expect(problemsOf({ ...tiers, engine_type: "sglang" })).toEqual([]);
    expect(problemsOf({ ...tiers, engine_type: "trtllm" })).toHaveLength(1);
  });

  test.each([
    "num_gpu_blocks",
    "max_model_len",
    "max_num_seqs",
    "max_num_batched_tokens",
    "startup_time",
    "worker_type",
    "planner_profile_data",
    "aic_backend",
    "aic_nextn",
    "aic_nextn_accept_rates",
    "gpu_memory_utilization",
    "kv_bytes_per_token",
    "kv_transfer_bandwidth",
    "num_g2_blocks",
    "offload_batch_size",
    "bandwidth_g1_to_g2_gbps",
    "router_queue_policy",
    "sglang",
    "trtllm",
    "reasoning",
    "zmq_kv_events_port",
    "bootstrap_port",
    "has_perf_model",
    "mem_fraction_static",
  ])("%s may be null", (key) => {
    expect(problemsOf({ [key]: null })).toEqual([]);
  });

  test.each([
    "engine_type",
    "block_size",
    "enable_prefix_caching",
    "enable_chunked_prefill",
    "g1_backend",
    "speedup_ratio",
    "decode_speedup_ratio",
    "dp_size",
    "is_prefill",
    "is_decode",
    "aic_mtp_seed",
    "kv_transfer_timing_mode",
    "enable_g4_storage",
    "preemption_mode",
    "enable_local_indexer",
    "handoff_session_timeout_ms",
  ])("%s may not be null", (key) => {
    const [problem, ...more] = problemsOf({ [key]: null });
    expect(problem).toMatch(new RegExp(`^--extra-engine-args ${key}: found null, expected `));
    expect(more).toEqual([]);
  });

  test.each<[object, string]>([
    [{ num_gpu_blocks: 0 }, "num_gpu_blocks: found 0, expected a whole number of at least 1"],
    [{ num_gpu_blocks: 1.5 }, "num_gpu_blocks: found 1.5, expected a whole number of at least 1"],
    [{ num_gpu_blocks: "12" }, 'num_gpu_blocks: found "12", expected a whole number of at least 1'],
    [{ block_size: -1 }, "block_size: found -1, expected a whole number of at least 0"],
    [{ max_num_seqs: 0 }, "max_num_seqs: found 0, expected a whole number of at least 1"],
    [{ max_num_batched_tokens: 0 }, "max_num_batched_tokens: found 0, expected a whole number of at least 1"],
    [{ max_model_len: 0 }, "max_model_len: found 0, expected a whole number of at least 1"],
    [{ speedup_ratio: -1 }, "speedup_ratio: found -1, expected a number of at least 0"],
    [{ speedup_ratio: Number.NaN }, "speedup_ratio: found NaN, expected a finite number of at least 0"],
    [{ speedup_ratio: Infinity }, "speedup_ratio: found Infinity, expected a finite number of at least 0"],
    [{ decode_speedup_ratio: -1 }, "decode_speedup_ratio: found -1, expected a number of at least 0"],
    [
      { speedup_ratio: 1e-308 },
      "speedup_ratio: found 1e-308, expected a number of at least 0.000001, or 0 for no scaling",
    ],
    [
      { num_gpu_blocks: 1e20 },
      "num_gpu_blocks: found 100000000000000000000, expected a whole number from 1 to 9007199254740991",
    ],
    [{ dp_size: 0 }, "dp_size: found 0, expected a whole number of at least 1"],
    [{ startup_time: -1 }, "startup_time: found -1, expected a number of at least 0"],
    [{ worker_type: "agg" }, 'worker_type: found "agg", expected one of "aggregated", "prefill", "decode"'],
    [{ engine_type: "foo" }, 'engine_type: found "foo", expected one of "vllm", "sglang", "trtllm"'],
    [{ preemption_mode: "x" }, 'preemption_mode: found "x", expected one of "lifo", "fifo"'],
    [{ aic_nextn: 6 }, "aic_nextn: found 6, expected a whole number from 1 to 5"],
    [{ aic_nextn: 0 }, "aic_nextn: found 0, expected a whole number from 1 to 5"],
    [{ aic_nextn_accept_rates: "1" }, 'aic_nextn_accept_rates: found "1", but it needs aic_nextn'],
    [
      { aic_nextn: 2, aic_nextn_accept_rates: "1,2" },
      'aic_nextn_accept_rates[1]: found "2", expected a number from 0 to 1',
    ],
    [
      { aic_nextn: 2, aic_nextn_accept_rates: "1;2" },
      'aic_nextn_accept_rates[0]: found "1;2", expected a number from 0 to 1',
    ],
    [
      { aic_nextn: 2, decode_speedup_ratio: 2 },
      "decode_speedup_ratio: found 2, but with aic_nextn it must be 1: accepted drafts are the speed-up",
    ],
    [{ gpu_memory_utilization: 1.5 }, "gpu_memory_utilization: found 1.5, expected a number from 0 to 1"],
    [
      { num_g3_blocks: 5 },
      "num_g3_blocks: found 5, but it needs num_g2_blocks: SSD blocks are staged through host memory",
    ],
    [
      { enable_g4_storage: true },
      "enable_g4_storage: found true, but it needs num_g2_blocks: objects are staged through host memory",
    ],
    [
      { num_g2_blocks: 5, g1_backend: "native" },
      'g1_backend: found "native", but offload tiers need "kvbm" (or leave g1_backend out)',
    ],
    [
      { kv_transfer_timing_mode: "x" },
      'kv_transfer_timing_mode: found "x", expected one of "full_prompt", "destination_missing"',
    ],
    [{ kv_transfer_bandwidth: -1 }, "kv_transfer_bandwidth: found -1, expected a number of at least 0"],
    [{ kv_bytes_per_token: -1 }, "kv_bytes_per_token: found -1, expected a whole number of at least 0"],
    [
      { engine_type: "sglang", block_size: 4, sglang: { page_size: 8 } },
      "sglang.page_size: found 8, but block_size is 4; they are the same thing, set one of them",
    ],
    [
      { engine_type: "sglang", block_size: 3, sglang: { chunked_prefill_size: 8192 } },
      "sglang.chunked_prefill_size: found 8192, expected a multiple of the block size 3",
    ],
    [
      { engine_type: "trtllm", trtllm: { capacity_scheduler_policy: "static_batch" } },
      'trtllm.capacity_scheduler_policy: found "static_batch", expected one of "guaranteed_no_evict", "max_utilization"',
    ],
    [{ prefill_schedule_interval: 0 }, "prefill_schedule_interval: found 0, expected a whole number of at least 1"],
    [{ is_prefill: true, is_decode: true }, "is_prefill: found true beside is_decode true; a worker cannot be both"],
    [{ worker_type: "prefill" }, 'worker_type: found "prefill", but --extra-engine-args takes aggregated workers'],
    [{ is_decode: true }, 'is_decode: found "decode", but --extra-engine-args takes aggregated workers'],
    [{ enable_prefix_caching: 1 }, "enable_prefix_caching: found 1, expected true or false"],
    [{ router_queue_policy: "x" }, 'router_queue_policy: found "x", expected one of "fcfs", "lcfs", "wspt"'],
    [{ aic_mtp_seed: -1 }, "aic_mtp_seed: found -1, expected a whole number of at least 0"],
    [{ bootstrap_port: 70_000 }, "bootstrap_port: found 70000, expected a whole number from 0 to 65535"],
    [{ handoff_session_timeout_ms: 0 }, "handoff_session_timeout_ms: found 0, expected a whole number of at least 1"],
    [{ aic_attention_dp_size: 2, dp_size: 4 }, "dp_size: found 4, but aic_attention_dp_size is 2; set one of them"],
    [{ bandwidth_g1_to_g2_gbps: -1 }, "bandwidth_g1_to_g2_gbps: found -1, expected a number of at least 0"],
  ])("refuses %j", (given, problem) => {
    expect(problemsOf(given)).toEqual([`${flag} ${problem}`]);
  });
});

describe("unknown keys", () => {
  test.each([
    [{ num_gpu_block: 5 }, 'unknown key "num_gpu_block" (did you mean "num_gpu_blocks"?)'],
    [{ blocksize: 5 }, 'unknown key "blocksize" (did you mean "block_size"?)'],
    [{ gpu_blocks: 5 }, 'unknown key "gpu_blocks" (did you mean "num_gpu_blocks"?)'],
    [{ zzz: 5 }, 'unknown key "zzz"'],
  ])("%j", (given, message) => {
    expect(problemsOf(given)).toEqual([`${flag}: ${message}`]);
  });

  test("inside a section are named with their path", () => {
    expect(problemsOf({ sglang: { page_sise: 4 } })).toEqual([
      `${flag} sglang: unknown key "page_sise" (did you mean "page_size"?)`,
    ]);
  });
});

test("all mistakes are reported together", () => {
  const found = problemsOf({ num_gpu_blocks: 0, foo: 1, engine_type: 3, sglang: { page_size: "a" } });
  expect(found).toHaveLength(4);
});

test("an array or a number is not a set of engine arguments", () => {
  expect(problemsOf([1])).toEqual([`${flag}: found [1], expected an object of engine arguments`]);
  expect(problemsOf(7)).toEqual([`${flag}: found 7, expected an object of engine arguments`]);
});

describe("what is filled in", () => {
  test("vLLM defaults", () => {
    expect(valid({})).toMatchObject({
      engineType: "vllm",
      numGpuBlocks: null,
      blockSize: 64,
      maxNumSeqs: 256,
      maxNumBatchedTokens: 8192,
      maxModelLen: null,
      enablePrefixCaching: true,
      enableChunkedPrefill: true,
      preemptionMode: "lifo",
      speedupRatio: 1,
      dpSize: 1,
      startupSeconds: 0,
      aic: null,
      speculative: null,
    });
  });

  test.each([
    [{ engine_type: "TRTLLM" }, 32],
    [{ engine_type: "SGLang" }, 1],
    [{ engine_type: "sglang", sglang: { page_size: 16 } }, 16],
    [{ block_size: 0 }, 64],
    [{ block_size: 7, sglang: { page_size: 16 } }, 7],
  ])("block size of %j is %i", (given, size) => {
    expect(valid(given).blockSize).toBe(size);
  });

  test("null lifts the caps, 0 means no scaling", () => {
    const args = valid({ max_num_seqs: null, max_num_batched_tokens: null, speedup_ratio: 0, decode_speedup_ratio: 0 });
    expect(args).toMatchObject({ maxNumSeqs: null, maxNumBatchedTokens: null, speedupRatio: 1, decodeSpeedupRatio: 1 });
  });

  test.each([
    [{ aic_nextn: 2 }, [0.85, 0.3]],
    [{ aic_nextn: 3, aic_nextn_accept_rates: "0.5" }, [0.5, 0, 0]],
    [{ aic_nextn: 1, aic_nextn_accept_rates: [0.5, 0.25] }, [0.5]],
    [{ aic_nextn: 2, aic_nextn_accept_rates: "" }, [0, 0]],
  ])("acceptance rates of %j", (given, rates) => {
    expect(valid(given).speculative?.acceptRates).toEqual(rates);
  });

  test("the attention data-parallel size sets the ranks", () => {
    expect(valid({ aic_attention_dp_size: 4 }).dpSize).toBe(4);
  });

  test("the worker type follows the flag, or repeats it in any case", () => {
    expect(valid({}, "prefill").role).toBe("prefill");
    expect(valid({ worker_type: "Decode" }, "decode").role).toBe("decode");
    expect(valid({ is_prefill: true }, "prefill").role).toBe("prefill");
  });
});
