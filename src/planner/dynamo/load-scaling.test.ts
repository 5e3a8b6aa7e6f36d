import { describe, expect, it } from "vitest";
import { capabilities, plannerConfig, published } from "../../../test/planner-fixtures.ts";
import type { ForwardPass } from "../../engine/forward-pass.ts";
import { EngineEstimator } from "./engine-estimator.ts";
import { scaleAggregated, scaleDisaggregated } from "./load-scaling.ts";
import type { PoolLoad } from "./load-scaling.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";
import { itlOpinion, ttftOpinion } from "./sla-scaling.ts";
import type { SlaSituation } from "./sla-scaling.ts";

const limits = { maxBatchedTokens: 8192, maxSequences: 256, maxKvTokens: 10_000 };
const model = (passMs: PassTimeModel["passMs"]): PassTimeModel => ({
  learn() {},
  passMs,
  isReady: () => true,
  sampleCount: () => 0,
});

/** A prefill pool that has learned 10 + 0.1·tokens ms and requests of 4250 tokens a pass. */
function prefillEstimator(): EngineEstimator {
  const estimator = new EngineEstimator(
    "prefill",
    limits,
    model(({ prefillTokens }) => 10 + 0.1 * prefillTokens),
    64,
  );
  estimator.observe(
    [500, 8000].map((tokens, id) => published(id, { numPrefillRequests: 1, sumPrefillTokens: tokens }, 1)),
  );
  return estimator;
}

/** A decode pool that has learned 5 + 0.1·requests + 0.001·context ms and a context of 1166.7 tokens a request. */
function decodeEstimator(): EngineEstimator {
  const passMs: PassTimeModel["passMs"] = ({ decodeRequests, decodeKvTokens }) =>
    5 + 0.1 * decodeRequests + 0.001 * decodeKvTokens;
  const estimator = new EngineEstimator("decode", limits, model(passMs), 64);
  estimator.observe(
    [1000, 1500, 1000].map((tokens, id) => published(id, { numDecodeRequests: 1, sumDecodeKvTokens: tokens }, 1)),
  );
  return estimator;
}

const situation = (overrides: Partial<SlaSituation>): SlaSituation => ({
  passes: [],
  workers: 2,
  estimator: prefillEstimator(),
  config: plannerConfig({ mode: "disagg" }),
  engine: capabilities(),
  kvHitRate: null,
  acceptLength: 1,
  ...overrides,
});
const queues = (...tokens: number[]) => tokens.map((sum, id) => published(id, { sumQueuedPrefillTokens: sum }));

describe("time to first token of two prefill workers, SLA 1500 ms", () => {
  it.each([
    [0, 435, 1, null],
    [4000, 845, 1, null],
    [5000, 945, null, "scale_down_refused_consolidation"],
    [12_000, 1645, 3, null],
  ] as const)("§8.14 queues of %i tokens: %i ms, %j replicas", (tokens, ms, replicas, reason) => {
    const opinion = ttftOpinion(situation({ passes: queues(tokens, tokens) }));
    expect(opinion.estimateMs).toBeCloseTo(ms, 6);
    expect(opinion).toMatchObject({ replicas, reason });
  });

  it("§8.15 holds while one worker is under the SLA, however long the other's queue", () => {
    const opinion = ttftOpinion(situation({ passes: queues(50_000, 0) }));
    expect(opinion.estimateMs).toBeCloseTo(5495, 6);
    expect(opinion.replicas).toBeNull();
  });

  it.each([
    [0.5, 822.5, null],
    [0.95, 91.3, null],
    [1, 91.3, null],
    [null, 1645, 2],
    [0, 1645, 2],
    [Number.NaN, 1645, 2],
  ])("§8.16 one worker, 12,000 tokens, hit rate %j: %d ms", (kvHitRate, ms, replicas) => {
    const opinion = ttftOpinion(situation({ passes: queues(12_000), workers: 1, kvHitRate }));
    expect(opinion.estimateMs!).toBeCloseTo(ms, 1);
    expect(opinion.replicas).toBe(replicas);
  });
});

describe("inter-token latency of two decode workers of 10,000 tokens", () => {
  const decoding = (context: number) =>
    itlOpinion(
      situation({
        estimator: decodeEstimator(),
        passes: [0, 1].map((id) => published(id, { numDecodeRequests: 2, sumDecodeKvTokens: context })),
      }),
    );

  it("§8.17 estimates the pass with the next request in it", () => {
    const passes = [0, 1].map((id) => published(id, { numDecodeRequests: 4, sumDecodeKvTokens: 4000 }));
    const opinion = itlOpinion(situation({ estimator: decodeEstimator(), passes }));
    expect(opinion.estimateMs).toBeCloseTo(10.667, 3);
    expect(opinion.replicas).toBe(1);
  });

  it("§8.17 gives one worker up when the other can hold and carry its load", () => {
    expect(decoding(4000).replicas).toBe(1);
    expect(decoding(5000)).toMatchObject({ replicas: null, reason: "scale_down_refused_consolidation" });
  });
});

