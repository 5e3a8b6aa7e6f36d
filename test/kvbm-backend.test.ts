import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { simulate } from "../src/replay.ts";
import { folderWith } from "./run-cli.ts";

/** Four times the prompt of four blocks, one of them two tokens short of the fourth. */
const rows = [
  { timestamp: 0, input_length: 256, output_length: 200, hash_ids: [1, 2, 3, 4] },
  { timestamp: 100, input_length: 256, output_length: 200, hash_ids: [1, 2, 3, 4] },
  { timestamp: 110, input_length: 250, output_length: 100, hash_ids: [1, 2, 3, 4] },
  { timestamp: 120, input_length: 256, output_length: 60, hash_ids: [1, 2, 3, 4] },
];
const cwd = folderWith({ "trace.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });

const tight = { block_size: 64, num_gpu_blocks: 12, max_num_seqs: 8, max_num_batched_tokens: 512 };
const chunked = { ...tight, num_gpu_blocks: 9, max_num_batched_tokens: 96 };
const speculative = { ...tight, num_gpu_blocks: 40, aic_nextn: 2, aic_nextn_accept_rates: "0.7,0.5" };

const run = (extraEngineArgs: object, semantics: "dynamo-1.4" | "current" = "dynamo-1.4") =>
  simulate({
    trace: join(cwd, "trace.jsonl"),
    traceBlockSize: 64,
    extraEngineArgs: extraEngineArgs as never,
    semantics,
  });

// Expected values: `python -m dynamo.replay` of ai-dynamo 1.4.2 on these rows.
describe("blocks of the KVBM backend under dynamo-1.4 have one copy", () => {
  it.each<[string, object, [durationMs: number, ttftMs: number, e2eMs: number, reused: number]]>([
    ["native", tight, [6836.928460000017, 59.740262750000014, 4722.250115750012, 0.8172888015717092]],
    [
      "kvbm",
      { ...tight, g1_backend: "kvbm" },
      [6584.490505999971, 57.287033750000006, 4539.417070749985, 0.5658153241650294],
    ],
    [
      "kvbm, as cache tiers imply",
      { ...tight, num_g2_blocks: 50 },
      [6584.490505999971, 57.287033750000006, 4539.417070749985, 0.5658153241650294],
    ],
    ["native, small chunks", chunked, [10805.371302999985, 90.95311525, 9110.087754749984, 0.8172888015717092]],
    [
      "kvbm, small chunks",
      { ...chunked, g1_backend: "kvbm" },
      [9943.74686799999, 87.6989485, 6914.065864249986, 0.7544204322200393],
    ],
    [
      "native, speculative",
      speculative,
      [2038.6003710000027, 47.81679624999997, 1420.7601765000013, 0.37721021611001965],
    ],
    [
      "kvbm, speculative",
      { ...speculative, g1_backend: "kvbm" },
      [1757.8985499999994, 43.46952774999998, 1193.3493977499993, 0.37721021611001965],
    ],
    [
      "kvbm without prefix caching",
      { ...tight, g1_backend: "kvbm", enable_prefix_caching: false },
      [10716.711129000048, 3834.8408570000092, 8922.82266100003, 0],
    ],
  ])("%s", async (_, engine, expected) => {
    const ours = await run(engine);
    const figures = [ours.duration_ms, ours.mean_ttft_ms, ours.mean_e2e_latency_ms, ours.prefix_cache_reused_ratio];
    for (const [i, value] of expected.entries()) expect(figures[i]).toBeCloseTo(value, 6);
  });

  it("is a rule of dynamo-1.4 alone", async () => {
    const [native, kvbm] = [await run(tight, "current"), await run({ ...tight, g1_backend: "kvbm" }, "current")];
    expect(kvbm.mean_e2e_latency_ms).toBe(native.mean_e2e_latency_ms);
    expect(kvbm.duration_ms).toBe(native.duration_ms);
  });
});
