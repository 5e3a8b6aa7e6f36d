import type { Observation, PoolObservation } from "../planner.ts";
import type { PlannedPass, PolicyPool } from "../policy.ts";
import { expectedDemand } from "./demand.ts";
import type { Demand } from "./demand.ts";
import { FleetSizing } from "./fleet-sizing.ts";
import { PassTimeRatio } from "./pass-time-ratio.ts";
import type { RequestHistory } from "./request-history.ts";
import { Twin } from "./twin.ts";
import type { TwinEngine, TwinRequests, TwinSla } from "./twin.ts";

/** How a pool is sized. */
export interface SizingRules {
  /** Share of the attainable requests to serve within the bounds, 0..1. */
  readonly goal: number;
  readonly sla: TwinSla;
  readonly decisionSeconds: number;
  /** How long fewer replicas must have sufficed before some are given back. */
  readonly holdSeconds: number;
  /** Most requests played for a decision. */
  readonly playedRequests: number;
  /** Replicas the pool may have by its own knobs. */
  readonly least: number;
  readonly most: number;
}

/** What a pool should have, and why. */
export interface PoolSize {
  readonly replicas: number;
  /** More than there are. */
  readonly grows: boolean;
  readonly reason: string;
  readonly record: Readonly<Record<string, number>>;
}

/** Older requests say nothing of those to come, s. */
const longestPlaySeconds = 3600;
/** Slowest play: silence is not played for ever. */
const leastGrowth = 0.05;
/** Time a backlog may always take to be worked off. */
const leastClearingSeconds = 30;
/** Standard errors by which misses must exceed what is tolerated before replicas are added. */
const errorsToGrow = 2;
/** Standard errors by which misses may still exceed it then: a few requests seen are no reason for the last replicas. */
const errorsLeft = -1;
/** Standard errors by which they must stay below it before replicas are given back. */
const errorsToShrink = 1;

/** Sizes one pool for the traffic expected when a replica started now would be ready. */
export class PoolSizer {
  private readonly pool: PolicyPool;
  private readonly rules: SizingRules;
  private readonly twin: Twin;
  private readonly ratio: PassTimeRatio;
  private tokensPerPass = 1;
  /** Least replicas that would have done, by the decisions of the hold time. */
  private readonly lately: Array<{ readonly atSeconds: number; readonly replicas: number }> = [];
  private firstSeconds = NaN;

  constructor(pool: PolicyPool, rules: SizingRules) {
    this.pool = pool;
    this.rules = rules;
    this.twin = new Twin(twinEngine(pool), poolSla(pool, rules.sla));
    this.ratio = new PassTimeRatio(pool.passMs);
  }

  /** Seconds of work a replica has waiting: prompts without a first token, as the model prices them one by one. */
  waitingSeconds(seen: PoolObservation): number {
    let requests = 0;
    let tokens = 0;
    for (const { awaitingFirstToken, awaitingInputTokens } of seen.workers) {
      requests += awaitingFirstToken;
      tokens += awaitingInputTokens;
    }
    if (requests === 0 || this.pool.name === "decode") return 0;
    const prefillTokens = Math.floor(tokens / requests);
    const alone = { prefillRequests: 1, prefillTokens, prefillPrefixTokens: 0, decodeRequests: 0, decodeKvTokens: 0 };
    return (this.pool.passMs(alone) * requests) / 1000 / Math.max(1, seen.activeIds.length);
  }

  /** Takes in what a tick shows, decision or not. */
  watch(seen: PoolObservation, { traffic }: Observation): void {
    this.ratio.take(seen.passes);
    if (traffic.meanAcceptLength !== null) this.tokensPerPass = Math.max(1, traffic.meanAcceptLength);
  }

  decide(seen: PoolObservation, observation: Observation, history: RequestHistory): PoolSize {
    const { nowSeconds, frontEnd } = observation;
    const { rules } = this;
    const size = seen.activeIds.length + seen.startingIds.length;
    const horizonSeconds = this.pool.startupSeconds + rules.decisionSeconds / 2;
    const demand = expectedDemand(history, nowSeconds, horizonSeconds);
    const fromSeconds = this.playedFrom(history, nowSeconds, demand);
    const span = { fromSeconds, toSeconds: nowSeconds };
    const played = history.requestsBetween(fromSeconds, nowSeconds);
    const growth = played === 0 ? 1 : (demand.requestsPerSecond * (nowSeconds - fromSeconds)) / played;
    const backlog = {
      requests: this.pool.name === "decode" ? 0 : frontEnd.awaitingFirstToken,
      // Replicas that take long to come are not multiplied for a backlog they would be done with soon.
      clearingSeconds: Math.max(leastClearingSeconds, this.pool.startupSeconds),
    };
    const requests = playedBy(this.pool.name, history.replay(span, Math.max(growth, leastGrowth), backlog));
    const conditions = { slowness: this.ratio.value, tokensPerPass: this.tokensPerPass };
    const sizing = new FleetSizing(this.twin, requests, conditions, rules.goal);

    const short = sizing.isShort(size, errorsToGrow);
    const enough = short ? sizing.least(errorsLeft, size) : Math.min(size, sizing.least(errorsToShrink, size));
    const needed = Math.min(rules.most, Math.max(rules.least, enough));
    const kept = this.mostLately(nowSeconds, needed);
    const replicas = short ? Math.max(size, needed) : Math.min(size, kept);
    const bounded = Math.min(rules.most, Math.max(rules.least, replicas));
    const traffic = { played, demand, horizonSeconds };
    return {
      replicas: bounded,
      grows: bounded > size,
      reason: this.sentence(size, bounded, sizing, traffic),
      record: {
        played_requests: played,
        played_seconds: nowSeconds - fromSeconds,
        expected_requests_per_second: demand.requestsPerSecond,
        speed_of_play: growth,
        attainable: sizing.attainable,
        tolerated_misses: sizing.tolerated,
        expected_misses: sizing.misses(Math.max(1, size)),
        needed_replicas: needed,
        pass_time_ratio: conditions.slowness,
        waiting_seconds: this.waitingSeconds(seen),
      },
    };
  }

