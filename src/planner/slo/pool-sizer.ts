import type { Observation, PoolObservation } from "../planner.ts";
import type { PolicyPool } from "../policy.ts";
import { AttainableRequests } from "./attainable-requests.ts";
import { ClearingFleet } from "./clearing-fleet.ts";
import { expectedDemand } from "./demand.ts";
import type { Demand } from "./demand.ts";
import { FleetMemory } from "./fleet-memory.ts";
import { FleetSizing } from "./fleet-sizing.ts";
import { ForecastError } from "./forecast-error.ts";
import { PassTimeRatio } from "./pass-time-ratio.ts";
import { placingRate } from "./placing-rate.ts";
import { playedBy, poolSla, twinEngine } from "./pool-twin.ts";
import type { RequestHistory } from "./request-history.ts";
import { leastPlaySeconds } from "./request-sample.ts";
import type { RequestSample } from "./request-sample.ts";
import { sizeRecord, type FoundSizes, type Outlook } from "./outlook.ts";
import { sizeSentence } from "./size-sentence.ts";
import { Twin } from "./twin.ts";
import type { TwinSla } from "./twin.ts";
import type { TwinConditions } from "./twin-server.ts";

/** How a pool is sized. */
export interface SizingRules {
  /** Share of the attainable requests that may miss the bounds, 0..1. */
  readonly tolerated: number;
  readonly sla: TwinSla;
  readonly decisionSeconds: number;
  /** How long fewer replicas must have sufficed before some are given back. */
  readonly holdSeconds: number;
  /** Work waiting on a replica, in seconds, from which on it is a backlog. */
  readonly backlogSeconds: number;
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
  /** Requests a second now. */
  readonly levelPerSecond: number;
  /** Share of what the pool may miss that its replicas are expected to leave, of all requests, 0..1. */
  readonly spare: number;
  readonly reason: string;
  readonly record: Readonly<Record<string, number>>;
}

/** Older requests say nothing of those to come, s. */
const longestPlaySeconds = 3600;
/** Requests played to see how fast a backlog is worked off. */
const clearingRequests = 500;
/** Replicas are enough beyond doubt if they are at so many times the traffic. */
const sureTimes = 3;
/** Standard errors by which misses must exceed what is tolerated before replicas are added. */
const errorsToGrow = 2;
/** Standard errors by which misses may still exceed it after a jump: the last replicas can wait until more is known. */
const errorsAfterJump = -1;
/** Standard errors by which they must stay below it before replicas are given back. */
const errorsToShrink = 1;

/** Sizes one pool for the traffic expected when a replica started now would be ready. */
export class PoolSizer {
  private readonly pool: PolicyPool;
  private readonly rules: SizingRules;
  private readonly twin: Twin;
  private readonly attainable: AttainableRequests;
  private readonly ratio: PassTimeRatio;
  private tokensPerPass = 1;
  private readonly memory: FleetMemory;
  private readonly forecastError = new ForecastError();
  private readonly clearing: ClearingFleet;
  private decidedSeconds = 0;
  /** Of a full decode worker, by the last decision. */
  private placesPerSecond = Infinity;

  constructor(pool: PolicyPool, rules: SizingRules) {
    this.pool = pool;
    this.rules = rules;
    const sla = poolSla(pool, rules.sla);
    this.twin = new Twin(twinEngine(pool), sla);
    this.attainable = new AttainableRequests(this.twin, sla, 2 * rules.playedRequests);
    this.ratio = new PassTimeRatio(pool.passMs);
    this.clearing = new ClearingFleet(pool.startupSeconds, rules.backlogSeconds, rules.tolerated);
    this.memory = new FleetMemory(rules.holdSeconds, pool.startupSeconds, rules.tolerated);
  }

  /**
   * Seconds of work a replica has waiting: prompts without a first token, as the model prices them one by one; at a decode
   * worker, until places get free for all that wait, as fast as they did at the last decision.
   */
  private waitingSeconds(seen: PoolObservation): number {
    let requests = 0;
    let tokens = 0;
    for (const { awaitingFirstToken, awaitingInputTokens } of seen.workers) {
      requests += awaitingFirstToken;
      tokens += awaitingInputTokens;
    }
    if (requests === 0) return 0;
    const replicas = Math.max(1, seen.activeIds.length);
    if (this.pool.name === "decode") return requests / this.placesPerSecond / replicas;
    const prefillTokens = Math.floor(tokens / requests);
    const alone = { prefillRequests: 1, prefillTokens, prefillPrefixTokens: 0, decodeRequests: 0, decodeKvTokens: 0 };
    return (this.pool.passMs(alone) * requests) / 1000 / replicas;
  }

