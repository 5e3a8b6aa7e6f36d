import { clampAcceptLength } from "../dynamo/dynamo-planner.ts";
import { LoadForecast } from "../dynamo/load-forecast.ts";
import type { Observation, Planner, PoolName, PoolObservation, Targets } from "../planner.ts";
import type { BuiltInContext } from "../policy-definition.ts";
import type { PolicyPool } from "../policy.ts";
import { boundReplicas } from "../replica-bounds.ts";
import { engineCapacity } from "./fleet-capacity.ts";
import { replicasNeeded, spreadLatency } from "./fleet-need.ts";
import type { EngineBounds, PoolWork } from "./fleet-need.ts";
import { PhysicalPassTimes } from "./physical-pass-times.ts";
import { profilePasses } from "./profile-passes.ts";
import { TrafficFollower } from "./traffic-shape.ts";
import type { TrafficShape } from "./traffic-shape.ts";
import { replicaWords } from "../replica-words.ts";

/** Knobs beside those of the planner configuration. */
export interface DynamoFixedKnobs {
  /** Share of an engine's capacity that forecasts may fill. */
  readonly utilisation: number;
  /** Fewer replicas only if they were enough for so long; null = 120 s, or the start-up time and a minute. */
  readonly scaleDownStabilizationSeconds: number | null;
  /** Window of the arrival rate that acts at once. */
  readonly rateWindowSeconds: number;
  /** Greatest share of the cache a survivor of a scale-down may fill. */
  readonly kvHeadroom: number;
}

/** Batched tokens and sequences assumed where an engine sets no limit. */
const unboundedTokens = 8192;
const unboundedSequences = 512;

interface PoolState {
  readonly pool: PolicyPool;
  readonly bounds: EngineBounds;
  readonly passTimes: PhysicalPassTimes;
  /** What each tick of the stabilisation window wanted. */
  wanted: { readonly atSeconds: number; readonly replicas: number }[];
  floor: number;
}

interface PoolView {
  readonly replicas: number;
  readonly sentence: string;
  readonly record: Readonly<Record<string, number | null>>;
}

/**
 * The Dynamo planner's two loops with its known defects mended (planner-reference §7). Forecasts set floors, the load at
 * hand sets the rest, both from pass times learned of forward-pass metrics. What is different: pass times are physical;
 * all work counts that a router can see (prompts that wait anywhere, arrivals since the last pass, chunks not computed);
 * scaling up goes to what is needed at once, floors hold before any gate, pools do not wait for each other; scaling down
 * waits until fewer were enough for a while; a bound out of reach asks for more, not for less.
 */
export class DynamoFixedPlanner implements Planner {
  private readonly context: BuiltInContext;
  private readonly knobs: DynamoFixedKnobs;
  private readonly pools: readonly PoolState[];
  private readonly traffic: TrafficFollower;
  private readonly forecast: LoadForecast | null;
  private lastForecastSeconds = 0;
  private requestsSinceForecast = 0;
  private predictedRate: number | null = null;
  private acceptLength = 1;

  constructor(context: BuiltInContext, knobs: DynamoFixedKnobs) {
    this.context = context;
    this.knobs = knobs;
    this.traffic = new TrafficFollower(knobs.rateWindowSeconds);
    const { dynamo } = context;
    this.forecast = dynamo.enableThroughputScaling ? new LoadForecast(dynamo.predictor) : null;
    this.pools = context.pools.map((pool) => {
      const passTimes = new PhysicalPassTimes({
        maxSamples: 3 * dynamo.maxFpmSamples,
        minSamples: dynamo.loadMinObservations,
      });
      for (const { load, passMs } of profilePasses(pool)) passTimes.learnProfile(load, passMs);
      return { pool, bounds: boundsOf(pool, context), passTimes, wanted: [], floor: 0 };
    });
  }

  firstTickSeconds(): number {
    return this.context.dynamo.loadAdjustmentIntervalSeconds;
  }

  onTick(observation: Observation): Targets {
    const { nowSeconds } = observation;
    this.observe(observation);
    const wanted: Partial<Record<PoolName, number>> = {};
    const sentences: string[] = [];
    const record: Record<string, number | null> = {};
    const single = this.pools.length === 1;
    for (const state of this.pools) {
      const { name } = state.pool;
      const view = this.decide(state, observation.pools[name]!, observation);
      wanted[name] = view.replicas;
      sentences.push(single ? view.sentence : `${name}: ${view.sentence}`);
      for (const [key, value] of Object.entries(view.record)) record[single ? key : `${name}_${key}`] = value;
    }
    const bounded = boundReplicas(
      wanted,
      this.pools.map(({ pool }) => ({
        name: pool.name,
        gpusPerWorker: pool.gpusPerWorker,
        minReplicas: this.context.limits.minReplicas,
        maxReplicas: Infinity,
      })),
      this.context.limits,
    );
    return {
      replicas: bounded.replicas,
      nextTickSeconds: nowSeconds + this.context.dynamo.loadAdjustmentIntervalSeconds,
      reason: [...sentences, bounded.reason].filter((sentence) => sentence !== "").join(" "),
      record,
    };
  }

