import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { simulate } from "../src/replay.ts";
import { folderWith } from "./run-cli.ts";

const prompt = (timestamp: number, blocks: number, firstId: number, output: number) => ({
  timestamp,
  input_length: 64 * blocks,
  output_length: output,
  hash_ids: Array.from({ length: blocks }, (_, i) => firstId + i),
});
/** Four blocks are cached; then a prompt takes the whole token budget, and three are found in full behind it. */
const rows = [
  prompt(0, 4, 1, 2),
  prompt(1000, 8, 100, 50),
  prompt(1000, 1, 1, 51),
  prompt(1000, 2, 1, 52),
  prompt(1000, 3, 1, 53),
];
const cwd = folderWith({ "trace.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });

describe("TRT-LLM-like prompts found in full", () => {
  const engine = { engine_type: "trtllm", block_size: 64, num_gpu_blocks: 200, max_num_seqs: 64 };

  // Measured: `python -m dynamo.replay` of ai-dynamo 1.4.2 on these rows.
  it.each(["auto", "pass-by-pass"] as const)("come one a pass where the budget is spent: engine %s", async (which) => {
    const result = await simulate({
      trace: join(cwd, "trace.jsonl"),
      traceBlockSize: 64,
      extraEngineArgs: { ...engine, max_num_batched_tokens: 256 } as never,
      semantics: "dynamo-1.4",
      engine: which,
    });
    expect(result.mean_ttft_ms).toBeCloseTo(46.591468799999966, 6);
    expect(result.duration_ms).toBeCloseTo(1556.7141080000024, 6);
  });
});