  /** So much waits that a decision is due. */
  isUrgent(seen: PoolObservation): boolean {
    return this.waitingSeconds(seen) > this.rules.backlogSeconds;
  }

  /** Takes in what a tick shows, decision or not. */
  watch(seen: PoolObservation, { nowSeconds, traffic }: Observation): void {
    this.clearing.watch(seen, nowSeconds);
    this.ratio.take(seen.passes);
    if (traffic.meanAcceptLength !== null) this.tokensPerPass = Math.max(1, traffic.meanAcceptLength);
  }

  /** @param granted share of the requests that may miss here beside what the pool's own rules tolerate, 0..1 */
  decide(seen: PoolObservation, observation: Observation, history: RequestHistory, granted: number): PoolSize {
    const { nowSeconds, frontEnd } = observation;
    const size = seen.activeIds.length + seen.startingIds.length;
    const outlook = this.outlook(nowSeconds, history, this.rules.tolerated + granted);
    const { demand, expected } = outlook;
    const found = this.sizes(size, outlook);
    const steady = found.safe;
    this.remember(nowSeconds, { ...found, jumped: demand.jumped }, history, outlook.conditions);
    const kept = this.memory.kept(nowSeconds);
    const clearing = this.clearingReplicas(seen, history, outlook, steady);
    const needed = Math.max(steady, clearing);
    const replicas = this.bounded(needed > size ? needed : Math.min(size, Math.max(clearing, kept.replicas)));
    const reasons = { ...outlook, played: outlook.sample.count, steady, waiting: frontEnd.awaitingFirstToken, kept };
    return {
      replicas,
      grows: replicas > size,
      levelPerSecond: demand.levelPerSecond,
      spare: Math.max(0, this.rules.tolerated - expected.missShare(Math.max(1, replicas))),
      reason: sizeSentence(size, replicas, reasons, expected),
      record: sizeRecord(outlook, found, {
        expectedMissShare: expected.missShare(Math.max(1, size)),
        clearing,
        holdSeconds: kept.holdSeconds,
        waitingSeconds: this.waitingSeconds(seen),
      }),
    };
  }

  /** The traffic to expect when a replica started now would be ready, and what it is played with. */
  private outlook(nowSeconds: number, history: RequestHistory, tolerated: number): Outlook {
    const horizonSeconds = this.pool.startupSeconds + this.rules.decisionSeconds / 2;
    const demand = expectedDemand(history, nowSeconds, horizonSeconds);
    const fromSeconds = this.playedFrom(history, nowSeconds, demand);
    const steadyFromSeconds = nowSeconds - demand.steadySeconds;
    const sample = history.sample({ fromSeconds, steadyFromSeconds, toSeconds: nowSeconds });
    const conditions = { slowness: this.ratio.value, tokensPerPass: this.tokensPerPass };
    const sizingAt = this.sizings(sample, conditions, tolerated);
    const expected = sizingAt(demand.requestsPerSecond);
    const readyForPerSecond = this.readyFor(demand, history, nowSeconds, horizonSeconds);
    return {
      nowSeconds,
      horizonSeconds,
      demand,
      readyForPerSecond,
      fromSeconds,
      sample,
      conditions,
      tolerated,
      sizingAt,
      expected,
    };
  }

  /** Replicas that the traffic needs without a backlog, of the `size` there are and more. */
  private sizes(size: number, { demand, readyForPerSecond, sizingAt, expected }: Outlook): FoundSizes {
    const isShort = expected.isShort(size, errorsToGrow);
    const safe = this.bounded(
      isShort
        ? expected.least(demand.jumped ? errorsAfterJump : 0, size)
        : sizingAt(readyForPerSecond).leastUpTo(size, errorsToShrink),
    );
    const sure = (): number => sizingAt(sureTimes * demand.requestsPerSecond).leastUpTo(size, errorsToShrink);
    return {
      enough: isShort ? safe : this.bounded(expected.leastUpTo(safe, 0)),
      safe,
      sure: safe >= size ? size : this.bounded(sure()),
    };
  }

