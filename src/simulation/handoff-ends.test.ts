import { describe, expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";

// All times are those of ai-dynamo 1.4.2, ms.
describe("the end of a hand-off", () => {
  test("a session goes on when the prompt no decode worker can hold is let go, not when it is refused", async () => {
    const { requests, outcome } = await smallRun(
      [
        { input: 2000, output: 3, ids: [1, 2, 3, 4], session: "s" },
        { at: 1, input: 1000, output: 2, ids: [7, 8] },
        { at: 5, input: 600, output: 2, ids: [1, 9], session: "s", delay: 3 },
      ],
      { disaggregated: { prefill: { num_gpu_blocks: 1000, max_num_seqs: 1 }, decode: { num_gpu_blocks: 20 } } },
    );
    expect(outcome.ledger.terminalNs[0]! / 1e6).toBeCloseTo(48.5523, 4);
    // The only prefill worker computes the other prompt until 80.6582.
    expect(requests[2]!.arrival).toBeCloseTo(83.6582, 4);
    expect(requests[2]!.first).toBeCloseTo(171.917, 3);
  });

  test.each([
    [0.1, NaN],
    [0.12, 119.5851],
  ])("a pass that outlasts the time allowed (%d s) lets no prompt go", async (cap, releasedMs) => {
    const { outcome } = await smallRun(
      [
        { input: 1000, output: 1 },
        { at: 1, input: 3000, output: 2 },
      ],
      {
        engine: { engine_type: "sglang", num_gpu_blocks: 20_000 },
        disaggregated: { prefill: { kv_transfer_bandwidth: 10, kv_bytes_per_token: 131_072 } },
        flags: ["--max-sim-time-seconds", String(cap)],
      },
    );
    expect(outcome.ledger.terminalNs[0]! / 1e6).toBeCloseTo(61.9654, 4);
    const released = outcome.handoffs!.sourceReleasedNs[0]! / 1e6;
    if (Number.isNaN(releasedMs)) expect(released).toBeNaN();
    else expect(released).toBeCloseTo(releasedMs, 4);
  });
});
