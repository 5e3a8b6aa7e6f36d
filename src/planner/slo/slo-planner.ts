import type { Observation, Planner, PoolName, Targets } from "../planner.ts";
import type { ReplicaLimits } from "../policy.ts";
import { boundReplicas } from "../replica-bounds.ts";
import type { BoundedPool } from "../replica-bounds.ts";
import type { PoolSizer } from "./pool-sizer.ts";
import { RequestHistory } from "./request-history.ts";

/** A pool and what sizes it. */
export interface SizedPool {
  readonly bounds: BoundedPool;
  readonly sizer: PoolSizer;
}

/** How often the policy looks, and how often it decides when nothing unusual happens. */
export interface SloTiming {
  readonly tickSeconds: number;
  readonly decisionSeconds: number;
  /** Work waiting on a replica, in seconds, that makes a decision due at once. */
  readonly urgentWaitingSeconds: number;
  /** Requests kept for decisions. */
  readonly keptRequests: number;
}

/** Requests and answers seen before the first decision. */
const leastRequests = 20;
const leastAnswers = 5;
/** A jump in arrivals is looked for in this many seconds, and is one from this many standard errors on. */
const jumpSeconds = 30;
const jumpErrors = 4;

/**
 * Sizes pools by playing the recent traffic, brought to the load expected when a new replica would be ready, on a model
 * of the engines, and looks for the fewest replicas with which enough requests meet their bounds. Grows when more would
 * miss than chance explains, at once and by as many as needed; shrinks when fewer have sufficed for a while.
 */
export class SloPlanner implements Planner {
  readonly seesRequests = true;
  private readonly pools: readonly SizedPool[];
  private readonly limits: ReplicaLimits;
  private readonly timing: SloTiming;
  private readonly history: RequestHistory;
  private decidedSeconds = -Infinity;
  /** Last time replicas were added. */
  private grownSeconds = -Infinity;
  /** Requests a second at the last decision: lately, or in its last seconds when those were more. */
  private usualRate = NaN;

  constructor(pools: readonly SizedPool[], limits: ReplicaLimits, timing: SloTiming) {
    this.pools = pools;
    this.limits = limits;
    this.timing = timing;
    this.history = new RequestHistory(timing.keptRequests);
  }

  firstTickSeconds(): number {
    return this.timing.tickSeconds;
  }

  onTick(observation: Observation): Targets {
    const { nowSeconds } = observation;
    const nextTickSeconds = nowSeconds + this.timing.tickSeconds;
    if (observation.requests !== undefined) this.history.take(observation.requests);
    for (const { bounds, sizer } of this.pools) sizer.watch(observation.pools[bounds.name]!, observation);
    if (!this.isDecisionDue(observation)) return { replicas: {}, nextTickSeconds };
    this.decidedSeconds = nowSeconds;
    const recentSeconds = Math.min(nowSeconds, 5 * this.timing.decisionSeconds);
    // What this decision sees already is no reason for another one.
    this.usualRate = Math.max(
      this.history.arrivals(nowSeconds - recentSeconds, nowSeconds) / recentSeconds,
      this.history.arrivals(nowSeconds - jumpSeconds, nowSeconds) / Math.min(nowSeconds, jumpSeconds),
    );

    const wanted: Partial<Record<PoolName, number>> = {};
    const sentences: string[] = [];
    const record: Record<string, number> = {};
    for (const { bounds, sizer } of this.pools) {
      const size = sizer.decide(observation.pools[bounds.name]!, observation, this.history);
      wanted[bounds.name] = size.replicas;
      if (size.grows) this.grownSeconds = nowSeconds;
      const several = this.pools.length > 1;
      sentences.push(several ? `${bounds.name === "prefill" ? "Prefill" : "Decode"}: ${size.reason}` : size.reason);
      for (const [key, value] of Object.entries(size.record)) record[several ? `${bounds.name}_${key}` : key] = value;
    }
    const { replicas, reason } = boundReplicas(
      wanted,
      this.pools.map(({ bounds }) => bounds),
      this.limits,
    );
    if (reason !== "") sentences.push(reason);
    return { replicas, nextTickSeconds, reason: sentences.join(" "), record };
  }

  private isDecisionDue({ nowSeconds, pools }: Observation): boolean {
    const { history, timing } = this;
    if (history.count === 0) return nowSeconds - Math.max(0, this.decidedSeconds) >= timing.decisionSeconds;
    if (history.count < leastRequests || history.answers < leastAnswers) return false;
    if (nowSeconds - this.decidedSeconds >= timing.decisionSeconds) return true;
    if (this.hasJumped(nowSeconds)) return true;
    // What was added just now has to show its effect first.
    if (nowSeconds - this.grownSeconds < jumpSeconds) return false;
    return this.pools.some(
      ({ bounds, sizer }) => sizer.waitingSeconds(pools[bounds.name]!) > timing.urgentWaitingSeconds,
    );
  }

  /** More requests arrived lately than the usual rate and chance explain. */
  private hasJumped(nowSeconds: number): boolean {
    const usual = this.usualRate * jumpSeconds;
    const requests = this.history.arrivals(nowSeconds - jumpSeconds, nowSeconds);
    return requests > usual + jumpErrors * Math.sqrt(Math.max(usual, 1));
  }
}
