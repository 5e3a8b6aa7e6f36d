import type { Observation, Planner, PoolName, PoolObservation, Targets } from "./planner.ts";
import type { PolicyPool, ReplicaLimits } from "./policy.ts";
import { boundReplicas } from "./replica-bounds.ts";
import type { BoundedPool } from "./replica-bounds.ts";

/** What one pool's scaler wants at a tick. */
export interface PoolDecision {
  /** Wanted active and starting replicas, before bounds. */
  readonly replicas: number;
  /** Why, a sentence. */
  readonly reason: string;
  /** Numbers and words for the tick's record. */
  readonly record?: Readonly<Record<string, number | string | null>>;
  /** When it wants to be asked again, if that is before the next regular decision. */
  readonly againSeconds?: number;
}

/** Scales one pool by what it sees of it; the way most autoscalers work. */
export interface PoolScaler {
  decide(pool: PoolObservation, observation: Observation): PoolDecision;
  /** Told how many replicas the bounds left of its decision, where it keeps count of its own changes. */
  settled?(replicas: number, nowSeconds: number): void;
}

/** A pool, its scaler and the replicas that scaler may ask for. */
export interface ScaledByPool {
  readonly pool: PolicyPool;
  readonly scaler: PoolScaler;
  /** null = the planner configuration's `min_endpoint`. */
  readonly minReplicas: number | null;
  /** null = as many as the budget allows. */
  readonly maxReplicas: number | null;
}

/** Replicas a pool was last told to have: active and starting ones. */
export function currentReplicas({ activeIds, startingIds }: PoolObservation): number {
  return activeIds.length + startingIds.length;
}

/** Seconds by which a tick may be early: what adding up intervals loses. */
export const sameMoment = 1e-9;

/** A policy whose pools are scaled each by itself, on a fixed interval and when one asks for it, within common bounds. */
export class PoolByPoolPolicy implements Planner {
  private readonly intervalSeconds: number;
  private readonly firstSeconds: number;
  private regularSeconds: number;
  private readonly scalers: ReadonlyMap<PoolName, PoolScaler>;
  private readonly bounded: readonly BoundedPool[];
  private readonly limits: ReplicaLimits;

  /** @param firstSeconds time of the first tick */
  constructor(
    intervalSeconds: number,
    pools: readonly ScaledByPool[],
    limits: ReplicaLimits,
    firstSeconds = intervalSeconds,
  ) {
    this.intervalSeconds = intervalSeconds;
    this.firstSeconds = firstSeconds;
    this.regularSeconds = firstSeconds;
    this.limits = limits;
    this.scalers = new Map(pools.map(({ pool, scaler }) => [pool.name, scaler]));
    this.bounded = pools.map(({ pool, minReplicas, maxReplicas }) => ({
      name: pool.name,
      gpusPerWorker: pool.gpusPerWorker,
      minReplicas: minReplicas ?? limits.minReplicas,
      maxReplicas: maxReplicas ?? Infinity,
    }));
  }

  firstTickSeconds(): number {
    return this.firstSeconds;
  }

  onTick(observation: Observation): Targets {
    const { nowSeconds } = observation;
    const wanted: Partial<Record<PoolName, number>> = {};
    const sentences: string[] = [];
    const record: Record<string, number | string | null> = {};
    if (nowSeconds >= this.regularSeconds - sameMoment) this.regularSeconds = nowSeconds + this.intervalSeconds;
    let next = this.regularSeconds;
    for (const [name, scaler] of this.scalers) {
      const decision = scaler.decide(observation.pools[name]!, observation);
      wanted[name] = decision.replicas;
      if (decision.againSeconds !== undefined) next = Math.min(next, decision.againSeconds);
      sentences.push(this.scalers.size === 1 ? decision.reason : `${titled(name)}: ${decision.reason}`);
      for (const [key, value] of Object.entries({ ...decision.record, desired_replicas: decision.replicas })) {
        record[this.scalers.size === 1 ? key : `${name}_${key}`] = value;
      }
    }
    const { replicas, reason } = boundReplicas(wanted, this.bounded, this.limits);
    if (reason !== "") sentences.push(reason);
    for (const [name, scaler] of this.scalers) scaler.settled?.(replicas[name]!, nowSeconds);
    return {
      replicas,
      nextTickSeconds: next,
      reason: sentences.join(" "),
      record,
    };
  }
}

function titled(name: string): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}`;
}
