import { describe, expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import { RequestStatus } from "../metrics/request-ledger.ts";

describe("a TRT-LLM-like prompt that fills the pool to its last token", () => {
  // 10 blocks of 32 tokens; ends in ms under ai-dynamo 1.4.2.
  test.each([
    [320, 0, RequestStatus.completed, 21.403, 93.643],
    [319, 0, RequestStatus.completed, 21.388, 93.628],
    [320, 1, RequestStatus.rejected, 0, 73.24],
    [321, 0, RequestStatus.rejected, 0, 73.24],
    [319, 2, RequestStatus.completed, 55.398, 127.638],
  ])("%i tokens, %i wanted", async (input, output, status, endMs, nextEndMs) => {
    const rows = [
      { input, output },
      { at: 1, input: 64, output: 3 },
    ];
    for (const implementation of ["auto", "pass-by-pass"] as const) {
      const engine = { engine_type: "trtllm", block_size: 32, num_gpu_blocks: 10 };
      const { requests, outcome } = await smallRun(rows, { engine, implementation });
      expect(requests[0]!.status).toBe(status);
      const ends = Array.from(outcome.ledger.terminalNs, (ns) => ns / 1e6);
      expect(ends[0]).toBeCloseTo(endMs, 2);
      expect(ends[1]).toBeCloseTo(nextEndMs, 2);
    }
  });
});
