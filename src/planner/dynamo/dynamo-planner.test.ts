import { describe, expect, it } from "vitest";
import {
  capabilities,
  observation,
  plannerConfig,
  pool,
  predictorConfig,
  quietWindow,
} from "../../../test/planner-fixtures.ts";
import type { TrafficWindow } from "../planner.ts";
import { DynamoPlanner } from "./dynamo-planner.ts";
import { LoadForecast } from "./load-forecast.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";
import { estimatePassNs } from "./pass-clock.ts";
import { PlannedPool } from "./planned-pool.ts";
import { projectTargets } from "./projection.ts";
import { EngineEstimator } from "./engine-estimator.ts";
import { scaleForThroughput } from "./throughput-scaling.ts";
import { TickSchedule } from "./tick-schedule.ts";

const engines = { prefill: null, decode: capabilities() };

/** Passes that take so long for each prompt token, ms. */
const timedAt = (msPerToken: number): PassTimeModel => ({
  learn() {},
  passMs: ({ prefillTokens }) => msPerToken * prefillTokens,
  isReady: () => true,
  sampleCount: () => 0,
});

/** Ticks of a schedule and what is due on each. */
function dueTimes(schedule: TickSchedule, interval: number, until: number) {
  const due = { load: [] as number[], throughput: [] as number[], passes: [] as number[] };
  for (let now = interval; now <= until; now += interval) {
    const work = schedule.advance(now);
    if (work.load) due.load.push(now);
    if (work.passes) due.passes.push(now);
    if (!work.throughput) continue;
    due.throughput.push(now);
    schedule.throughputDone(now);
  }
  return due;
}

describe("§8.3 cadence", () => {
  it("decides on load every 5 s and on throughput at exactly 180 and 360 s", () => {
    const due = dueTimes(new TickSchedule(plannerConfig()), 5, 400);
    expect(due.throughput).toEqual([180, 360]);
    expect(due.load.slice(0, 3)).toEqual([5, 10, 15]);
  });

  it("looks at passes on load ticks only: 7, 14, … of ticks a second apart", () => {
    const config = plannerConfig({
      loadAdjustmentIntervalSeconds: 7,
      throughputAdjustmentIntervalSeconds: 60,
      scaleIntervalSeconds: 1,
    });
    const due = dueTimes(new TickSchedule(config), 1, 60);
    expect(due.passes.slice(0, 3)).toEqual([7, 14, 21]);
    expect(due.throughput).toEqual([60]);
  });

  it("learns pass times at the load interval when only throughput scaling is on", () => {
    const due = dueTimes(new TickSchedule(plannerConfig({ enableLoadScaling: false })), 5, 20);
    expect(due).toEqual({ load: [], throughput: [], passes: [5, 10, 15, 20] });
  });

  it("asks for the next tick one interval on, counted from this one", () => {
    const planner = new DynamoPlanner({ config: plannerConfig(), capabilities: engines });
    expect(planner.firstTickSeconds()).toBe(5);
    expect(planner.onTick(observation(5, { agg: pool([{}]) })).nextTickSeconds).toBe(10);
  });
});

describe("a threshold planner with 30 s start-up", () => {
  const config = plannerConfig({ optimizationTarget: "throughput", enableThroughputScaling: false });
  const hot = { sumDecodeKvTokens: 20_000 };

  it("§8.10 waits for the new worker, then for its first record", () => {
    const planner = new DynamoPlanner({ config, capabilities: engines });
    const starting = pool([hot], { startingIds: [1] });
    const arrived = pool([hot], { activeIds: [0, 1] });
    const at = (now: number, agg: ReturnType<typeof pool>) => planner.onTick(observation(now, { agg }));
    expect(at(20, pool([hot])).replicas).toEqual({ agg: 2 });
    for (const now of [25, 30, 35, 40, 45]) {
      expect(at(now, starting).record).toMatchObject({ load_decision_reason: "scaling_in_progress" });
    }
    expect(at(50, arrived).record).toMatchObject({ load_decision_reason: "worker_count_mismatch" });
    expect(at(55, pool([hot, hot])).replicas).toEqual({ agg: 3 });
  });

  it("§8.6 forgets the records of workers that left", () => {
    const planner = new DynamoPlanner({ config, capabilities: engines });
    planner.onTick(observation(5, { agg: pool([{}, {}, {}]) }));
    const survivors = pool([{}], { activeIds: [0, 2] });
    const { record } = planner.onTick(observation(10, { agg: survivors }));
    expect(record!["decode_engines"]).toMatchObject([{ worker_id: "0" }, { worker_id: "2" }]);
  });
});

it("§8.6 keeps the last pass of each rank until a newer one is published", () => {
  const config = plannerConfig({ optimizationTarget: "throughput", enableThroughputScaling: false });
  const planner = new DynamoPlanner({ config, capabilities: engines });
  const rank = (number: number, context: number) => ({
    ...pool([{ sumDecodeKvTokens: context }]).passes[0]!,
    rank: number,
  });
  planner.onTick(observation(5, { agg: pool([{}], { passes: [rank(0, 10), rank(1, 20)] }) }));
  const { record } = planner.onTick(observation(10, { agg: pool([{}], { passes: [rank(1, 30)] }) }));
  expect(record!["decode_engines"]).toMatchObject([
    { dp_rank: 0, inflight_decode_kv_tokens: 10 },
    { dp_rank: 1, inflight_decode_kv_tokens: 30 },
  ]);
});

