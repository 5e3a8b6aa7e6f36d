import { assert, double, integer, property } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import {
  frontEnd,
  gauges,
  observation,
  plannerConfig,
  pool,
  published,
  quietWindow,
} from "../../../test/planner-fixtures.ts";
import { disaggregatedContext, policyContext } from "../../../test/policy-fixtures.ts";
import type { ForwardPass } from "../../engine/forward-pass.ts";
import type { PassTimeModel } from "../dynamo/pass-time-regression.ts";
import { PassTimeRegression } from "../dynamo/pass-time-regression.ts";
import type { Planner } from "../planner.ts";
import { dynamoFixedPolicy } from "./dynamo-fixed-policy.ts";
import { engineCapacity } from "./fleet-capacity.ts";
import { replicasNeeded, spreadLatency } from "./fleet-need.ts";
import type { EngineBounds, PoolWork } from "./fleet-need.ts";
import { PhysicalPassTimes } from "./physical-pass-times.ts";

const bounds: EngineBounds = {
  maxBatchedTokens: 8192,
  maxSequences: 256,
  maxKvTokens: 1_000_000,
  ttftMs: 1500,
  itlMs: 50,
  acceptLength: 1,
};
const shape = { computedTokens: 3000, inputTokens: 3000, outputTokens: 300 };
const learned = (...passes: (readonly [prefill: number, requests: number, context: number, ms: number])[]) => {
  const model = new PhysicalPassTimes({ maxSamples: 64, minSamples: 5 });
  for (const [prefillTokens, decodeRequests, decodeKvTokens, ms] of passes) {
    model.learn({ prefillTokens, decodeRequests, decodeKvTokens }, ms);
  }
  return model;
};
const linear: PassTimeModel = {
  learn: () => {},
  passMs: ({ prefillTokens, decodeRequests, decodeKvTokens }) =>
    5 + 0.02 * prefillTokens + 0.1 * decodeRequests + 1e-5 * decodeKvTokens,
  isReady: () => true,
  sampleCount: () => 0,
};

describe("pass times", () => {
  /** Mixed passes on a line that meets the axis far below zero. */
  const steep = [20_000, 30_000, 40_000, 50_000, 60_000, 70_000].map(
    (context) => [1000, 50, context, (context - 18_000) / 500] as const,
  );

  it("are never shorter than the shortest pass seen, where the reference's regression explodes", () => {
    const reference = new PassTimeRegression({ maxSamples: 64, minSamples: 5, bins: 16 });
    for (const [prefillTokens, decodeRequests, decodeKvTokens, ms] of steep) {
      reference.learn({ prefillTokens, decodeRequests, decodeKvTokens }, ms);
    }
    const light = { prefillTokens: 1, decodeRequests: 1, decodeKvTokens: 500 };
    expect(reference.passMs(light)).toBeLessThan(0);
    expect(learned(...steep).passMs(light)).toBeGreaterThanOrEqual(4);
  });

  it("never give an engine more than all its places turned over at the shortest pass", () => {
    const most = (bounds.maxSequences * 1000) / (shape.outputTokens * 4);
    expect(engineCapacity(learned(...steep), bounds, shape)).toBeLessThanOrEqual(most);
  });

  it("have a price for a load that never varies", () => {
    const saturated = learned(...Array.from({ length: 8 }, () => [8192, 0, 0, 200] as const));
    expect(saturated.passMs({ prefillTokens: 4096, decodeRequests: 0, decodeKvTokens: 0 })).toBe(200);
    expect(saturated.passMs({ prefillTokens: 16_384, decodeRequests: 0, decodeKvTokens: 0 })).toBeCloseTo(400);
  });

  it("learn mixed passes from sweeps of prompts alone and decodes alone", () => {
    const sweeps = [
      ...[100, 1000, 4000, 8000].map((tokens) => [tokens, 0, 0, 5 + 0.02 * tokens] as const),
      ...[1, 20, 80, 200].map((requests) => [0, requests, requests * 1000, 5 + 0.11 * requests] as const),
    ];
    const mixed = learned(...sweeps).passMs({ prefillTokens: 2000, decodeRequests: 50, decodeKvTokens: 50_000 });
    expect(mixed).toBeCloseTo(5 + 40 + 5.5, 0);
  });

  it("are unknown before there are samples, and 0 for nothing", () => {
    expect(learned().passMs({ prefillTokens: 1, decodeRequests: 0, decodeKvTokens: 0 })).toBeNull();
    expect(learned().passMs({ prefillTokens: 0, decodeRequests: 0, decodeKvTokens: 0 })).toBe(0);
    expect(learned().isReady()).toBe(false);
  });
});

