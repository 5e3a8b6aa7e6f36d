import { describe, expect, it } from "vitest";
import { batchSizeCandidates, findEngineCapacity } from "./capacity-search.ts";
import type { CapacityQuestion } from "./capacity-search.ts";
import { clampAcceptLength } from "./dynamo-planner.ts";
import type { PassLoad } from "./pass-kind.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";

/** Pass times by formula. */
const formula = (passMs: (load: PassLoad) => number | null): PassTimeModel => ({
  learn() {},
  passMs,
  isReady: () => true,
  sampleCount: () => 0,
});

const question = (overrides: Partial<CapacityQuestion>): CapacityQuestion => ({
  inputTokens: 3000,
  outputTokens: 300,
  ttftSlaMs: 1500,
  itlSlaMs: 50,
  kvHitRate: null,
  acceptLength: 1,
  ...overrides,
});

describe("aggregated engines", () => {
  const model = formula(({ prefillTokens, decodeKvTokens }) => 6 + 0.02 * prefillTokens + 1e-5 * decodeKvTokens);
  const limits = { maxBatchedTokens: 8192, maxSequences: 256, maxKvTokens: 1_000_000 };
  const capacity = (overrides: Partial<CapacityQuestion>) =>
    findEngineCapacity("aggregated", model, limits, question(overrides))!;

  it("keeps room for a prompt token in every pass: of 256 no more than 255 decode", () => {
    const even = formula(() => 10);
    const shape = question({ inputTokens: 1, outputTokens: 1000, itlSlaMs: 1000 });
    const narrow = { maxBatchedTokens: 256, maxSequences: 1000, maxKvTokens: 1e9 };
    expect(findEngineCapacity("aggregated", even, narrow, shape)!.batchSize).toBe(255);
  });

  it("takes the smallest of batches that serve as many", () => {
    const proportional = formula(({ decodeRequests }) => decodeRequests);
    const few = { ...limits, maxSequences: 2 };
    const shape = question({ inputTokens: 1, outputTokens: 10, itlSlaMs: 1000 });
    expect(findEngineCapacity("decode", proportional, few, shape)!.batchSize).toBe(1);
  });

  it("§8.21 finds the reference's operating points", () => {
    const wide = capacity({});
    expect(wide).toMatchObject({ batchSize: 189, meetsSla: true });
    expect(wide.requestsPerSecond).toBeCloseTo(12.6624, 3);
    expect(wide.ttftMs).toBeCloseTo(109.75, 2);
    expect(wide.itlMs).toBeCloseTo(49.75, 2);
    expect(wide.endToEndMs! / 1000).toBeCloseTo(14.986, 2);
    const tight = capacity({ itlSlaMs: 20 });
    expect(tight.batchSize).toBe(59);
    expect(tight.requestsPerSecond).toBeCloseTo(10.00415, 4);
    expect(tight.ttftMs).toBeCloseTo(79.66, 2);
  });

  it("§8.21 computes less of prompts found in the cache, and knows an SLA out of reach", () => {
    expect(capacity({ itlSlaMs: 20, kvHitRate: 0.5 }).requestsPerSecond).toBeGreaterThan(10.1);
    expect(capacity({ kvHitRate: 0.5 }).requestsPerSecond).toBeCloseTo(21.514, 2);
    expect(capacity({ ttftSlaMs: 60 }).meetsSla).toBe(false);
  });

  it("§8.20 balances prompts coming in with requests leaving", () => {
    // isl = osl = 100 at two tokens a forward: 33 sequences carry 66 prompt tokens a pass, 34 would need 68 of 66.
    const small = { maxBatchedTokens: 100, maxSequences: 256, maxKvTokens: 1_000_000 };
    const flat = formula(() => 10);
    const point = findEngineCapacity(
      "aggregated",
      flat,
      small,
      question({ inputTokens: 100, outputTokens: 100, acceptLength: 2 }),
    );
    expect(point!.batchSize).toBe(33);
  });

  it("§8.27 takes the highest rate when no point keeps the SLA, as the reference does", () => {
    const impossible = capacity({ itlSlaMs: 1 });
    const strict = capacity({ itlSlaMs: 10 });
    expect(impossible.meetsSla).toBe(false);
    expect(impossible.requestsPerSecond).toBeGreaterThan(strict.requestsPerSecond);
  });

  it("§8.24 has no answer when one sequence does not fit, or a batch cannot be estimated", () => {
    const tiny = { ...limits, maxKvTokens: 50 };
    expect(findEngineCapacity("aggregated", model, tiny, question({ inputTokens: 100, kvHitRate: 0.9 }))).toBeNull();
    expect(
      findEngineCapacity(
        "aggregated",
        formula(() => null),
        limits,
        question({}),
      ),
    ).toBeNull();
    expect(findEngineCapacity("aggregated", model, limits, question({ inputTokens: 0 }))).toBeNull();
  });
});

