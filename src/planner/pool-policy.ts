import type { PoolName } from "./planner.ts";
import { definePolicy } from "./policy-definition.ts";
import type {
  BuiltInContext,
  KnobReport,
  Knobs,
  KnobShape,
  PolicyDefinition,
  PolicyDescription,
} from "./policy-definition.ts";
import type { PolicyPool, ReplicaLimits } from "./policy.ts";
import { PoolByPoolPolicy } from "./pool-by-pool.ts";
import type { PoolScaler } from "./pool-by-pool.ts";
import { checkReplicaKnobs, replicaDefaults, replicaKnobs } from "./replica-knobs.ts";

/** A policy's own knobs, and those every policy that scales pool by pool has. */
export type PoolKnobs<Shape extends KnobShape> = Knobs<Shape> & Knobs<typeof replicaKnobs>;

/** How a policy that scales pool by pool is described: its own knobs, and what decides for a pool. */
export interface PoolPolicyDescription<Shape extends KnobShape> extends Pick<
  PolicyDescription<Shape>,
  "title" | "shape" | "defaults" | "tunable"
> {
  /** Seconds between decisions, the same for all pools: the front pool's knobs say. */
  readonly intervalSeconds: (knobs: PoolKnobs<Shape>) => number;
  /** Rules between its knobs; called for every pool. */
  readonly check?: (knobs: PoolKnobs<Shape>, pool: PoolName, context: BuiltInContext, report: KnobReport) => void;
  readonly createScaler: (knobs: PoolKnobs<Shape>, pool: PolicyPool, limits: ReplicaLimits) => PoolScaler;
  /** Least replicas its decisions may come to, where that is not `min_replicas`; null = `min_endpoint`. */
  readonly leastReplicas?: (knobs: PoolKnobs<Shape>, limits: ReplicaLimits) => number | null;
}

/** A policy whose pools are scaled each by itself, every one with least and most replicas of its own. */
export function definePoolPolicy<Shape extends KnobShape>(description: PoolPolicyDescription<Shape>): PolicyDefinition {
  const { title, shape, defaults, tunable, intervalSeconds, check, createScaler, leastReplicas } = description;
  type WithReplicas = Shape & typeof replicaKnobs;
  return definePolicy<WithReplicas>({
    title,
    shape: { ...shape, ...replicaKnobs },
    defaults: { ...defaults, ...replicaDefaults } as Knobs<WithReplicas>,
    ...(tunable === undefined ? {} : { tunable: tunable as PolicyDescription<WithReplicas>["tunable"] & {} }),
    perPool: true,
    check: (knobs, pool, context, report) => {
      checkReplicaKnobs(knobs, pool, context, report);
      check?.(knobs, pool, context, report);
    },
    create: (knobsOf, { pools, limits }) =>
      new PoolByPoolPolicy(
        intervalSeconds(knobsOf(pools[0]!.name)),
        pools.map((pool) => {
          const knobs = knobsOf(pool.name);
          return {
            pool,
            scaler: createScaler(knobs, pool, limits),
            minReplicas: leastReplicas === undefined ? knobs.min_replicas : leastReplicas(knobs, limits),
            maxReplicas: knobs.max_replicas,
          };
        }),
        limits,
      ),
  });
}