  /** Most replicas any decision of the hold time needed; Infinity before it has passed once. */
  private mostLately(nowSeconds: number, needed: number): number {
    if (Number.isNaN(this.firstSeconds)) this.firstSeconds = nowSeconds;
    const { lately, rules } = this;
    lately.push({ atSeconds: nowSeconds, replicas: needed });
    while (lately[0]!.atSeconds <= nowSeconds - rules.holdSeconds) lately.shift();
    if (nowSeconds - this.firstSeconds < rules.holdSeconds) return Infinity;
    return lately.reduce((most, { replicas }) => Math.max(most, replicas), 0);
  }

  /** The latest requests: as long as the traffic has been as it is now, but enough to know what requests are like. */
  private playedFrom(history: RequestHistory, nowSeconds: number, demand: Demand): number {
    const { playedRequests } = this.rules;
    const steady = Math.max(nowSeconds - demand.steadySeconds, history.arrivalBack(playedRequests));
    return Math.max(0, Math.min(steady, history.arrivalBack(playedRequests / 2)), nowSeconds - longestPlaySeconds);
  }

  private sentence(from: number, to: number, sizing: FleetSizing, traffic: ExpectedTraffic): string {
    const { played, demand, horizonSeconds } = traffic;
    const expected = `at ${demand.requestsPerSecond.toPrecision(3)} requests/s (expected in ${Math.round(horizonSeconds)} s) like the last ${played}`;
    const misses = (workers: number): number => sizing.misses(Math.max(1, workers));
    const within = `of ${sizing.attainable} requests that can meet the SLA`;
    const tolerated = `${Math.floor(sizing.tolerated)} may`;
    if (to > from) {
      return `Scale up ${from} → ${to}: ${expected}, ${misses(from)} ${within} would miss it on ${from}, ${tolerated}; on ${to} it is ${misses(to)}.`;
    }
    if (to < from) {
      return `Scale down ${from} → ${to}: ${to} would have sufficed for ${Math.round(this.rules.holdSeconds)} s; ${expected}, ${misses(to)} ${within} would miss it, ${tolerated}.`;
    }
    return `Stay at ${from}: ${expected}, ${misses(from)} ${within} would miss it, ${tolerated}.`;
  }
}

interface ExpectedTraffic {
  readonly played: number;
  readonly demand: Demand;
  readonly horizonSeconds: number;
}

function twinEngine(pool: PolicyPool): TwinEngine {
  return {
    passMs: pool.name === "decode" ? decodeOnly(pool.passMs) : pool.passMs,
    maxSequences: pool.maxSequences ?? Infinity,
    maxBatchedTokens: pool.maxBatchedTokens ?? Infinity,
    kvCapacityTokens: pool.kvCapacityTokens / pool.ranks,
    ranks: pool.ranks,
  };
}

/** Prompts arrive computed at a decode worker. */
function decodeOnly(passMs: PolicyPool["passMs"]): PolicyPool["passMs"] {
  const decodes = {
    prefillRequests: 0,
    prefillTokens: 0,
    prefillPrefixTokens: 0,
    decodeRequests: 0,
    decodeKvTokens: 0,
  };
  return ({ decodeRequests, decodeKvTokens }: PlannedPass) => {
    decodes.decodeRequests = decodeRequests;
    decodes.decodeKvTokens = decodeKvTokens;
    return passMs(decodes);
  };
}

/** Of a disaggregated run's pools, one answers for the first token, the other for the gaps. */
function poolSla({ name }: PolicyPool, sla: TwinSla): TwinSla {
  if (name === "prefill") return { ttftMs: sla.ttftMs, itlMs: Infinity };
  return name === "decode" ? { ttftMs: Infinity, itlMs: sla.itlMs } : sla;
}

/** What a pool has to do of the requests: a prefill pool gives the first token only, a decode pool gets whole prompts. */
function playedBy(name: PolicyPool["name"], requests: TwinRequests): TwinRequests {
  if (name === "prefill") return { ...requests, outputTokens: new Float64Array(requests.count).fill(1) };
  return name === "decode" ? { ...requests, cachedTokens: requests.inputTokens } : requests;
}
