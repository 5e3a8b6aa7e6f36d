import { describe, expect, test } from "vitest";
import { smallRun, type SmallRow } from "../../test/small-run.ts";
import { RequestStatus } from "../metrics/request-ledger.ts";

const run = (rows: readonly SmallRow[], engine: Record<string, unknown>) =>
  smallRun(rows, { engine, semantics: "current" });

describe("SGLang's prefill_decode_interval", () => {
  const engine = (interval: number) => ({
    engine_type: "sglang",
    block_size: 16,
    num_gpu_blocks: 20_000,
    sglang: { chunked_prefill_size: 1024, prefill_decode_interval: interval },
  });
  const beside: readonly SmallRow[] = [
    { at: 0, input: 100, output: 60 },
    { at: 40, input: 3000, output: 2 },
  ];

  test.each([1, 3])("leaves %d passes to those who decode after each chunk", async (interval) => {
    const free = await run(beside, engine(0));
    const spaced = await run(beside, engine(interval));
    // The second prompt comes in three chunks; between them the first request goes on decoding.
    const decodeMs = 5.75;
    expect(spaced.requests[1]!.first - free.requests[1]!.first).toBeGreaterThan(2 * interval * decodeMs - 1);
    expect(spaced.requests[1]!.first - free.requests[1]!.first).toBeLessThan(3 * (interval + 1) * decodeMs);
    expect(spaced.result.max_itl_ms).toBeLessThan(free.result.max_itl_ms);
  });

  test("costs a lone request nothing", async () => {
    const alone = [{ input: 3000, output: 4 }];
    const [free, spaced] = [await run(alone, engine(0)), await run(alone, engine(5))];
    expect(spaced.requests).toEqual(free.requests);
  });
});

describe("vLLM's prefill_schedule_interval", () => {
  const engine = (interval: number, ranks = 2) => ({ dp_size: ranks, prefill_schedule_interval: interval });
  // In turn on ranks 0, 1, 0: the third meets a request that decodes.
  const rows: readonly SmallRow[] = [
    { at: 0, input: 100, output: 40 },
    { at: 0, input: 100, output: 40 },
    { at: 60, input: 500, output: 2 },
  ];

  test("puts a prompt off to the next round it divides", async () => {
    const [free, spaced] = [await run(rows, engine(1)), await run(rows, engine(8))];
    // Rounds 0 (the two prompts), then one token a round; the third arrives during round 8 and waits for round 16.
    const rounds = (spaced.requests[2]!.admit - free.requests[2]!.admit) / 5.75;
    expect(rounds).toBeGreaterThan(6);
    expect(rounds).toBeLessThan(8.1);
    expect(spaced.requests[0]!.first).toBe(free.requests[0]!.first);
  });

  test("needs attention DP, and somebody who decodes", async () => {
    const one = rows.map((row) => ({ ...row }));
    expect((await run(one, engine(8, 1))).requests).toEqual((await run(one, engine(1, 1))).requests);
    const apart: readonly SmallRow[] = [
      { at: 0, input: 100, output: 3 },
      { at: 500, input: 500, output: 2 },
    ];
    expect((await run(apart, engine(8))).requests).toEqual((await run(apart, engine(1))).requests);
  });
});

describe("TRT-LLM's max_utilization", () => {
  const engine = (policy: string) => ({
    engine_type: "trtllm",
    block_size: 4,
    num_gpu_blocks: 10,
    trtllm: { capacity_scheduler_policy: policy },
  });
  const rows: readonly SmallRow[] = [
    { at: 0, input: 16, output: 20 },
    { at: 1, input: 16, output: 20 },
  ];

  test("admits what fits now, and lets the newest give way when the pool is full", async () => {
    const promised = await run(rows, engine("guaranteed_no_evict"));
    const packed = await run(rows, engine("max_utilization"));
    expect(promised.requests[1]!.admit).toBe(promised.requests[0]!.last);
    expect(packed.requests[1]!.admit).toBeLessThan(packed.requests[0]!.last);
    expect(packed.requests.map(({ status }) => status)).toEqual([RequestStatus.completed, RequestStatus.completed]);
    expect(packed.requests.map(({ tokens }) => tokens)).toEqual([20, 20]);
    // The second lost its place and computed its sequence again.
    expect(packed.result.committed_prefill_tokens).toBeGreaterThan(32);
  });
});
