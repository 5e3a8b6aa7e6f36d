import { join } from "node:path";
import { expect, test } from "vitest";
import { simulate } from "../src/replay.ts";
import { folderWith } from "./run-cli.ts";

const request = (timestamp: number, input_length: number, output_length: number, firstId: number) => ({
  timestamp,
  input_length,
  output_length,
  hash_ids: Array.from({ length: Math.ceil(input_length / 3) }, (_, i) => firstId + i),
});
/** Five requests in sixty tokens of cache, passes of six tokens: the first in gives way after its turn in a pass. */
const rows = [
  request(0, 12, 14, 0),
  request(25, 3, 2, 100),
  request(40, 7, 14, 200),
  request(48, 6, 7, 300),
  request(104, 25, 4, 400),
];
const cwd = folderWith({ "trace.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });

// Measured: `python -m dynamo.replay` of ai-dynamo 1.4.2 on these rows.
test.each(["auto", "pass-by-pass"] as const)(
  "what gives way returns its tokens to the pass: engine %s",
  async (which) => {
    const result = await simulate({
      trace: join(cwd, "trace.jsonl"),
      traceBlockSize: 3,
      extraEngineArgs: {
        block_size: 3,
        num_gpu_blocks: 20,
        max_num_batched_tokens: 6,
        max_num_seqs: 8,
        preemption_mode: "fifo",
      } as never,
      semantics: "dynamo-1.4",
      engine: which,
    });
    expect(result.duration_ms).toBeCloseTo(876.45014, 6);
    expect(result.mean_ttft_ms).toBeCloseTo(173.6366546, 6);
  },
);