describe("capacity", () => {
  it("never grows when the SLA gets tighter, reachable or not", () => {
    assert(
      property(
        double({ min: 1, max: 200, noNaN: true }),
        double({ min: 1, max: 1.5, noNaN: true }),
        (itlMs, looser) => {
          const tight = engineCapacity(linear, { ...bounds, itlMs }, shape)!;
          const loose = engineCapacity(linear, { ...bounds, itlMs: itlMs * looser }, shape)!;
          expect(loose).toBeGreaterThanOrEqual(tight - 1e-9);
        },
      ),
    );
  });

  it("of a bound out of reach is that of one request at a time", () => {
    expect(engineCapacity(linear, { ...bounds, itlMs: 1 }, shape)).toBeLessThan(
      engineCapacity(linear, { ...bounds, itlMs: 50 }, shape)! / 4,
    );
  });

  it("is none where a single request does not fit", () => {
    expect(engineCapacity(linear, { ...bounds, maxKvTokens: 50 }, shape)).toBeNull();
  });
});

const idle: PoolWork = {
  queuedTokens: 0,
  queuedRequests: 0,
  decodeRequests: 0,
  decodeKvTokens: 0,
  nextTokens: 1000,
  tokensPerSecond: 0,
};

describe("replicas needed", () => {
  it("are as many as bring the queue under the SLA, at once", () => {
    // 400,000 tokens at 0.02 ms: 8 s of work and 49 passes of 5 ms.
    const work = { ...idle, queuedTokens: 400_000, queuedRequests: 400 };
    const needed = replicasNeeded(work, linear, bounds, { share: 1, kvShare: 1, most: 16 })!;
    expect(spreadLatency(work, needed, linear, bounds).ttftMs).toBeLessThanOrEqual(1500);
    expect(spreadLatency(work, needed - 1, linear, bounds).ttftMs).toBeGreaterThan(1500);
    expect(needed).toBeGreaterThan(4);
  });

  it("are all there may be when prompts come faster than they can be computed", () => {
    const work = { ...idle, tokensPerSecond: 10_000_000, decodeRequests: 10, decodeKvTokens: 20_000 };
    expect(replicasNeeded(work, linear, bounds, { share: 1, kvShare: 1, most: 8 })).toBe(8);
  });

  it("never fall as work is added", () => {
    const need = (queuedTokens: number) =>
      replicasNeeded({ ...idle, queuedTokens }, linear, bounds, { share: 1, kvShare: 0.9, most: 32 })!;
    assert(
      property(integer({ min: 0, max: 2_000_000 }), integer({ min: 0, max: 500_000 }), (tokens, more) => {
        expect(need(tokens + more)).toBeGreaterThanOrEqual(need(tokens));
      }),
    );
  });

  it("keep the contexts within the caches", () => {
    const work = { ...idle, decodeRequests: 200, decodeKvTokens: 2_000_000 };
    expect(replicasNeeded(work, linear, bounds, { share: 1, kvShare: 0.5, most: 16 })).toBeGreaterThanOrEqual(4);
  });
});