it("expects no request where none has decoded yet", () => {
  const { passes } = situation({ passes: [published(0)] });
  const fresh = new EngineEstimator(
    "decode",
    limits,
    model(() => 5),
    64,
  );
  expect(fresh.decodePassMs(passes[0]!.pass)).toBe(0);
  expect(decodeEstimator().decodePassMs(passes[0]!.pass)!).toBeCloseTo(5 + 0.1 + 1.167, 6);
});

describe("what the other has to take over when one of two workers leaves", () => {
  const estimator = (role: "aggregated" | "decode", passMs: PassTimeModel["passMs"]) =>
    new EngineEstimator(role, limits, model(passMs), 64);
  const idle = (load: Partial<ForwardPass>) => [published(0, load), published(1, load)];

  it("is its queued decode requests too, in an aggregated pool", () => {
    const opinion = (tokens: number) =>
      ttftOpinion(
        situation({
          estimator: estimator("aggregated", ({ decodeKvTokens }) => 10 + 0.01 * decodeKvTokens),
          passes: idle({ numQueuedDecode: 10, sumQueuedDecodeKvTokens: tokens, sumQueuedPrefillTokens: 1 }),
        }),
      );
    expect(opinion(100_000)).toMatchObject({ replicas: null, reason: "scale_down_refused_consolidation" });
    expect(opinion(1000).replicas).toBe(1);
  });

  it("does not fill its cache", () => {
    const opinion = (tokens: number) =>
      itlOpinion(
        situation({
          estimator: estimator("decode", () => 1),
          passes: idle({ numDecodeRequests: 1, sumDecodeKvTokens: tokens }),
        }),
      );
    expect(opinion(4999).replicas).toBe(1);
    expect(opinion(5000)).toMatchObject({ replicas: null, reason: "scale_down_refused_consolidation" });
  });
});

describe("§8.18 floors", () => {
  const idlePool = (estimator: EngineEstimator, floor: number): PoolLoad => ({
    passes: [published(0), published(1)],
    workers: 2,
    scalingInProgress: false,
    floor,
    engine: capabilities(),
    estimator,
  });
  const config = plannerConfig({ mode: "disagg" });
  const context = { config, kvHitRate: null, acceptLength: 1 };
  const both = { prefill: capabilities(), decode: capabilities() };
  const decide = (floor: number) =>
    scaleDisaggregated(idlePool(prefillEstimator(), floor), idlePool(decodeEstimator(), floor), both, context);

  it("hold idle pools and lift small ones at once", () => {
    expect(decide(2)).toMatchObject({ targets: null, reason: "scale_down_capped_by_throughput" });
    expect(decide(3)).toMatchObject({ targets: { prefill: 3, decode: 3 }, reason: "scale_up" });
    expect(decide(1)).toMatchObject({ targets: { prefill: 1, decode: 1 }, reason: "scale_down" });
  });

  it("cap no scale-down where none was wanted and the budget allows no more", () => {
    const one = (estimator: EngineEstimator) => ({ ...idlePool(estimator, 3), passes: [published(0)], workers: 1 });
    const full = { ...context, config: plannerConfig({ mode: "disagg", maxGpuBudget: 2 }) };
    const outcome = scaleDisaggregated(one(prefillEstimator()), one(decodeEstimator()), both, full);
    expect(outcome).toMatchObject({ targets: null, prefillReason: "no_change", decodeReason: "no_change" });
  });

  it("do not reach an aggregated pool in transition", () => {
    const pool = { ...idlePool(decodeEstimator(), 5), scalingInProgress: true };
    expect(scaleAggregated(pool, context)).toMatchObject({ targets: null, reason: "scaling_in_progress" });
    expect(scaleAggregated({ ...pool, scalingInProgress: false, workers: 3 }, context).reason).toBe(
      "worker_count_mismatch",
    );
    expect(scaleAggregated({ ...pool, passes: [] }, context).reason).toBe("no_fpm_data");
    const ranks = [published(0), { ...published(0), rank: 1 }, published(1)];
    expect(scaleAggregated({ ...pool, scalingInProgress: false, passes: ranks }, context).reason).toBe(
      "worker_count_mismatch",
    );
  });

  it("§8.13 leave decode scaling to its own metrics when prefill has published nothing", () => {
    const prefill = { ...idlePool(prefillEstimator(), 0), passes: [] };
    const outcome = scaleDisaggregated(prefill, idlePool(decodeEstimator(), 0), both, context);
    expect(outcome.targets).toEqual({ prefill: 2, decode: 1 });
  });
});