  /** Replicas wanted because much waits; 0 = nothing waits for long. */
  private clearingReplicas(
    seen: PoolObservation,
    history: RequestHistory,
    { nowSeconds, fromSeconds, demand, conditions }: Outlook,
    steady: number,
  ): number {
    let clearingRate = (): number => this.clearingRate(history, { fromSeconds, toSeconds: nowSeconds }, conditions);
    if (this.pool.name === "decode") {
      const placesPerSecond = clearingRate();
      this.placesPerSecond = placesPerSecond;
      clearingRate = () => placesPerSecond;
    }
    const { requestsPerSecond } = demand;
    return this.clearing.replicas(seen, nowSeconds, { requestsPerSecond, steady, clearingRate });
  }

  /** How the pool fares with the requests of a sample, by how many come a second. */
  private sizings(
    sample: RequestSample,
    conditions: TwinConditions,
    tolerated: number,
  ): (requestsPerSecond: number) => FleetSizing {
    const own = playedBy(this.pool.name, sample);
    const attainable = this.attainable.of(own.asTheyCame(), conditions);
    return (requestsPerSecond) =>
      new FleetSizing(this.twin, own.at(requestsPerSecond), conditions, tolerated, attainable);
  }

  private bounded(replicas: number): number {
    return Math.min(this.rules.most, Math.max(this.rules.least, replicas));
  }

  /**
   * Requests a second for which fewer replicas have to be enough: the traffic may not fall as it is expected to, or be
   * above it as it has been before.
   */
  private readyFor(demand: Demand, history: RequestHistory, nowSeconds: number, horizonSeconds: number): number {
    const { requestsPerSecond, levelPerSecond } = demand;
    const readyFor = this.forecastError.readyFor(Math.max(requestsPerSecond, levelPerSecond), history, nowSeconds);
    this.forecastError.note(nowSeconds + horizonSeconds, requestsPerSecond);
    return readyFor;
  }

  /** Keeps what this decision found, and how the traffic since the last one would have fared on other fleets. */
  private remember(
    atSeconds: number,
    found: FoundSizes & { readonly jumped: boolean },
    history: RequestHistory,
    conditions: TwinConditions,
  ): void {
    const decidedSeconds = this.decidedSeconds;
    const sinceSeconds = Math.max(decidedSeconds, history.arrivalBack(this.rules.playedRequests / 2));
    const sample = history.sample({ fromSeconds: sinceSeconds, toSeconds: atSeconds });
    const sizing = this.sizings(sample, conditions, this.rules.tolerated)(sample.ownRate);
    const missShare = (workers: number): number => sizing.missShare(Math.max(1, workers));
    const arrived = history.arrivals(decidedSeconds, atSeconds);
    this.memory.remember({ sinceSeconds, atSeconds, ...found, arrived, missShare });
    this.decidedSeconds = atSeconds;
  }

  /** First tokens a second of a worker with work waiting, by the latest requests. */
  private clearingRate(
    history: RequestHistory,
    { fromSeconds, toSeconds }: { readonly fromSeconds: number; readonly toSeconds: number },
    conditions: TwinConditions,
  ): number {
    const recent = Math.max(fromSeconds, history.arrivalBack(clearingRequests));
    const sample = playedBy(this.pool.name, history.sample({ fromSeconds: recent, toSeconds }));
    if (this.pool.name === "decode") return placingRate(twinEngine(this.pool), sample, conditions);
    return this.twin.clearingRate(sample.asTheyCame(), conditions);
  }

  /** The latest requests: as long as the traffic has been as it is now, but enough to know what requests are like. */
  private playedFrom(history: RequestHistory, nowSeconds: number, demand: Demand): number {
    const { playedRequests } = this.rules;
    const steady = Math.max(nowSeconds - demand.steadySeconds, history.arrivalBack(playedRequests));
    // Better new ones than the same again and again.
    const lasting = Math.ceil(demand.requestsPerSecond * leastPlaySeconds);
    const wanted = Math.min(2 * playedRequests, Math.max(playedRequests / 2, lasting));
    return Math.max(0, Math.min(steady, history.arrivalBack(wanted)), nowSeconds - longestPlaySeconds);
  }
}
