import { orNull, wholeNumber } from "../config/fields.ts";
import type { PoolName } from "./planner.ts";
import type { BuiltInContext, KnobReport } from "./policy-definition.ts";
import type { PolicyPool, ReplicaLimits } from "./policy.ts";

/** Knobs every policy that scales pool by pool has: how few and how many replicas a pool may have. */
export const replicaKnobs = {
  min_replicas: orNull(wholeNumber({ min: 0 }, "Least replicas of the pool; null = min_endpoint.")),
  max_replicas: orNull(wholeNumber({ min: 1 }, "Most replicas of the pool; null = what the GPU budget allows.")),
};

/** Their defaults: the bounds of the planner configuration hold. */
export const replicaDefaults = { min_replicas: null, max_replicas: null };

/** The least must not be more than the most, and must fit the GPU budget. */
export function checkReplicaKnobs(
  knobs: { readonly min_replicas: number | null; readonly max_replicas: number | null },
  pool: PoolName,
  { limits, pools }: Pick<BuiltInContext, "limits" | "pools">,
  report: KnobReport,
): void {
  const least = knobs.min_replicas ?? limits.minReplicas;
  if (knobs.max_replicas !== null && least > knobs.max_replicas) {
    const of = knobs.min_replicas === null ? "min_endpoint" : "min_replicas";
    report("max_replicas", `found ${knobs.max_replicas}, expected at least ${of}, which is ${least}`);
  }
  const gpus = pools.find(({ name }) => name === pool)?.gpusPerWorker ?? 1;
  if (limits.maxGpus !== null && least * gpus > limits.maxGpus) {
    report(
      "min_replicas",
      `found ${least} replicas of ${gpus} GPU(s), expected no more than max_gpu_budget, which is ${limits.maxGpus}`,
    );
  }
}

/** Replicas a pool's autoscaler may ask for. */
export interface ReplicaRange {
  readonly least: number;
  /** What the whole GPU budget holds at most; Infinity = without bound. */
  readonly most: number;
}

/** The range of a pool by its own knobs and the bounds of the planner configuration. */
export function replicaRange(
  knobs: { readonly min_replicas: number | null; readonly max_replicas: number | null },
  { gpusPerWorker }: Pick<PolicyPool, "gpusPerWorker">,
  { minReplicas, maxGpus }: ReplicaLimits,
): ReplicaRange {
  const budget = maxGpus === null ? Infinity : Math.floor(maxGpus / gpusPerWorker);
  return { least: knobs.min_replicas ?? minReplicas, most: Math.min(knobs.max_replicas ?? Infinity, budget) };
}
