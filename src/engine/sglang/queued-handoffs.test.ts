import { expect, it } from "vitest";
import { simulate } from "../../replay.ts";

it("hand-offs that wait on an SGLang-like decode worker for a place are load the planner sees", async () => {
  const engine = { engine_type: "sglang", block_size: 64, num_gpu_blocks: 900 } as const;
  const result = await simulate({
    inputTokens: 2000,
    outputTokens: 100,
    requestCount: 60,
    replayConcurrency: 6,
    prefillEngineArgs: { ...engine, worker_type: "prefill" },
    decodeEngineArgs: { ...engine, worker_type: "decode", max_num_seqs: 1 },
    plannerConfig: {
      mode: "disagg",
      optimization_target: "load",
      load_adjustment_interval_seconds: 2,
      prefill_scale_up_queue_tokens: 4000,
      prefill_scale_down_queue_tokens: 500,
      decode_scale_up_kv_rate: 10,
      decode_scale_down_kv_rate: 2,
      report_interval_hours: null,
    },
    semantics: "dynamo-1.4",
  });
  // As ai-dynamo 1.4.2 reports this run.
  expect(result.scaling_events.map(({ t_s: t, pool, from, to }) => `${t} ${pool} ${from}->${to}`)).toEqual([
    "2 decode 1->2",
    "4 decode 2->3",
    "6 decode 3->4",
    "8 decode 4->5",
    "10 decode 5->6",
  ]);
  expect(result.duration_ms).toBeCloseTo(14785.349087, 6);
  expect(result.mean_ttft_ms).toBeCloseTo(690.7746149500005, 6);
});