describe("the record of a tick", () => {
  it("repeats the last window consumed, by the throughput interval", () => {
    const config = plannerConfig({ enableThroughputScaling: false });
    const planner = new DynamoPlanner({ config, capabilities: engines });
    const window = quietWindow(5, {
      offeredRequests: 36,
      completedRequests: 2,
      meanInputTokens: 10,
      meanOutputTokens: 3,
    });
    const { record } = planner.onTick(observation(5, { agg: pool([{}]) }, window));
    expect(record).toMatchObject({
      observed_requests_per_second: 0.2,
      observed_input_sequence_tokens: 10,
      observed_ttft_ms: null,
      load_decision_reason: "insufficient_data",
      throughput_lower_bound_decode: 1,
    });
  });

  it("§7.11 reads a window without routed requests as a hit rate of 0, not as that before", () => {
    const passTimes = { decode: timedAt(0.1) };
    const config = plannerConfig({ enableThroughputScaling: false });
    const planner = new DynamoPlanner({ config, capabilities: engines, passTimes });
    const queued = { agg: pool([{ sumQueuedPrefillTokens: 1000 }]) };
    const at = (now: number, traffic: TrafficWindow) => planner.onTick(observation(now, queued, traffic)).record;
    expect(at(5, quietWindow(5, { meanKvHitRate: 0.5, kvHitRateCount: 1 }))).toMatchObject({ estimated_ttft_ms: 50 });
    expect(at(10, quietWindow(5))).toMatchObject({ estimated_ttft_ms: 100 });
  });

  it("shows a throughput decision that had no traffic to go by as due again on the next tick", () => {
    const planner = new DynamoPlanner({ config: plannerConfig(), capabilities: engines });
    const reasonAt = (now: number, traffic: TrafficWindow) =>
      planner.onTick(observation(now, { agg: pool([{}]) }, traffic)).record!["throughput_decision_reason"];
    expect(reasonAt(180, quietWindow(0))).toBe("no_traffic_data");
    expect(reasonAt(185, quietWindow(5, { offeredRequests: 1 }))).toBe("model_not_ready");
    expect(reasonAt(190, quietWindow(5, { offeredRequests: 1 }))).toBeNull();
  });

  it("is absent on ticks on which no loop is due", () => {
    const config = plannerConfig({ loadAdjustmentIntervalSeconds: 7, scaleIntervalSeconds: 1 });
    const planner = new DynamoPlanner({ config, capabilities: engines });
    expect(planner.onTick(observation(1, { agg: pool([{}]) })).record).toBeUndefined();
  });
});

describe("§8.29 the last step", () => {
  const config = plannerConfig({ mode: "disagg", maxGpuBudget: 4 });
  const pair = { prefill: capabilities(), decode: capabilities() };

  it("counts a pool without a proposal toward the budget and leaves it alone", () => {
    const targets = projectTargets({ prefill: null, decode: 4 }, { prefill: 6, decode: 2 }, config, pair);
    expect(targets).toBeNull();
    const grown = projectTargets({ prefill: null, decode: 4 }, { prefill: 6, decode: 1 }, config, pair);
    expect(grown).toEqual({ prefill: null, decode: 2 });
  });

  it("does not budget what changes nothing", () => {
    expect(projectTargets({ prefill: 6, decode: 2 }, { prefill: 6, decode: 2 }, config, pair)).toBeNull();
  });
});

it("a target that was reached is not waited for when the pool loses a worker later", () => {
  const planned = new PlannedPool("agg", capabilities(), plannerConfig(), undefined, undefined);
  const workers = (count: number) => pool(Array.from({ length: count }, () => ({})));
  expect(planned.issue(workers(2), 3)).toBe(3);
  expect(planned.load(workers(2), [], 0).scalingInProgress).toBe(true);
  expect(planned.issue(workers(3), null)).toBeNull();
  expect(planned.load(workers(2), [], 0).scalingInProgress).toBe(false);
});

it("an idle interval before the first live request leaves the forecast of a warm-up as it is", () => {
  const forecast = new LoadForecast(predictorConfig({ name: "kalman" }));
  forecast.warmUp([
    { requests: 5, inputTokens: 100, outputTokens: 10 },
    { requests: 7, inputTokens: 200, outputTokens: 30 },
  ]);
  const before = forecast.predict();
  forecast.observe({ requests: 0, inputTokens: 0, outputTokens: 0 });
  expect(forecast.predict()).toEqual(before);
});

it("the rate to carry is that of the window observed, however long the interval", () => {
  const limits = { maxBatchedTokens: 8192, maxSequences: 256, maxKvTokens: 1_000_000 };
  const outcome = scaleForThroughput({
    config: plannerConfig({ maxGpuBudget: -1 }),
    capabilities: engines,
    estimators: { prefill: null, decode: new EngineEstimator("aggregated", limits, timedAt(0.1), 64) },
    forecast: { requests: 1500, inputTokens: 1000, outputTokens: 10, kvHitRate: null },
    windowSeconds: 60,
    acceptLength: 1,
  });
  // 25 requests a second at 10 each.
  expect(outcome).toMatchObject({ engineRps: { decode: 10 }, floors: { decode: 3 } });
});

it("a pass with context and nobody who decodes cannot be told", () => {
  expect(estimatePassNs(timedAt(1), { prefillTokens: 1, decodeRequests: 0, decodeKvTokens: 5 })).toBeNull();
});

it("needs the pools its mode names", () => {
  const planner = new DynamoPlanner({ config: plannerConfig(), capabilities: engines });
  expect(() => planner.onTick(observation(5, { decode: pool([{}]) }))).toThrow('a pool named "agg"');
  expect(() => new DynamoPlanner({ config: plannerConfig({ mode: "disagg" }), capabilities: engines })).toThrow(
    "prefill",
  );
});
