import { describe, expect, it } from "vitest";
import { plannerFor } from "./planner-case.ts";
import { replayConfig } from "./replay-arguments.ts";
import { smallRun } from "./small-run.ts";

/** Four minutes of requests with a rush in the middle; every figure follows from the request's place. */
function rush() {
  let at = 0;
  return Array.from({ length: 240 }, (_, i) => {
    const blocks = 1 + ((i * 7919) % 23);
    const row = {
      at,
      input: blocks * 512 - ((i * 131) % 400),
      output: 20 + ((i * 104_729) % 140),
      ids: Array.from({ length: blocks }, (__, block) => (block === 0 && i % 3 === 0 ? 0 : 1 + i * 32 + block)),
    };
    at += i > 60 && i < 170 ? 130 + ((i * 37) % 90) : 700 + ((i * 53) % 500);
    return row;
  });
}

/**
 * What ai-dynamo 1.4.2 made of that workload, two workers at the start: `python -m dynamo.replay` with these settings,
 * four runs alike. Changes of the fleet as [s, from, to], figures of its report, and rows of its tick log.
 */
const measured = [
  {
    name: "latency targets",
    engine: { num_gpu_blocks: 3000, block_size: 64, startup_time: 5 },
    planner: {
      optimization_target: "sla",
      ttft_ms: 250,
      itl_ms: 9,
      load_min_observations: 3,
      enable_load_scaling: true,
      throughput_adjustment_interval_seconds: 20,
      load_predictor: "constant",
      max_num_fpm_samples: 512,
    },
    events: [
      [12, 2, 3],
      [64, 3, 4],
      [74, 4, 5],
    ],
    summary: {
      mean_ttft_ms: 135.82313567081303,
      max_ttft_ms: 268.1621449996601,
      mean_itl_ms: 9.040775255893664,
      mean_e2e_latency_ms: 928.3977664374889,
      duration_ms: 141_769.48870900017,
      gpu_hours: 0.15523540098472444,
    },
    ticks: [
      { timestamp_s: 64, estimated_ttft_ms: 0, estimated_itl_ms: 13.86777, load_decision_reason: "scale_up" },
      {
        timestamp_s: 124,
        estimated_itl_ms: 10.56069,
        load_decision_reason: "scale_down_refused_consolidation",
      },
    ],
  },
  {
    name: "an SGLang-like engine's cache use",
    engine: { num_gpu_blocks: 60_000, block_size: 1, engine_type: "sglang" },
    planner: { optimization_target: "latency", min_endpoint: 1 },
    events: [
      [8, 2, 1],
      [12, 1, 2],
      [18, 2, 1],
      [30, 1, 2],
      [32, 2, 1],
      [58, 1, 2],
      [60, 2, 3],
      [62, 3, 4],
      [64, 4, 5],
      [66, 5, 6],
      [68, 6, 7],
      [94, 7, 6],
      [100, 6, 5],
      [110, 5, 4],
      [112, 4, 3],
    ],
    summary: {
      mean_ttft_ms: 162.10232495416267,
      max_ttft_ms: 897.2897729999386,
      mean_itl_ms: 17.036093676045766,
      mean_e2e_latency_ms: 1655.5998705541656,
      duration_ms: 142_132.27798800002,
      gpu_hours: 0.13344356499000024,
    },
    ticks: [{ timestamp_s: 140, load_decision_reason: "no_change" }],
  },
  {
    name: "thresholds and a budget",
    engine: { num_gpu_blocks: 1500, block_size: 64, max_num_batched_tokens: 2048, startup_time: 3 },
    planner: {
      optimization_target: "load",
      decode_scale_up_kv_rate: 60,
      decode_scale_down_kv_rate: 20,
      max_gpu_budget: 5,
      min_gpu_budget: 2,
    },
    events: [
      [2, 2, 1],
      [60, 1, 2],
      [64, 2, 3],
      [68, 3, 4],
      [72, 4, 5],
      [80, 5, 4],
      [82, 4, 3],
      [84, 3, 2],
      [86, 2, 1],
    ],
    summary: {
      mean_ttft_ms: 784.8982588334751,
      max_ttft_ms: 4750.923971000288,
      mean_itl_ms: 24.23472595137869,
      mean_e2e_latency_ms: 2909.4759005710093,
      duration_ms: 141_968.52262800036,
      gpu_hours: 0.059180497026388224,
    },
    ticks: [{ timestamp_s: 10, load_decision_reason: "no_change" }],
  },
];

describe("planner runs without shared data equal what the reference made of them", () => {
  it.each(measured)("$name", async ({ engine, planner, events, summary, ticks }) => {
    const { topology } = replayConfig(["--extra-engine-args", engine, "--num-workers", "2"], "dynamo-1.4", "auto");
    const config = { mode: "agg", load_adjustment_interval_seconds: 2, ...planner };
    const change = { planner: plannerFor(config, topology) };
    const { result } = await smallRun(rush(), { engine, flags: ["--num-workers", "2"], change });
    expect(result.scaling_events.map(({ t_s, from, to }) => [t_s, from, to])).toEqual(events);
    for (const [key, want] of Object.entries(summary)) {
      const got = result[key as keyof typeof summary];
      expect(Math.abs(got - want) / want, key).toBeLessThan(1e-6);
    }
    for (const want of ticks) {
      const record = result.planner!.ticks.find(({ t_s }) => t_s === want.timestamp_s)!.record!;
      for (const [key, value] of Object.entries(want)) {
        if (typeof value === "number") expect(record[key], key).toBeCloseTo(value, 6);
        else expect(record[key], key).toBe(value);
      }
    }
  });
});