describe("decode engines", () => {
  const limits = { maxBatchedTokens: 8192, maxSequences: 16, maxKvTokens: 1_000_000 };
  const fixed = formula(() => 40);

  it.each([
    [1, 40, 6.25],
    [64 / 22, 13.7, 18.2],
  ])("with %d tokens a forward: %d ms and %d requests/s at batch 16", (acceptLength, itlMs, rps) => {
    const decoding = question({ inputTokens: 100, outputTokens: 64, acceptLength });
    // 16 sequences, 40 ms a forward, 64 output tokens each.
    const point = findEngineCapacity("decode", fixed, limits, decoding)!;
    expect(point.batchSize).toBe(16);
    expect(point.itlMs).toBeCloseTo(itlMs, 0);
    expect(point.requestsPerSecond).toBeCloseTo(rps, 1);
  });

  it("§8.19 doubles the rate and halves the latency at two tokens a forward; prefill does not heed it", () => {
    const nine = { ...limits, maxSequences: 9 };
    const slow = formula(() => 90);
    const point = (acceptLength: number, role: "decode" | "prefill" = "decode") =>
      findEngineCapacity(role, slow, nine, question({ inputTokens: 100, outputTokens: 10, acceptLength }))!;
    expect(point(1)).toMatchObject({ batchSize: 9, itlMs: 90 });
    expect(point(1).requestsPerSecond).toBeCloseTo(10, 9);
    expect(point(2)).toMatchObject({ batchSize: 9, itlMs: 45 });
    expect(point(2).requestsPerSecond).toBeCloseTo(20, 9);
    expect(point(2, "prefill")).toEqual(point(1, "prefill"));
  });

  it("§8.19 counts an accept length below 1 as 1", () => {
    const point = (acceptLength: number) =>
      findEngineCapacity("decode", fixed, limits, question({ acceptLength }))!.requestsPerSecond;
    expect(point(0.5)).toBe(point(1));
  });
});

describe("§8.19 accept lengths", () => {
  it.each([
    [5, 0, 1],
    [5, 2, 3],
    [0.3, 2, 1],
    [Number.NaN, 2, 1],
    [2.5, 2, 2.5],
  ])("%d with %d draft tokens counts as %d", (observed, nextn, used) => {
    expect(clampAcceptLength(observed, nextn)).toBe(used);
  });
});

describe("prefill engines", () => {
  const line = formula(({ prefillTokens }) => 10 + prefillTokens * 0.1);
  const limits = { maxBatchedTokens: 400, maxSequences: 4, maxKvTokens: 1_000_000 };
  const capacity = (overrides: Partial<CapacityQuestion>) =>
    findEngineCapacity("prefill", line, limits, question(overrides))!;

  it("§8.22 batches prompts while the SLA holds", () => {
    const wide = capacity({ inputTokens: 100 });
    expect(wide.batchSize).toBe(4);
    expect(wide.requestsPerSecond).toBeCloseTo(80, 9);
    expect(wide.ttftMs).toBeCloseTo(50, 9);
    const tight = capacity({ inputTokens: 100, ttftSlaMs: 35 });
    expect(tight.batchSize).toBe(2);
    expect(tight.requestsPerSecond).toBeCloseTo(66.67, 2);
  });

  it.each([
    [0, 12.5],
    [0.5, 25],
    [0.95, 238.1],
    [2, 238.1],
    [-1, 12.5],
    [Number.NaN, 12.5],
  ])("§8.22 hit rate %d → %d requests/s", (kvHitRate, rps) => {
    const model = formula(({ prefillTokens }) => prefillTokens * 0.2);
    const single = { ...limits, maxSequences: 1 };
    const point = findEngineCapacity("prefill", model, single, question({ inputTokens: 400, kvHitRate }))!;
    expect(point.requestsPerSecond).toBeCloseTo(rps, 1);
  });

  it("§8.23 splits prompts longer than a pass", () => {
    const model = formula(({ prefillTokens }) => prefillTokens / 10);
    const small = { ...limits, maxBatchedTokens: 100 };
    const ttft = findEngineCapacity("prefill", model, small, question({ inputTokens: 250 }))!.ttftMs;
    expect(ttft).toBeCloseTo(25, 9);
    const single = formula(() => 1);
    const oneByOne = findEngineCapacity(
      "prefill",
      single,
      { ...limits, maxBatchedTokens: 1 },
      question({ inputTokens: 1000 }),
    );
    expect(oneByOne!.ttftMs).toBeCloseTo(1000, 9);
  });
});

describe("§8.25 batch sizes tried", () => {
  it("are all up to 128, then 128 of them spread evenly", () => {
    expect(batchSizeCandidates(3)).toEqual([1, 2, 3]);
    expect(batchSizeCandidates(128)).toHaveLength(128);
    const many = batchSizeCandidates(129);
    expect(many).toHaveLength(128);
    expect([many[0], many.at(-1)]).toEqual([1, 129]);
    expect(many.every((size, i) => i === 0 || size > many[i - 1]!)).toBe(true);
    expect(batchSizeCandidates(0)).toEqual([]);
  });
});