describe("the planner", () => {
  const dynamo = plannerConfig({
    itlMs: 50,
    loadAdjustmentIntervalSeconds: 10,
    throughputAdjustmentIntervalSeconds: 300,
  });
  const context = policyContext({}, { dynamo });
  const at = (
    planner: Planner,
    now: number,
    state: {
      active?: number;
      starting?: number;
      queues?: readonly number[];
      offered?: number;
      pass?: Partial<ForwardPass>;
    },
  ) => {
    const { active = 1, starting = 0, queues = [], offered = 0, pass = {} } = state;
    const workers = Array.from({ length: active }, (_, id) => {
      const tokens = queues[id] ?? 0;
      return gauges(id, { awaitingInputTokens: tokens, awaitingFirstToken: Math.ceil(tokens / 1000) });
    });
    const agg = pool(
      workers.map(() => ({})),
      {
        workers,
        startingIds: Array.from({ length: starting }, (_, i) => 100 + i),
        passes: workers.map(({ id }) => published(id, pass, 0.02)),
      },
    );
    const traffic = quietWindow(10, { offeredRequests: offered });
    return planner.onTick(observation(now, { agg }, traffic, frontEnd({ offeredInputTokens: offered * 1000 })));
  };

  it("acts on one long queue though the other engine is idle", () => {
    const planner = dynamoFixedPolicy.create({}, context);
    expect(at(planner, 10, { active: 2, queues: [300_000, 0] }).replicas.agg).toBeGreaterThan(2);
  });

  it("does not wait for replicas that are starting, nor count them twice", () => {
    const planner = dynamoFixedPolicy.create({}, context);
    const first = at(planner, 10, { queues: [200_000] }).replicas.agg!;
    expect(at(planner, 20, { starting: first - 1, queues: [200_000] }).replicas.agg).toBe(first);
    expect(at(planner, 30, { starting: first - 1, queues: [320_000] }).replicas.agg).toBeGreaterThan(first);
  });

  it("sees an overload without a completion, long before the first forecast", () => {
    const planner = dynamoFixedPolicy.create({}, context);
    const { replicas, reason } = at(planner, 10, { offered: 600 });
    expect(replicas.agg).toBeGreaterThan(1);
    expect(reason).toMatch(/60\.00 requests\/s at [\d.]+ an engine need [2-8]\./);
  });

  it("comes down in one step, after fewer were enough for the whole window", () => {
    const planner = dynamoFixedPolicy.create({}, context);
    at(planner, 10, { active: 4, queues: [200_000, 200_000, 0, 0] });
    const later = Array.from({ length: 20 }, (_, i) => at(planner, 20 + 10 * i, { active: 4 }).replicas.agg!);
    expect(later.slice(0, 11).every((count) => count === 4)).toBe(true);
    expect(later.at(-1)).toBe(1);
    expect(new Set(later).size).toBe(2);
  });

  it("waits longer where engines start slowly", () => {
    const slow = policyContext({ startupSeconds: 300 }, { dynamo });
    const planner = dynamoFixedPolicy.create({}, slow);
    at(planner, 10, { active: 4, queues: [200_000, 200_000, 0, 0] });
    const later = Array.from({ length: 40 }, (_, i) => at(planner, 20 + 10 * i, { active: 4 }).replicas.agg!);
    expect(20 + 10 * later.indexOf(1)).toBe(370);
  });

  it("never shrinks for a bound out of reach", () => {
    const want = (itlMs: number): number => {
      const planner = dynamoFixedPolicy.create({}, policyContext({}, { dynamo, sla: { ttftMs: 1500, itlMs } }));
      return at(planner, 10, { offered: 100, pass: { numDecodeRequests: 40, sumDecodeKvTokens: 60_000 } }).replicas
        .agg!;
    };
    expect(want(1)).toBeGreaterThanOrEqual(want(10));
    expect(want(10)).toBeGreaterThanOrEqual(want(50));
  });

  it("scales prefill and decode pools each for its own latency", () => {
    const planner = dynamoFixedPolicy.create({}, disaggregatedContext({ dynamo }));
    const one = (overrides: object, pass: Partial<ForwardPass> = {}) =>
      pool([{}], { workers: [gauges(0, overrides)], passes: [published(0, pass, 0.02)] });
    const heavy = { numDecodeRequests: 200, sumDecodeKvTokens: 390_000 };
    const both = planner.onTick(
      observation(10, {
        prefill: one({ awaitingInputTokens: 200_000, awaitingFirstToken: 200 }),
        decode: one({}, heavy),
      }),
    );
    expect(both.replicas.prefill).toBeGreaterThan(1);
    expect(both.replicas.decode).toBe(2);
    expect(both.reason).toContain("prefill: Estimated TTFT");
  });

  it("keeps the budget, and says so", () => {
    const small = policyContext({}, { dynamo, limits: { minReplicas: 1, minGpus: null, maxGpus: 2 } });
    const planner = dynamoFixedPolicy.create({}, small);
    expect(at(planner, 10, { queues: [2_000_000] }).replicas).toEqual({ agg: 2 });
  });
});
