import type { PoolName } from "./planner.ts";
import type { ReplicaLimits } from "./policy.ts";

/** A pool and the replicas it may have by its policy's own knobs. */
export interface BoundedPool {
  readonly name: PoolName;
  readonly gpusPerWorker: number;
  readonly minReplicas: number;
  /** Infinity = as many as the budget allows. */
  readonly maxReplicas: number;
}

/** Replicas within all bounds, and what held them back. */
export interface BoundedReplicas {
  readonly replicas: Partial<Record<PoolName, number>>;
  /** A sentence for every bound that mattered; "" when none did. */
  readonly reason: string;
}

/**
 * Moves what a policy wants into its bounds: each pool's least and most replicas, then the GPU budget all pools share.
 * A budget that is too small takes replicas from the pools in proportion, never below their least; one that is too
 * large gives them in proportion, never above their most.
 */
export function boundReplicas(
  wanted: Partial<Record<PoolName, number>>,
  pools: readonly BoundedPool[],
  limits: ReplicaLimits,
): BoundedReplicas {
  const sentences: string[] = [];
  const counts = pools.map((pool) => {
    const asked = wanted[pool.name] ?? 0;
    const bounded = Math.min(Math.max(asked, pool.minReplicas), Math.max(pool.maxReplicas, pool.minReplicas));
    if (bounded > asked) sentences.push(`${label(pool, pools)} least number of replicas is ${bounded}.`);
    if (bounded < asked) sentences.push(`${label(pool, pools)} greatest number of replicas is ${bounded}.`);
    return bounded;
  });
  const fitted = withinBudget(counts, pools, limits);
  const named = () =>
    fitted.map((count, i) => (pools.length === 1 ? count : `${count} ${pools[i]!.name}`)).join(" and ");
  if (fitted.some((count, i) => count < counts[i]!)) {
    sentences.push(`The budget of ${limits.maxGpus} GPUs allows ${named()}.`);
  } else if (fitted.some((count, i) => count > counts[i]!)) {
    sentences.push(`At least ${limits.minGpus} GPUs are kept: ${named()}.`);
  }
  return { replicas: Object.fromEntries(pools.map(({ name }, i) => [name, fitted[i]!])), reason: sentences.join(" ") };
}

function withinBudget(counts: readonly number[], pools: readonly BoundedPool[], limits: ReplicaLimits): number[] {
  const maxGpus = limits.maxGpus ?? Infinity;
  // More of one pool than the whole budget holds are never kept; asking for them still sets the proportion.
  const asked = counts.map((count, i) => Math.min(count, Math.floor(Math.max(maxGpus, 0) / pools[i]!.gpusPerWorker)));
  const fitted = asked.map((count, i) => Math.max(count, Math.min(counts[i]!, pools[i]!.minReplicas)));
  const gpus = () => fitted.reduce((sum, count, i) => sum + count * pools[i]!.gpusPerWorker, 0);
  const share = (i: number) => fitted[i]! / Math.max(1, counts[i]!);
  while (gpus() > maxGpus) {
    const candidates = pools.map((_, i) => i).filter((i) => fitted[i]! > pools[i]!.minReplicas);
    if (candidates.length === 0) break;
    fitted[candidates.reduce((best, i) => (share(i) > share(best) ? i : best))]!--;
  }
  while (limits.minGpus !== null && gpus() < limits.minGpus) {
    const room = maxGpus - gpus();
    const candidates = pools
      .map((_, i) => i)
      .filter((i) => fitted[i]! < pools[i]!.maxReplicas && pools[i]!.gpusPerWorker <= room);
    if (candidates.length === 0) break;
    fitted[candidates.reduce((best, i) => (share(i) < share(best) ? i : best))]!++;
  }
  return fitted;
}

function label({ name }: BoundedPool, pools: readonly BoundedPool[]): string {
  return pools.length === 1 ? "The" : `The ${name} pool's`;
}
