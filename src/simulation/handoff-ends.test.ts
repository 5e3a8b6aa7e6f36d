import { describe, expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import { RequestStatus } from "../metrics/request-ledger.ts";

function rowsOf(arrivals: readonly number[], inputs: readonly number[], outputs: readonly number[]) {
  return arrivals.map((at, i) => ({ at, input: inputs[i]!, output: outputs[i]!, ids: [i] }));
}

function smallPools(decode: Readonly<Record<string, unknown>>) {
  return { engine: { block_size: 16 }, disaggregated: { prefill: { num_gpu_blocks: 500 }, decode } };
}

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

describe("a preempted request without room before prompts that were handed over and hold it", () => {
  // Mean latency, ms, of ai-dynamo 1.4.2, which completes all; the last request, long after the others, gets them going.
  test.each([
    [
      { num_gpu_blocks: 20, max_num_seqs: 3 },
      [1, 31, 31, 61, 261, 4261],
      [160, 96, 144, 48, 112, 32],
      [40, 90, 90, 150, 40, 2],
      7905.200975499995,
    ],
    [
      { num_gpu_blocks: 20, max_num_seqs: 3, max_num_batched_tokens: 64 },
      [0, 30, 60, 260, 260, 260, 4260],
      [32, 80, 80, 208, 80, 96, 32],
      [90, 90, 150, 40, 2, 90, 2],
      4548.13267814286,
    ],
  ])("waits for another that asks for a destination: %j", async (decode, arrivals, inputs, outputs, meanMs) => {
    const rows = rowsOf(arrivals, inputs, outputs);
    const run = (given: typeof rows, implementation: "auto" | "pass-by-pass") =>
      smallRun(given, { ...smallPools(decode), implementation });
    for (const implementation of ["auto", "pass-by-pass"] as const) {
      const { result } = await run(rows, implementation);
      expect(result.completed_requests).toBe(rows.length);
      expect(result.mean_e2e_latency_ms).toBeCloseTo(meanMs, 6);
      // Without another nothing would ever change: it fails, and the others go on.
      const alone = (await run(rows.slice(0, -1), implementation)).requests;
      const failed = alone.filter(({ status }) => status === RequestStatus.failed);
      expect(failed.length).toBeGreaterThan(0);
      expect(failed.length).toBeLessThan(alone.length);
    }
  });

  test("enter passes whose budget a preempted one uses up, one a pass", async () => {
    const rows = rowsOf(
      [30, 630, 2130, 3630, 3630, 3660, 3690, 3690, 4290, 5790, 5791, 7291, 7291, 8791, 10_291, 10_292, 14_292],
      [288, 336, 400, 368, 112, 432, 256, 448, 272, 192, 96, 240, 352, 112, 336, 224, 32],
      [60, 3, 3, 200, 3, 200, 200, 60, 3, 200, 3, 400, 200, 400, 400, 200, 2],
    );
    for (const implementation of ["auto", "pass-by-pass"] as const) {
      const decode = { num_gpu_blocks: 80, max_num_batched_tokens: 20 };
      const { result } = await smallRun(rows, { ...smallPools(decode), implementation });
      expect(result.completed_requests).toBe(rows.length);
      expect(result.mean_e2e_latency_ms).toBeCloseTo(13_950.042196999953, 6);
    }
  });

  test.each(["auto", "pass-by-pass"] as const)(
    "a prompt computed again in several passes goes on, and those handed over behind it give way (%s)",
    async (implementation) => {
      const { requests, outcome } = await smallRun(rowsOf([0, 40, 40, 240], [9, 26, 17, 3], [20, 12, 12, 40]), {
        engine: { block_size: 4 },
        disaggregated: {
          prefill: { num_gpu_blocks: 250, max_num_seqs: 64, max_num_batched_tokens: 64 },
          decode: { num_gpu_blocks: 15, max_num_seqs: 3, max_num_batched_tokens: 12 },
        },
        implementation,
      });
      expect(outcome.engine).toBe(implementation === "auto" ? "aggregated" : implementation);
      [570.357171, 670.568504, 952.108904, 1693.487571].forEach((last, i) =>
        expect(requests[i]!.last).toBeCloseTo(last, 5),
      );
    },
  );
});