  private observe(observation: Observation): void {
    const { nowSeconds, traffic } = observation;
    const { dynamo } = this.context;
    this.traffic.observe(observation);
    for (const { pool, passTimes } of this.pools) {
      for (const { pass, wallSeconds } of observation.pools[pool.name]!.passes) {
        const { sumPrefillTokens: prefillTokens, numDecodeRequests: decodeRequests, sumDecodeKvTokens } = pass;
        passTimes.learn({ prefillTokens, decodeRequests, decodeKvTokens: sumDecodeKvTokens }, wallSeconds * 1000);
      }
    }
    if (traffic.meanAcceptLength !== null && Number.isFinite(traffic.meanAcceptLength)) {
      this.acceptLength = traffic.meanAcceptLength;
    }
    this.requestsSinceForecast += traffic.offeredRequests;
    const elapsed = nowSeconds - this.lastForecastSeconds;
    if (this.forecast === null || elapsed < dynamo.throughputAdjustmentIntervalSeconds) return;
    const { inputTokens, outputTokens } = this.traffic.shape;
    this.forecast.observe({ requests: this.requestsSinceForecast, inputTokens, outputTokens });
    this.predictedRate = Math.max(0, this.forecast.predict().requests) / elapsed;
    this.lastForecastSeconds = nowSeconds;
    this.requestsSinceForecast = 0;
  }

  private decide(state: PoolState, pool: PoolObservation, observation: Observation): PoolView {
    const { dynamo, limits } = this.context;
    const { passTimes } = state;
    const shape = this.traffic.shape;
    const bounds = { ...state.bounds, acceptLength: this.accepted(state.pool) };
    const current = pool.activeIds.length + pool.startingIds.length;
    const most = Math.max(1, Math.floor((limits.maxGpus ?? 64 * pool.gpusPerWorker) / pool.gpusPerWorker));
    const rate = Math.max(shape.requestsPerSecond, this.predictedRate ?? 0);
    const capacity = this.forecast === null ? null : capacityOf(passTimes, bounds, shape);
    state.floor = capacity === null ? 0 : Math.min(most, Math.ceil(rate / (capacity * this.knobs.utilisation) - 1e-9));
    const work = workOf(state.pool.name, pool, observation, shape);
    const up = replicasNeeded(work, passTimes, bounds, { share: 1, kvShare: 0.95, most });
    const share = dynamo.loadScalingDownSensitivity / 100;
    const down =
      share === 0 ? null : replicasNeeded(work, passTimes, bounds, { share, kvShare: this.knobs.kvHeadroom, most });
    const latency = spreadLatency(work, Math.max(1, pool.activeIds.length), passTimes, bounds);
    const now = this.load(up, down, current, observation);
    const replicas = this.stabilized(state, Math.max(now, state.floor), current, observation.nowSeconds);
    return {
      replicas,
      sentence: explain({ current, replicas, now, floor: state.floor, rate, capacity, latency, bounds }),
      record: {
        estimated_ttft_ms: finite(latency.ttftMs),
        estimated_itl_ms: finite(latency.itlMs),
        kv_share: latency.kvShare,
        requests_per_second: shape.requestsPerSecond,
        predicted_requests_per_second: this.predictedRate,
        engine_rps: capacity,
        floor: state.floor,
        needed_replicas: up,
        desired_replicas: replicas,
      },
    };
  }

  /** Replicas the load at hand calls for. Without a model, a wait longer than the bound calls for one more. */
  private load(up: number | null, down: number | null, current: number, { frontEnd }: Observation): number {
    if (up === null) {
      const { ttftMs } = this.context.sla;
      return ttftMs !== null && frontEnd.oldestAwaitingSeconds * 1000 > ttftMs ? current + 1 : current;
    }
    if (up > current) return up;
    return down === null ? current : Math.min(current, Math.max(up, down));
  }

