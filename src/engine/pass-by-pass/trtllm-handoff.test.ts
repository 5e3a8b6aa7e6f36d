import { expect, test } from "vitest";
import { smallRun } from "../../../test/small-run.ts";
import { RequestStatus } from "../../metrics/request-ledger.ts";

const engine = { engine_type: "trtllm", block_size: 4 };
const rows = [
  { at: 0, input: 16, output: 20 },
  { at: 1, input: 16, output: 20 },
];

test("a TRT-LLM-like decode worker promises a prompt and its whole output", async () => {
  const { requests, outcome } = await smallRun(rows, {
    engine,
    semantics: "current",
    disaggregated: { prefill: { num_gpu_blocks: 100 }, decode: { num_gpu_blocks: 10 } },
  });
  expect(requests.map(({ status, tokens }) => [status, tokens])).toEqual([
    [RequestStatus.completed, 20],
    [RequestStatus.completed, 20],
  ]);
  // Nine blocks each: the second has no destination before the first is done.
  expect(outcome.handoffs!.destinationReservedNs[1]! / 1e6).toBe(requests[0]!.last);
});

test("with max-utilisation it takes what fits now", async () => {
  const { requests, outcome } = await smallRun(rows, {
    engine: { ...engine, trtllm: { capacity_scheduler_policy: "max_utilization" } },
    semantics: "current",
    disaggregated: { prefill: { num_gpu_blocks: 100 }, decode: { num_gpu_blocks: 10 } },
  });
  expect(requests.map(({ tokens }) => tokens)).toEqual([20, 20]);
  expect(outcome.handoffs!.destinationReservedNs[1]! / 1e6).toBeLessThan(requests[0]!.last);
});
