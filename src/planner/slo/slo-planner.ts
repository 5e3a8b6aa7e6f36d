import type { Observation, Planner, PoolName, Targets } from "../planner.ts";
import type { ReplicaLimits } from "../policy.ts";
import { boundReplicas } from "../replica-bounds.ts";
import type { BoundedPool } from "../replica-bounds.ts";
import { arrivalJump } from "./arrival-jump.ts";
import type { PoolSize, PoolSizer } from "./pool-sizer.ts";
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
  /** Requests kept for decisions. */
  readonly keptRequests: number;
}

/** Requests and answers seen before the first decision. */
const leastRequests = 20;
const leastAnswers = 5;
/** What was added has to show its effect before waiting work makes another decision due, s. */
const effectSeconds = 30;

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
  /** Requests a second as the last decision saw them: what it saw already is no reason for another one. */
  private usualRate = 0;

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
    if (observation.requests !== undefined) this.history.take(observation.requests, observation.frontEnd, nowSeconds);
    for (const { bounds, sizer } of this.pools) sizer.watch(observation.pools[bounds.name]!, observation);
    if (!this.isDecisionDue(observation)) return { replicas: {}, nextTickSeconds };
    this.decidedSeconds = nowSeconds;
    const sizes = this.sizes(observation);
    const wanted: Partial<Record<PoolName, number>> = {};
    const sentences: string[] = [];
    const record: Record<string, number> = {};
    for (const { bounds } of this.pools) {
      const size = sizes.get(bounds.name)!;
      wanted[bounds.name] = size.replicas;
      this.usualRate = size.levelPerSecond;
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

  /**
   * What every pool should have. Pools share what may miss; what the smaller is expected to leave of its part goes to the
   * larger, where it saves more.
   */
  private sizes(observation: Observation): Map<PoolName, PoolSize> {
    const gpus = ({ bounds }: SizedPool): number => {
      const { activeIds, startingIds } = observation.pools[bounds.name]!;
      return (activeIds.length + startingIds.length) * bounds.gpusPerWorker;
    };
    const sizes = new Map<PoolName, PoolSize>();
    let granted = 0;
    for (const { bounds, sizer } of this.pools.toSorted((a, b) => gpus(a) - gpus(b))) {
      const size = sizer.decide(observation.pools[bounds.name]!, observation, this.history, granted);
      sizes.set(bounds.name, size);
      granted = size.spare;
    }
    return sizes;
  }

  private isDecisionDue({ nowSeconds, pools }: Observation): boolean {
    const { history, timing } = this;
    if (history.count === 0) return nowSeconds - Math.max(0, this.decidedSeconds) >= timing.decisionSeconds;
    if (history.count < leastRequests || history.answerCount < leastAnswers) return false;
    if (nowSeconds - this.decidedSeconds >= timing.decisionSeconds) return true;
    if (arrivalJump(history, nowSeconds, this.usualRate) !== null) return true;
    if (nowSeconds - this.grownSeconds < effectSeconds) return false;
    return this.pools.some(({ bounds, sizer }) => sizer.isUrgent(pools[bounds.name]!));
  }
}