  /** Up at once; down to the most that was wanted within the window. */
  private stabilized(state: PoolState, wanted: number, current: number, nowSeconds: number): number {
    const given = this.knobs.scaleDownStabilizationSeconds;
    const window = given ?? Math.max(120, state.pool.startupSeconds + 60);
    if (state.wanted.length === 0) state.wanted.push({ atSeconds: nowSeconds, replicas: current });
    state.wanted.push({ atSeconds: nowSeconds, replicas: wanted });
    state.wanted = state.wanted.filter(({ atSeconds }) => atSeconds > nowSeconds - window);
    const greatest = Math.max(wanted, ...state.wanted.map(({ replicas }) => replicas));
    return wanted >= current ? wanted : Math.min(current, greatest);
  }

  private accepted({ draftTokens }: PolicyPool): number {
    const nextn = draftTokens > 0 ? draftTokens : this.context.dynamo.speculativeNextn;
    return clampAcceptLength(this.acceptLength, nextn);
  }
}

function boundsOf(pool: PolicyPool, { sla, dynamo }: BuiltInContext): EngineBounds {
  return {
    maxBatchedTokens: pool.maxBatchedTokens ?? unboundedTokens,
    maxSequences: pool.maxSequences ?? unboundedSequences,
    maxKvTokens: pool.kvCapacityTokens,
    ttftMs: pool.name === "decode" ? null : (sla.ttftMs ?? dynamo.ttftMs),
    itlMs: pool.name === "prefill" ? null : (sla.itlMs ?? dynamo.itlMs),
    acceptLength: 1,
  };
}

function capacityOf(passTimes: PhysicalPassTimes, bounds: EngineBounds, shape: TrafficShape): number | null {
  if (!(shape.inputTokens > 0)) return null;
  return engineCapacity(passTimes, bounds, {
    computedTokens: Math.max(1, Math.ceil(shape.inputTokens * (1 - shape.hitShare))),
    inputTokens: Math.ceil(shape.inputTokens),
    outputTokens: Math.ceil(shape.outputTokens),
  });
}

/** The pool's work as router and engines show it. */
function workOf(name: PoolName, pool: PoolObservation, { frontEnd }: Observation, shape: TrafficShape): PoolWork {
  const front = name !== "decode";
  const miss = 1 - shape.hitShare;
  const sum = (pick: (worker: PoolObservation["workers"][number]) => number): number =>
    pool.workers.reduce((all, worker) => all + (worker.state === "active" ? pick(worker) : 0), 0);
  const waiting = sum(({ awaitingInputTokens }) => awaitingInputTokens) + (front ? frontEnd.atRouterInputTokens : 0);
  const requests = sum(({ awaitingFirstToken }) => awaitingFirstToken) + (front ? frontEnd.atRouter : 0);
  let decodeRequests = 0;
  let decodeKvTokens = 0;
  for (const { pass } of pool.passes) {
    decodeRequests += pass.numDecodeRequests + pass.numQueuedDecode;
    decodeKvTokens += pass.sumDecodeKvTokens + pass.sumQueuedDecodeKvTokens;
  }
  return {
    queuedTokens: front ? waiting * miss : 0,
    queuedRequests: requests,
    decodeRequests,
    decodeKvTokens,
    nextTokens: front ? shape.inputTokens * miss : shape.inputTokens,
    tokensPerSecond: front ? shape.requestsPerSecond * shape.inputTokens * miss : 0,
  };
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function explain(facts: {
  readonly current: number;
  readonly replicas: number;
  readonly now: number;
  readonly floor: number;
  readonly rate: number;
  readonly capacity: number | null;
  readonly latency: { readonly ttftMs: number | null; readonly itlMs: number | null };
  readonly bounds: EngineBounds;
}): string {
  const { current, replicas, now, floor, rate, capacity, latency, bounds } = facts;
  const estimates = [
    bounds.ttftMs === null || finite(latency.ttftMs) === null
      ? null
      : `TTFT ${latency.ttftMs!.toFixed(0)} of ${bounds.ttftMs} ms`,
    bounds.itlMs === null || finite(latency.itlMs) === null
      ? null
      : `ITL ${latency.itlMs!.toFixed(1)} of ${bounds.itlMs} ms`,
  ].filter((one) => one !== null);
  const load = estimates.length === 0 ? "Pass times are not known yet" : `Estimated ${estimates.join(", ")}`;
  const demand =
    capacity === null ? "" : ` ${rate.toFixed(2)} requests/s at ${capacity.toFixed(2)} an engine need ${floor}.`;
  const held = replicas > Math.max(now, floor) ? ` Fewer were not enough all the time: ${replicas} stay.` : "";
  return `${load}: the load calls for ${now} of ${replicaWords(current)}.${demand}${held}`;
}
